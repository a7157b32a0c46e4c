"""What the tests of model/ share: one trained artifact per session, and a web server on loopback."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from model import manifest
from model.store import Found
from tests.model import command_line, s3
from tests.model.s3 import S3


@dataclass
class Trained:
    """The store of a finished training on digits with the default hyperparameters, and what it printed."""

    store: Path
    found: Found
    output: str


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train once; tests must not change the artifact."""
    store = tmp_path_factory.mktemp("store")
    done = command_line.run("train", "--dataset", "digits", "--store", store)
    assert (done.returncode, done.stderr) == (0, "")
    record = manifest.read(next((store / "fingerprints").iterdir()))
    return Trained(store, Found(record, store / record.digest), done.stdout)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    """One S3-compatible server for all tests; each makes buckets of its own."""
    server, process = s3.serve()
    yield server
    process.stop()


@pytest.fixture
def bucket(s3_server: S3, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty bucket, which this process and its children may use."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return s3_server.bucket()


@dataclass
class WebServer:
    """A web server on loopback that gives its `answers` (status, body) in turn, the last one for ever."""

    url: str
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def next_answer(self) -> tuple[int, bytes]:
        """The answer to the request at hand."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def web_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    """Serve on a free port; proxies of the environment are kept out."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    class Exchange(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            status, body = state.next_answer()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name is http.server's

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Exchange) as server:
        state = WebServer(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield state
        server.shutdown()
        thread.join()
