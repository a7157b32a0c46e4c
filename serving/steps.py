"""Work that waits without holding a thread: a generator that yields the future it waits for.

Owns its start and how it goes on: in the thread that completes the future. Of many requests that wait for one batch
none needs a thread, or has to be woken in one.
"""

from collections.abc import Generator
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")
Steps = Generator[Future[Any], Any, T]


def start(steps: Steps[T]) -> T | Future[T]:
    """Do the steps up to the first that waits: their result, or its future."""
    try:
        awaited = next(steps)
    except StopIteration as end:
        result: T = end.value
        return result
    promise: Future[T] = Future()
    promise.set_running_or_notify_cancel()  # whoever gives up waiting cannot cancel what others wait for too
    awaited.add_done_callback(partial(_go_on, steps, promise))
    return promise


def _go_on(steps: Steps[T], promise: Future[T], awaited: Future[Any]) -> None:
    try:
        error = awaited.exception()
        following = steps.throw(error) if error else steps.send(awaited.result())
        following.add_done_callback(partial(_go_on, steps, promise))
    except StopIteration as end:
        promise.set_result(end.value)
    except BaseException as error:  # noqa: BLE001 - whoever waits must be told, whatever it was
        promise.set_exception(error)
