"""The traffic that the model servers are measured with, sent to a small server of its own."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench.checkout import CommandError
from bench.serving_traffic import LOADS, Endpoint, Load, ask


class Answering(BaseHTTPRequestHandler):
    """Answers /ok with the length of the body it got, /bad with an error, and hangs up on /gone."""

    protocol_version = "HTTP/1.1"
    connections: set[object]
    bodies: list[bytes]

    def do_POST(self) -> None:
        """Answer a POST."""
        self.connections.add(self.client_address)
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/gone":
            self.close_connection = True
            return
        answer = str(len(self.bodies[-1])).encode()
        self.send_response(200 if self.path == "/ok" else 500)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """Port of the small server."""
    Answering.connections, Answering.bodies = set(), []
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_body_holds_the_images_it_says() -> None:
    """Every load's request has its number of images, each of its height and width, with pixels from 0 to 1."""
    for load in LOADS:
        images = json.loads(load.body)["instances"]
        assert len(images) == load.rows
        assert {len(image) for image in images} == {load.size}
        pixels = [pixel for image in images for row in image for pixel in row]
        assert len(pixels) == load.rows * load.size**2
        assert 0 <= min(pixels) <= max(pixels) <= 1


def test_small_and_large_requests_of_one_and_many_clients_are_measured() -> None:
    """Both image sizes are measured with 1 and 64 images in a request, from 1 and 16 clients."""
    assert {(load.size, load.rows, load.clients) for load in LOADS} == {
        (size, rows, clients) for size in (8, 28) for rows in (1, 64) for clients in (1, 16)
    }


def test_a_body_in_a_file(tmp_path: Path) -> None:
    """The file has the body's bytes; loads that differ in clients only share it."""
    one, many = Load(8, 1, 1, 5), Load(8, 1, 16, 5)
    assert one.file(tmp_path).read_bytes() == one.body
    assert many.file(tmp_path) == one.file(tmp_path)
    assert Load(8, 2, 1, 5).file(tmp_path) != one.file(tmp_path)


def test_asking(port: int) -> None:
    """So many requests are sent over so many connections, and every one is timed."""
    rate, seconds = ask(Endpoint(port, "/ok"), b"body", clients=3, count=20)
    assert Answering.bodies == [b"body"] * 20
    assert len(Answering.connections) == 3
    assert len(seconds) == 20
    assert all(one > 0 for one in seconds)
    assert 0 < rate < 20 / max(seconds)


def test_an_answer_that_is_no_prediction(port: int) -> None:
    """An error is not taken for a fast answer."""
    with pytest.raises(CommandError, match="500"):
        ask(Endpoint(port, "/bad"), b"body", clients=1, count=1)


def test_a_server_that_hangs_up(port: int) -> None:
    """A connection that ends without an answer is an error."""
    with pytest.raises(CommandError, match="the server answered b''"):
        ask(Endpoint(port, "/gone"), b"body", clients=1, count=1)
