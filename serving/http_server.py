"""uvicorn's server as the model server runs it.

Owns its settings and where connections come from: the port, or the front of several processes. What becomes of a
connection is `connections`'.
"""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from serving.app import App
from serving.connections import Connection, connection_limit
from serving.listener import BACKLOG
from serving.workers import Inbox

DRAIN_SECONDS = 5
_log = logging.getLogger(__name__)


class HttpServer(uvicorn.Server):
    """Answers requests until SIGTERM or SIGINT; those under way then have DRAIN_SECONDS to end.

    Args:
        app: answers requests.
        idle_seconds: time a connection may be silent.
        opened: called when connections are taken.
        inbox: where they come from, unless from the sockets that it is run with.
        drain_seconds: time after the first signal in which requests are taken as before, but end their connections.
    """

    def __init__(
        self,
        app: App,
        idle_seconds: float,
        opened: Callable[[], None],
        inbox: Inbox | None = None,
        drain_seconds: float = 0,
    ) -> None:
        super().__init__(_config(app, idle_seconds))
        self._app = app
        self._opened = opened
        self._inbox = inbox
        self._drain_seconds = drain_seconds
        self._arriving: set[asyncio.Task[Any]] = set()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """A signal came: drain first, if that is wanted, and end with the next signal or after that time."""
        if self._drain_seconds:
            _log.info("%s: each answer ends its connection for %g s", signal.Signals(sig).name, self._drain_seconds)
            self._app.end_connections()
            self._loop.call_soon_threadsafe(self._loop.call_later, self._drain_seconds, self.handle_exit, sig, frame)
            self._drain_seconds = 0
            return
        _log.info("%s: no new connections; requests under way have %d seconds", signal.Signals(sig).name, DRAIN_SECONDS)
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Take connections from now on."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if self._inbox is not None:
            asyncio.get_running_loop().add_reader(self._inbox, self._take, self._inbox)
        self._opened()

    def _take(self, inbox: Inbox) -> None:
        loop = asyncio.get_running_loop()
        connection = inbox.receive()
        if connection is None:
            loop.remove_reader(inbox)
            self.should_exit = True
            return
        arriving = loop.create_task(loop.connect_accepted_socket(self._connection, connection))
        self._arriving.add(arriving)
        arriving.add_done_callback(self._arriving.discard)

    def _connection(self) -> Connection:
        return Connection(self.config, self.server_state, self.lifespan.state)


def _config(app: App, idle_seconds: float) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        limit_concurrency=connection_limit(),
        timeout_keep_alive=idle_seconds,  # type: ignore[arg-type]
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
