"""A stand-in for a model server: answers status and predict as told, over real HTTP on loopback.

Owns no rule of the contract beyond the shape of the two answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class ModelServer:
    """What it answers: states by version, predictions in the order of the instances, and `serving_default`."""

    port: int = 0
    states: dict[int, str] = field(default_factory=lambda: {1: "AVAILABLE"})
    predictions: list[Any] = field(default_factory=list)
    refusal: tuple[int, bytes] | None = None
    signature: dict[str, Any] = field(default_factory=dict)

    def answer(self, method: str, path: str = "") -> tuple[int, bytes]:
        """Status and body of the answer to a request."""
        if self.refusal:
            return self.refusal
        if path.endswith("/metadata"):
            signatures = {"signature_def": {"serving_default": self.signature}}
            return 200, json.dumps({"model_spec": {}, "metadata": {"signature_def": signatures}}).encode()
        if method == "POST":
            return 200, json.dumps({"predictions": self.predictions}).encode()
        entries = [
            {"version": str(version), "state": state, "status": {"error_code": "OK", "error_message": ""}}
            for version, state in self.states.items()
        ]
        return 200, json.dumps({"model_version_status": entries}).encode()


@contextmanager
def running() -> Iterator[ModelServer]:
    """A stand-in that listens until the end of the block."""
    told = ModelServer()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body = told.answer(self.command, self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()
