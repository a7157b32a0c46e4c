"""What the model servers are asked: requests of several sizes, from one client and from many, over HTTP.

Owns bodies, connections and how long each answer takes. The clients are one process that waits for whichever answer
comes first, so that they take as little of the machine as they can.
"""

import json
import selectors
import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.checkout import CommandError

SIZES = (8, 28)


@dataclass(frozen=True)
class Load:
    """One kind of traffic: image height and width, rows in a request, clients at once, requests in a round."""

    size: int
    rows: int
    clients: int
    requests: int

    @property
    def name(self) -> tuple[str, str, str]:
        """Images, rows and clients, as text."""
        return f"{self.size}x{self.size}", str(self.rows), str(self.clients)

    @property
    def body(self) -> bytes:
        """A request's body: pixels of as many made-up images as it has rows."""
        cells = self.rows * self.size * self.size
        pixels = [(cell * 7919 % 1000) / 1000 for cell in range(cells)]
        images = [
            [pixels[start : start + self.size] for start in range(first, first + self.size * self.size, self.size)]
            for first in range(0, cells, self.size * self.size)
        ]
        return json.dumps({"instances": images}).encode()

    def file(self, folder: Path) -> Path:
        """The body in a file of a folder, written if it is not there."""
        file = folder / f"{self.size}-{self.rows}.json"
        if not file.exists():
            file.write_bytes(self.body)
        return file


LOADS = [
    Load(size, rows, clients, requests)
    for size in SIZES
    for rows, requests in ((1, 480), (64, 96))
    for clients in (1, 16)
]


@dataclass(frozen=True)
class Endpoint:
    """Where predictions are asked for: a port of this machine and a path."""

    port: int
    path: str


class Client:
    """One keep-alive connection that sends the same request again and again."""

    def __init__(self, endpoint: Endpoint, body: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", endpoint.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = (
            f"POST {endpoint.path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._request = head.encode() + body
        self._answer = b""
        self._sent_at = 0.0

    def send(self) -> None:
        """Send the request."""
        self._answer = b""
        self._sent_at = time.perf_counter()
        self.socket.sendall(self._request)

    def receive(self) -> float | None:
        """Take what has come; the seconds since the request when the answer is whole.

        Raises:
            CommandError: the answer is no prediction.
        """
        part = self.socket.recv(1 << 20)
        self._answer += part
        head, found, body = self._answer.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
        if part and (not found or len(body) < int(length)):
            return None
        if not head.startswith(b"HTTP/1.1 200"):
            raise CommandError(f"the server answered {self._answer[:200]!r}")
        return time.perf_counter() - self._sent_at


def ask(endpoint: Endpoint, body: bytes, clients: int, count: int) -> tuple[float, list[float]]:
    """Send `count` requests over so many connections at once; requests per second, and each one's seconds.

    Raises:
        ConnectionError: nobody answers there.
        CommandError: an answer is no prediction.
    """
    taken: list[float] = []
    with selectors.DefaultSelector() as selector, ExitStack() as opened:
        connections = []
        for _ in range(clients):
            connections.append(Client(endpoint, body))
            opened.enter_context(connections[-1].socket)
            selector.register(connections[-1].socket, selectors.EVENT_READ, connections[-1])
        started = time.perf_counter()
        for connection in connections:
            connection.send()
        sent = clients
        while len(taken) < count:
            for key, _ in selector.select():
                seconds = key.data.receive()
                if seconds is None:
                    continue
                taken.append(seconds)
                if sent < count:
                    sent += 1
                    key.data.send()
        elapsed = time.perf_counter() - started
    return count / elapsed, taken
