"""Request bodies from the wire: bounded one by one and all together, and unpacked.

Owns the two limits (bytes of one body, bytes of all bodies held at once) and gzip; what a body says is `rest`'s.
"""

import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from serving.errors import Code, StatusError

Receive = Callable[[], Awaitable[dict[str, Any]]]


class TooLargeError(StatusError):
    """A body over the limit of one request (HTTP 413)."""


class ClientGoneError(Exception):
    """The client closed the connection before its body was whole."""


class Held:
    """The bytes of all bodies held at this moment; used from the event loop only.

    Args:
        limit: bytes; a request that would go beyond is refused with UNAVAILABLE (HTTP 503).
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.bytes = 0

    @contextmanager
    def share(self) -> Iterator["Share"]:
        """A request's share of them, given back at the end."""
        share = Share(self)
        try:
            yield share
        finally:
            self.bytes -= share.bytes


class Share:
    """What one request holds."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self.bytes = 0

    def add(self, count: int) -> None:
        """Hold more.

        Raises:
            StatusError: UNAVAILABLE, with nothing added.
        """
        if self._held.bytes + count > self._held.limit:
            raise StatusError(
                Code.UNAVAILABLE,
                f"The model server holds {self._held.bytes} bytes of requests and takes at most {self._held.limit} "
                "(--rest_api_max_held_bytes); try again",
            )
        self._held.bytes += count
        self.bytes += count

    def drop(self) -> None:
        """Hold nothing any more: others may have it."""
        self._held.bytes -= self.bytes
        self.bytes = 0


async def read_body(receive: Receive, length: int | None, limit: int, share: Share) -> bytes:
    """A request's body as sent.

    A body over a limit is read to its end and dropped, up to as much again as the limit, so that the client hears why
    instead of finding its connection reset.

    Args:
        receive: ASGI's receive.
        length: Content-Length, when there is one.
        limit: most bytes of one body.
        share: what the request holds.

    Raises:
        StatusError: the body is over a limit.
        ClientGoneError: the connection ended first.
    """
    refused = _over(length, limit) if length is not None else None
    parts: list[bytes] = []
    size = 0
    more = True
    while more and size <= 2 * limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        part = message["body"]
        more = message["more_body"]
        size += len(part)
        refused = refused or _over(size, limit)
        if refused is None:
            try:
                share.add(len(part))
            except StatusError as error:
                refused = error
        if refused is None:
            parts.append(part)
        else:
            parts.clear()
            share.drop()
    if refused is not None:
        raise refused
    return b"".join(parts) if len(parts) != 1 else parts[0]


def _over(size: int, limit: int) -> StatusError | None:
    if size <= limit:
        return None
    return TooLargeError(
        Code.INVALID_ARGUMENT,
        f"The request body has {size} bytes or more, this model server takes at most {limit} "
        "(--rest_api_max_body_bytes)",
    )


def gunzip(packed: bytes, limit: int) -> bytes:
    """A gzip body unpacked; empty when it is damaged, cut short or unpacks to more than `limit` bytes.

    Empty is what TensorFlow Serving goes on with (net_http/server/internal/evhttp_request.cc).
    """
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        body = unpacker.decompress(packed, limit + 1)
    except zlib.error:
        return b""
    return body if unpacker.eof and len(body) <= limit else b""
