"""Clients that keep the server waiting, and odd requests on the wire."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.processes import ServerProcess

PATIENCE = 0.6
GET = b"GET /v1/models/mymodel HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /v1/models/mymodel:predict HTTP/1.1\r\nContent-Length: 100\r\n"


@pytest.fixture(scope="module")
def impatient(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that closes a silent connection soon."""
    base = tmp_path_factory.mktemp("mymodel")
    (base / "1").symlink_to(exported / "image-1")
    flags = ("--model_name=mymodel", f"--model_base_path={base}", f"--rest_api_max_idle_in_ms={int(PATIENCE * 1000)}")
    with ServerProcess(base / "log", *flags) as server:
        yield server


@pytest.mark.parametrize(
    "sent",
    [b"", b"POST /v1/mod", POST, POST + b"\r\n", POST + b'\r\n{"inst', GET, GET + b"GET /v1"],
    ids=["nothing", "half a line", "half a head", "no body", "half a body", "a whole request", "one and a half"],
)
def test_silent_client_is_closed(impatient: ServerProcess, sent: bytes) -> None:
    """A client that falls silent, wherever, is closed after the patience it has been promised, and not before."""
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=20) as client:
        client.sendall(sent)
        started = time.monotonic()
        received = read_to_end(client)
        waited = time.monotonic() - started
    assert (b"AVAILABLE" in received) == sent.startswith(GET)
    assert waited > PATIENCE * 0.8
    assert "Traceback" not in impatient.output()


def read_to_end(client: socket.socket) -> bytes:
    """What comes until the connection is closed or reset."""
    received = b""
    try:
        while part := client.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    return received


def test_client_that_goes_on_talking_is_kept(impatient: ServerProcess) -> None:
    """A request that comes in slowly but steadily is answered."""
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=20) as client:
        for byte in GET:
            client.sendall(bytes([byte]))
            time.sleep(PATIENCE / 20)
        assert client.recv(65536).startswith(b"HTTP/1.1 200")


def test_pipelined_requests_are_answered_in_order(server: ServerProcess) -> None:
    """Requests sent without waiting are answered one after the other."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(
            GET * 20 + GET.replace(b"mymodel", b"other", 1) + GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        )
        received = read_to_end(client)
    statuses = [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200"] * 20 + [b"404", b"200"]


def test_no_http_at_all(server: ServerProcess) -> None:
    """What is no HTTP is answered with 400 and the connection closed."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        assert read_to_end(client).startswith(b"HTTP/1.1 400")
    assert "Traceback" not in server.output()


def test_empty_query_is_a_query(server: ServerProcess) -> None:
    """A bare question mark makes a prediction request malformed, as in TensorFlow Serving."""
    answer = server.post("/v1/models/mymodel:predict", {})
    assert answer.json()["error"].startswith("Missing 'inputs'")
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(b"POST /v1/models/mymodel:predict? HTTP/1.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        assert b"Malformed request: POST /v1/models/mymodel:predict?" in read_to_end(client)


def test_chunked_body(server: ServerProcess) -> None:
    """A body without Content-Length, in chunks, is read."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        head = b"POST /v1/models/mymodel:predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        client.sendall(head + b"2\r\n{}\r\n0\r\n\r\n")
        assert b"Missing 'inputs' or 'instances' key" in read_to_end(client)


def test_head_has_no_body(server: ServerProcess) -> None:
    """HEAD is refused like any method but GET and POST, without a body."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(b"HEAD /v1/models/mymodel HTTP/1.1\r\nConnection: close\r\n\r\n")
        received = read_to_end(client)
    assert received.startswith(b"HTTP/1.1 400")
    assert received.endswith(b"\r\n\r\n")
