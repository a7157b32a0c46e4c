"""Several processes behind one port.

Owns them. The process that was started, the front, accepts connections and hands each to the next of its workers,
copies of itself made before anything heavy was loaded; each of them is a whole model server. Handing out in turn keeps
them equally busy: where processes accept from one socket, whichever wakes first takes every connection that waits.
"""

import logging
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from itertools import cycle, islice
from typing import NoReturn

from serving.listener import listen

_READY = b"r"
_CONNECTION = b"c"
_START_FAILED = 255
_WORKER_ENDED = 1
_log = logging.getLogger(__name__)


class Inbox:
    """A worker's end of what joins it to the front.

    Args:
        channel: a stream socket; a byte with a file descriptor is a connection.
    """

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def fileno(self) -> int:
        """What to wait for connections on."""
        return self._channel.fileno()

    def ready(self) -> None:
        """Tell the front that this worker can answer."""
        self._channel.sendall(_READY)

    def receive(self) -> socket.socket | None:
        """The next connection; None when the front is gone."""
        try:
            byte, files, _, _ = socket.recv_fds(self._channel, 1, 1)
        except ConnectionError:
            return None
        return socket.socket(fileno=files[0]) if byte else None


def split(listener: socket.socket, count: int, opened: Callable[[], None]) -> Inbox:
    """Become a front and `count` workers; returns in the workers only.

    The port opens when all workers are ready. When one of them ends, all of them do: whoever started the server hears
    of it and no half of it goes on.

    Args:
        listener: bound to the port, not yet listened on.
        count: number of workers.
        opened: called in the front when the port is open.

    Raises:
        PortError: in the front, another program took the port meanwhile.
        SystemExit: in the front, when a signal or a worker's end ends it; the workers have then ended.
    """
    workers: dict[socket.socket, int] = {}
    for _ in range(count):
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            for other in (listener, ours, *workers):
                other.close()
            return Inbox(theirs)
        theirs.close()
        ours.setblocking(False)
        workers[ours] = pid
    try:
        _Front(listener, workers, opened).run()
    finally:
        listener.close()  # who connects now is refused instead of kept waiting
        _end(workers.values())


class _Front:
    """The loop of the process that accepts."""

    def __init__(self, listener: socket.socket, workers: dict[socket.socket, int], opened: Callable[[], None]) -> None:
        self._listener = listener
        self._workers = workers
        self._opened = opened
        self._loading = set(workers)
        self._turns = cycle(workers)
        self._selector = selectors.DefaultSelector()

    def run(self) -> NoReturn:
        for channel in self._workers:
            self._selector.register(channel, selectors.EVENT_READ, channel)
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    self._hand_out()
                else:
                    self._hear(key.data)

    def _hear(self, channel: socket.socket) -> None:
        """A worker is ready, or has ended."""
        try:
            ready = channel.recv(1)
        except ConnectionError:
            ready = b""
        if not ready:
            self._leave(self._workers[channel])
        self._loading.remove(channel)
        if not self._loading:
            listen(self._listener)
            self._listener.setblocking(False)
            self._selector.register(self._listener, selectors.EVENT_READ)
            self._opened()

    def _leave(self, pid: int) -> NoReturn:
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if self._loading:
            sys.exit(_START_FAILED)  # the worker has said why
        _log.error("Process %d, one of %d, ended with status %d: all end", pid, len(self._workers), status)
        sys.exit(_WORKER_ENDED)

    def _hand_out(self) -> None:
        """Give a connection to the next worker that takes one; it is closed if none does."""
        try:
            connection, _ = self._listener.accept()
        except OSError:  # the client has gone, or the system has no more files
            return
        with connection:
            for channel in islice(self._turns, len(self._workers)):
                with suppress(OSError):  # hundreds wait for this worker, or it has ended
                    socket.send_fds(channel, [_CONNECTION], [connection.fileno()])
                    return


def _end(workers: Collection[int]) -> None:
    """Ask the workers to end and wait until they have."""
    for pid in workers:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    for pid in workers:
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)
