"""Ends this process once nobody reads its output any more.

A process killed by SIGKILL cannot end its children; but its end of their pipes closes, and that they can see.
What else a process does at its end is not decided here.
"""

import os
import select
import signal
import threading
from collections.abc import Callable

POLL_MILLISECONDS = 500
EXIT_STATUS = 128 + signal.SIGPIPE  # what a shell reports for a process that wrote to a closed pipe


def end_with_reader(
    fd: int,
    on_end: Callable[[], None] | None = None,
    exit_process: Callable[[int], object] = os._exit,
) -> None:
    """Watch the pipe `fd` (usually stdout) from a daemon thread; once its reader is gone, run `on_end`, exit.

    A regular file or /dev/null never fires; a terminal does once it is closed. The exit status is 141.
    """
    threading.Thread(target=_watch, args=(fd, on_end, exit_process), name="lifeline", daemon=True).start()


def _watch(fd: int, on_end: Callable[[], None] | None, exit_process: Callable[[int], object]) -> None:
    poll = select.poll()
    poll.register(fd, 0)  # errors and hang-ups are always reported: Linux says POLLERR, macOS POLLHUP
    while not (events := dict(poll.poll(POLL_MILLISECONDS))):
        pass
    if events[fd] & select.POLLNVAL:  # this process itself closed it: there is no reader to follow
        return
    try:
        if on_end is not None:
            on_end()
    finally:
        exit_process(EXIT_STATUS)
