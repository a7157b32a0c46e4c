"""The HTTP face of the model server, as an ASGI application.

Owns what TensorFlow Serving's HTTP layer does before and after the REST API (model_servers/http_server.cc over
libevent): paths outside /v1/, OPTIONS, bodies, response headers, the time limit. The answers are `rest`'s; they are
made in threads, so that a slow model or a large body holds up nobody else's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any, TypeVar

from serving.errors import Code, StatusError
from serving.request_body import ClientGoneError, Held, Receive, Share, TooLargeError, gunzip, read_body
from serving.rest import Answer, RestApi, failure
from serving.routes import REST_PREFIX

Send = Callable[[dict[str, Any]], Awaitable[None]]
T = TypeVar("T")
Headers = list[tuple[bytes, bytes]]
_JSON = (b"content-type", b"application/json")
_TEXT = (b"content-type", b"text/plain")
_CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"POST, GET"),
    (b"access-control-allow-headers", b"Content-Type"),
]
_NOT_FOUND_PAGE = b"<HTML><HEAD>\n<TITLE>404 Not Found</TITLE>\n</HEAD><BODY>\n<H1>Not Found</H1>\n</BODY></HTML>\n"


@dataclass(frozen=True)
class Limits:
    """Bounds of what requests may take.

    Attributes:
        body_bytes: of one body.
        held_bytes: of all bodies held.
        timeout_seconds: for an answer.
        at_once: requests that are answered at a time, whether they need a thread or wait for a batch; others wait for
            their turn, as they do for one of TensorFlow Serving's threads, instead of overflowing a batching queue.
    """

    body_bytes: int
    held_bytes: int
    timeout_seconds: float
    at_once: int


class App:
    """The application.

    Args:
        rest: answers requests.
        limits: bounds of requests.
        executor: threads that answer.
        metrics_page: path and text of the metrics page; None when there is none.
        cors: whether pages of other origins may ask.
    """

    def __init__(
        self,
        rest: RestApi,
        limits: Limits,
        executor: Executor,
        metrics_page: tuple[str, Callable[[], str]] | None = None,
        *,
        cors: bool = False,
    ) -> None:
        self._rest = rest
        self._metrics_page = metrics_page
        self._headers = _CORS if cors else []
        self._limits = limits
        self._executor = executor
        self._held = Held(limits.held_bytes)
        self._turns = asyncio.Semaphore(limits.at_once)

    def end_connections(self) -> None:
        """From now on let each answer end its connection: the client's next request goes to another server."""
        self._headers = [*self._headers, (b"connection", b"close")]

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        path = request_target(scope)
        if self._metrics_page and path.partition("?")[0] == self._metrics_page[0]:
            await _respond(send, *self._metrics(path))
        elif not REST_PREFIX.fullmatch(path):
            await _respond(send, 404, [(b"content-type", b"text/html"), (b"connection", b"close")], _NOT_FOUND_PAGE)
        elif scope["method"] == "OPTIONS":
            await _respond(send, 200 if _has_http_origin(scope["headers"]) else 400, self._headers, b"")
        else:
            try:
                found = await self._answer(scope, path, receive)
            except ClientGoneError:
                return
            except asyncio.CancelledError:  # the time to drain is over
                ended = StatusError(Code.UNAVAILABLE, "The model server ended before it could answer")
                found = failure(ended)
            await _respond(send, found.status, [_JSON, *self._headers], found.body)

    def _metrics(self, path: str) -> tuple[int, Headers, bytes]:
        expected, text = self._metrics_page or ("", str)
        if path == expected:
            return 200, [_TEXT], text().encode("utf-8", "surrogateescape")
        return 400, [_TEXT], f"Unexpected path: {path}. Should be {expected}".encode("utf-8", "surrogateescape")

    async def _answer(self, scope: dict[str, Any], path: str, receive: Receive) -> Answer:
        method = scope["method"]
        if method != "POST":
            return self._rest.answer(method, path, b"")
        with self._held.share() as share:
            try:
                body = await self._body(scope["headers"], receive, share)
                return await self._in_thread(self._rest.start, method, path, body)
            except TooLargeError as error:
                return self._rest.refuse(error, status=413)
            except StatusError as error:
                return self._rest.refuse(error)

    async def _body(self, headers: Headers, receive: Receive, share: Share) -> bytes:
        length = _header(headers, b"content-length")
        limit = self._limits.body_bytes
        body = await read_body(receive, int(length) if length.isdigit() else None, limit, share)
        if body and b"gzip" in _header(headers, b"content-encoding"):
            body = await self._in_thread(gunzip, body, limit)
            share.add(len(body))
        return body

    async def _in_thread(self, call: Callable[..., T | Future[T]], *arguments: Any) -> T:
        try:
            async with asyncio.timeout(self._limits.timeout_seconds), self._turns:
                found = await asyncio.get_running_loop().run_in_executor(self._executor, call, *arguments)
                return await asyncio.wrap_future(found) if isinstance(found, Future) else found
        except TimeoutError as error:
            message = f"The request was not answered within {self._limits.timeout_seconds:g} seconds"
            raise StatusError(Code.DEADLINE_EXCEEDED, message) from error


def request_target(scope: dict[str, Any]) -> str:
    """The path with its query string, as it was sent."""
    path = scope["raw_path"]
    if scope["query_string"]:
        path += b"?" + scope["query_string"]
    return bytes(path).decode("utf-8", "surrogateescape")


def _has_http_origin(headers: Headers) -> bool:
    origin = _header(headers, b"origin")
    return b"http://" in origin or b"https://" in origin


def _header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes:
    return next((value for found, value in headers if found == name), b"")


async def _respond(send: Send, status: int, headers: Headers, body: bytes) -> None:
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
