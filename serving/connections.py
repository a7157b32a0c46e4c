"""One client connection: uvicorn's HTTP protocol, with bounds on what a client may do to it.

Owns how long a client may be silent while the server waits for it, how much it may send that is neither a request nor
a body, and how many connections there may be; uvicorn bounds none of these. Requests are `app`'s.
"""

import asyncio
import resource
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

_OVERHEAD_BYTES = 65536  # headers, trailers, chunk extensions: what is held without being a body
_WAITING_REQUESTS = 1000
_INVALID = "Invalid HTTP request received."
_OTHER_FILES = 64


def connection_limit() -> int:
    """How many connections this process can have, after asking the system for as many as it gives."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return max(1, soft - _OTHER_FILES)


class Connection(HttpToolsProtocol):
    """A connection that ends when the client keeps the server waiting.

    It is closed after `config.timeout_keep_alive` seconds in which the client neither sent a byte the server waits for
    nor took one that it was sent; at once when there are more than `config.limit_concurrency` connections, when 64 KiB
    came that were neither the end of a head nor part of a body, or when 1000 requests wait for their turn on it.
    An offer to speak another protocol is passed over: uvicorn would lose the body of such a request.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._patience = float(config.timeout_keep_alive)
        self._moved = self.loop.time()
        self._unsent = 0
        self._overhead = 0
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connected."""
        super().connection_made(transport)
        if self.limit_concurrency is not None and len(self.connections) > self.limit_concurrency:
            transport.abort()
            return
        self._watch = self.loop.call_later(self._patience, self._check)

    def data_received(self, data: bytes) -> None:
        """The client sent something."""
        self._moved = self.loop.time()
        self._overhead += len(data)  # unless one of the callbacks below finds the end of a head or a piece of a body
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            self._pass_over_offer(data[offer.args[0] :])
        except httptools.HttpParserError:
            self.send_400_response(_INVALID)
        if self._overhead > _OVERHEAD_BYTES or len(self.pipeline) > _WAITING_REQUESTS:
            self.transport.abort()

    def _pass_over_offer(self, rest: bytes) -> None:
        """Read a request that offered another protocol again, without the offer."""
        head = [self.parser.get_method() + b" " + self.url + b" HTTP/1.1\r\n"]
        head += [
            name + b": " + value + b"\r\n" for name, value in self.headers if name not in (b"connection", b"upgrade")
        ]
        if head[0].startswith(b"CONNECT"):
            self.send_400_response(_INVALID)
            return
        self.parser = httptools.HttpRequestParser(self)
        self.data_received(b"".join(head) + b"\r\n" + rest)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection ended."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        """A head is whole. Keep its path as it was sent: uvicorn drops the question mark of an empty query."""
        self._overhead = 0
        if self.parser.should_upgrade():
            return  # the parser stops here, and the request is read again
        super().on_headers_complete()
        if self.url.endswith(b"?"):
            self.scope["raw_path"] += b"?"

    def on_body(self, body: bytes) -> None:
        """A piece of a body came."""
        self._overhead = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is whole."""
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """A request was answered; what has been read is answered before more is read."""
        super().on_response_complete()
        if self.pipeline:
            self.flow.pause_reading()

    def _check(self) -> None:
        """Close the connection if the server has been waiting for the client for too long, else look again later."""
        now = self.loop.time()
        unsent = self.transport.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent, self._moved = unsent, now
        answering = self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body
        left = self._moved + self._patience - now
        if answering and not unsent:
            left = self._patience
        elif left <= 0:
            self.transport.abort()
            return
        self._watch = self.loop.call_later(left, self._check)
