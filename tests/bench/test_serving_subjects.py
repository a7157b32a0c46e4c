"""Processes that are measured, with small programs in their place."""

import sys
import time
from pathlib import Path

import psutil
import pytest

from bench.checkout import CommandError
from bench.serving_subjects import Server, free_port
from bench.serving_traffic import Endpoint, ask

# A server with a child process; the answer is written by the child, as with MLflow.
PROGRAM = """
import subprocess, sys
code = '''
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_): pass
held = bytearray(50_000_000)
del held
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answering).serve_forever()
'''
sys.exit(subprocess.call([sys.executable, "-c", code, sys.argv[1]]))
"""


def test_from_start_to_end(tmp_path: Path) -> None:
    """A server is there when it has answered, its memory is that of all its processes, and its end is theirs."""
    endpoint = Endpoint(free_port(), "/")
    server = Server([sys.executable, "-c", PROGRAM, str(endpoint.port)], endpoint, b"{}", tmp_path / "log")
    try:
        assert server.start_seconds > 0
        processes = psutil.Process(server._process.pid).children()
        assert len(processes) == 1
        assert server.idle_bytes > processes[0].memory_info().rss
        assert server.peak_bytes() >= server.idle_bytes
        if sys.platform == "linux":
            assert server.peak_bytes() > server.idle_bytes + 30_000_000
        ask(endpoint, b"{}", clients=1, count=1)
    finally:
        server.end()
    deadline = time.monotonic() + 10
    while processes[0].is_running() and processes[0].status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_server_that_ends(tmp_path: Path) -> None:
    """A server that ends before it answers is an error with its last words."""
    with pytest.raises(CommandError, match=r"^the server ended: no such model$"):
        Server(
            [sys.executable, "-c", "import sys; sys.exit('starting\\nno such model')"],
            Endpoint(free_port(), "/"),
            b"{}",
            tmp_path / "log",
        )


def test_a_server_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that keeps its port closed is given up and ended."""
    monkeypatch.setattr("bench.serving_subjects.START_SECONDS", 0.5)
    code = "import os, sys, time; print(os.getpid(), flush=True); time.sleep(60)"
    log = tmp_path / "log"
    with pytest.raises(CommandError, match=r"^the server did not answer within 0.5 s; its last words: "):
        Server([sys.executable, "-c", code], Endpoint(free_port(), "/"), b"{}", log)
    assert not psutil.pid_exists(int(log.read_text()))
