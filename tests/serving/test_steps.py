"""Work that waits without a thread."""

import threading
from concurrent.futures import Future

import pytest

from serving.steps import Steps, start


def added(*awaited: Future[int]) -> Steps[int]:
    """The sum of what comes, one after the other; 100 in place of what fails with KeyError."""
    total = 0
    for one in awaited:
        try:
            total += yield one
        except KeyError:
            total += 100
    return total


def test_nothing_to_wait_for() -> None:
    """Steps that wait for nothing give their result at once."""
    assert start(added()) == 0


def test_goes_on_when_told() -> None:
    """Steps go on with each result, in the thread that has it, and their future has the end's."""
    first, second = Future[int](), Future[int]()
    promise = start(added(first, second))
    assert isinstance(promise, Future)
    for future, result in ((first, 1), (second, 2)):
        assert not promise.done()
        thread = threading.Thread(target=future.set_result, args=(result,))
        thread.start()
        thread.join()
    assert promise.result(0) == 3


def test_what_fails_is_raised_where_it_is_awaited() -> None:
    """Steps can mend a failure; one they do not mend is their own."""
    first, second = Future[int](), Future[int]()
    promise = start(added(first, second))
    assert isinstance(promise, Future)
    first.set_exception(KeyError())
    second.set_exception(OSError("worse"))
    with pytest.raises(OSError, match="worse"):
        promise.result(0)


def test_mended_failure() -> None:
    """A failure that is mended is not seen."""
    first = Future[int]()
    promise = start(added(first))
    first.set_exception(KeyError())
    assert isinstance(promise, Future)
    assert promise.result(0) == 100


def test_giving_up_does_not_cancel() -> None:
    """Who no longer waits does not stop the steps: they may hold what must be given back."""
    first = Future[int]()
    promise = start(added(first))
    assert isinstance(promise, Future)
    assert not promise.cancel()
    first.set_result(1)
    assert promise.result(0) == 1
