"""One client connection: uvicorn's HTTP protocol, with an end to patience.

Owns the time a client may be silent in the middle of a request; uvicorn itself waits for ever. Requests are `app`'s.
"""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState


class Connection(HttpToolsProtocol):
    """A connection that is closed after `config.timeout_keep_alive` seconds without a byte the server waits for."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._patience = float(config.timeout_keep_alive)
        self._heard = self.loop.time()
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connected."""
        super().connection_made(transport)
        self._watch = self.loop.call_later(self._patience, self._check)

    def data_received(self, data: bytes) -> None:
        """The client sent something."""
        self._heard = self.loop.time()
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection ended."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        """Keep the path as it was sent: uvicorn drops the question mark of an empty query."""
        super().on_headers_complete()
        if self.url.endswith(b"?"):
            self.scope["raw_path"] += b"?"

    def _check(self) -> None:
        answering = self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body
        left = self._heard + self._patience - self.loop.time()
        if answering:
            left = self._patience
        elif left <= 0:
            self.transport.abort()
            return
        self._watch = self.loop.call_later(left, self._check)
