"""Clients that mean harm: each is answered or closed, memory stays bounded, and the next client is served."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from tests.serving.processes import ServerProcess
from tests.serving.test_connections import read_to_end
from tests.serving.test_server import first_prediction

BODY_LIMIT = 8_000_000
HELD_LIMIT = 16_000_000
GROWTH_LIMIT = 1_000_000_000  # bytes of memory; an empty list of the body takes 3 bytes there and 72 in Python
PREDICT = "/v1/models/mymodel:predict"
HEAD = b"POST /v1/models/mymodel:predict HTTP/1.1\r\n"


class Victim:
    """A server under attack, and the memory it took at the worst moment."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        self.process = psutil.Process(server.process.pid)
        self.before = self.process.memory_info().rss
        self.peak = self.before
        self.stop = threading.Event()
        self.watch = threading.Thread(target=self._watch, daemon=True)
        self.watch.start()

    def _watch(self) -> None:
        while not self.stop.wait(0.01):
            self.peak = max(self.peak, self.process.memory_info().rss)

    def connect(self) -> socket.socket:
        """A connection."""
        return socket.create_connection(("127.0.0.1", self.server.port), timeout=30)

    def assert_well(self) -> None:
        """It serves, it wrote no traceback, and its memory stayed within bounds."""
        self.stop.set()
        self.watch.join(10)
        started = time.monotonic()
        assert first_prediction(self.server) == pytest.approx(31.5)
        assert time.monotonic() - started < 10
        assert "Traceback" not in self.server.output()
        assert self.peak - self.before < GROWTH_LIMIT


@pytest.fixture(scope="module")
def attacked(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with small limits."""
    base = tmp_path_factory.mktemp("attacked")
    (base / "1").symlink_to(exported / "image-1")
    flags = (
        "--model_name=mymodel",
        f"--model_base_path={base}",
        f"--rest_api_max_body_bytes={BODY_LIMIT}",
        f"--rest_api_max_held_bytes={HELD_LIMIT}",
        "--rest_api_max_idle_in_ms=3000",
    )
    with ServerProcess(base / "log", *flags) as server:
        yield server


@pytest.fixture
def victim(attacked: ServerProcess) -> Iterator[Victim]:
    """The server, well before and after the test."""
    first_prediction(attacked)
    victim = Victim(attacked)
    yield victim
    victim.assert_well()


def filled(start: bytes, piece: bytes, end: bytes) -> bytes:
    """A body just below the limit."""
    return start + piece * ((BODY_LIMIT - len(start) - len(end)) // len(piece)) + end


@pytest.mark.parametrize(
    "body",
    [
        filled(b'{"instances": [[0', b",0.5", b"]]}"),
        filled(b'{"instances": [[0', b",0.5", b",null]]}"),
        filled(b'{"instances": [[]', b",[]", b"]}"),
        filled(b'{"instances": [{}', b",{}", b"]}"),
        filled(b'{"a": "', b"\xff", b'"}'),
        b'{"a": ' + b"[" * 3_900_000,
        b'{"a": ' + b"[" * 1_900_000 + b"]" * 1_900_000 + b"}",
        b'{"instances": ' + b"[" * 500_000 + b"]" * 500_000 + b"}",
        b"{" + b",".join(b'"k%d":1' % index for index in range(600_000)) + b"}",
        b'{"instances": [{' + b",".join(b'"k%d":1' % index for index in range(600_000)) + b"}]}",
        b'{"instances": [' + b"9" * 5_000_000 + b"]}",
    ],
    ids=[
        *("numbers", "a fault at the end", "lists", "objects", "no UTF-8", "unclosed", "deep", "deep instances"),
        *("keys", "keys of a row", "a long number"),
    ],
)
def test_large_body(victim: Victim, body: bytes) -> None:
    """A body that is as hard to take as can be is answered within the time limit."""
    answer = victim.server.post(PREDICT, body)
    assert answer.status_code in (200, 400)
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) <= {"predictions", "error"}


def test_gzip_bombs(victim: Victim) -> None:
    """Bodies that unpack to far more than the limit are not unpacked to the end."""
    bomb = gzip.compress(b" " * 400_000_000, 1)
    assert len(bomb) < BODY_LIMIT
    for _ in range(3):
        answer = victim.server.post(PREDICT, bomb, headers={"Content-Encoding": "gzip"})
        assert answer.json() == {"error": "JSON Parse error: The document is empty"}


def test_many_large_bodies_at_once(victim: Victim) -> None:
    """Of many large bodies at once, those that fit are answered and the others are told to come again."""
    body = filled(b'{"instances": [[]', b",[]", b"]}")
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(victim.server.post(PREDICT, body).status_code)

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(statuses) == 12
    assert set(statuses) <= {200, 503}
    assert 200 in statuses


def test_body_over_the_limit(victim: Victim) -> None:
    """A client that sends more than the limit hears why."""
    answer = victim.server.post(PREDICT, b" " * (BODY_LIMIT + 1))
    assert answer.status_code == 413
    assert answer.json()["error"].startswith(f"The request body has {BODY_LIMIT + 1} bytes or more")


def send_for_ever(client: socket.socket, piece: bytes) -> None:
    """Send until the server closes the connection."""
    while True:
        client.sendall(piece)


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"GET /v1/", b"a" * 1000),
        (HEAD, b"A: " + b"b" * 1000 + b"\r\n"),
        (HEAD + b"A: ", b"b" * 1000),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x" * 1000),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"A: " + b"b" * 1000 + b"\r\n"),
        (b"", b"\r\n" * 500),
    ],
    ids=["path", "headers", "header", "chunk extension", "trailers", "blank lines"],
)
def test_endless_head(victim: Victim, start: bytes, piece: bytes) -> None:
    """What is neither the end of a head nor part of a body does not go on for ever."""
    with victim.connect() as client:
        client.sendall(start)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            send_for_ever(client, piece)


def test_thousands_of_idle_connections(victim: Victim) -> None:
    """Connections that do nothing cost little, hold up nobody, and are closed in the end."""
    idle = [victim.connect() for _ in range(2000)]
    try:
        assert first_prediction(victim.server) == pytest.approx(31.5)
        assert victim.process.memory_info().rss - victim.before < 200_000_000
        assert idle[-1].recv(1) == b""
    finally:
        for client in idle:
            client.close()


def test_half_requests(victim: Victim) -> None:
    """Many requests that never become whole hold up nobody and give back what they held."""
    half = HEAD + b"Content-Length: 7000000\r\n\r\n" + b" " * 1_000_000
    clients = [victim.connect() for _ in range(14)]
    try:
        for client in clients:
            client.sendall(half)
        assert first_prediction(victim.server) == pytest.approx(31.5)
        for client in clients:
            assert read_to_end(client) == b""
    finally:
        for client in clients:
            client.close()
    body = filled(b'{"instances": [[0', b",0", b"]]}")
    assert victim.server.post(PREDICT, body).status_code in (200, 400)


LARGE_ANSWER_ROWS = 40_000


def request_for_a_large_answer() -> bytes:
    """A request whose answer is several megabytes."""
    body = b'{"instances": [' + b",".join([b"[%s]" % b",".join([b"1"] * 64)] * LARGE_ANSWER_ROWS) + b"]}"
    return HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def test_client_that_does_not_read(victim: Victim) -> None:
    """A client that does not take its answer is closed, and the answer given up."""
    with victim.connect() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(request_for_a_large_answer())
        assert is_connected(victim, client)
        deadline = time.monotonic() + 30
        while is_connected(victim, client) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not is_connected(victim, client)


def is_connected(victim: Victim, client: socket.socket) -> bool:
    """Whether the server still has its end of a connection."""
    return client.getsockname() in [found.raddr for found in victim.process.net_connections("tcp4")]


def test_client_that_asks_without_reading(victim: Victim) -> None:
    """A client that asks and asks without reading the answers is closed."""
    ask = b"GET /v1/models/mymodel/metadata HTTP/1.1\r\n\r\n" * 1000
    with victim.connect() as client:
        client.settimeout(20)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            send_for_ever(client, ask)


def test_slow_reader_is_served(victim: Victim) -> None:
    """A client that reads slowly but steadily gets the whole of a large answer."""
    with victim.connect() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.sendall(request_for_a_large_answer())
        received = b""
        while part := client.recv(300_000):
            received += part
            time.sleep(0.05)
    assert received.startswith(b"HTTP/1.1 200")
    assert received.count(b"[31.5,") == LARGE_ANSWER_ROWS


def test_upgrade_is_not_taken(victim: Victim) -> None:
    """An offer to speak another protocol is passed over."""
    headers = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": ""}
    answer = requests.post(victim.server.url + PREDICT, data=b"{}", headers=headers, timeout=30)
    assert answer.status_code == 400
    assert answer.json()["error"] == "Missing 'inputs' or 'instances' key"
