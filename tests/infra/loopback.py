"""Stand-ins for what surrounds a `kubernetes` stack: a container engine, an API server with pods, a kubeconfig.

Owns the shape of their answers, over real sockets. What is in a pod is a model_server.ModelServer.
"""

from __future__ import annotations

import json
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import yaml

from tests.infra.model_server import ModelServer


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    """A server that answers until the end of the block."""
    with server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


class _Engine(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextmanager
def engine(folder: Path, body: bytes = b"OK") -> Iterator[str]:
    """A container engine that gives every request the same answer; its DOCKER_HOST."""
    path = folder / "engine.sock"

    class Same(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)

    with serving(_Engine(str(path), Same)):
        yield f"unix://{path}"


@dataclass
class PodOf:
    """A pod as the API server tells of it, and the model server in it."""

    server: ModelServer
    ready: bool = True
    going: bool = False
    image: str = "localhost:5000/m-serving@sha256:00"
    owner: str = "ReplicaSet"

    def document(self, name: str) -> dict[str, Any]:
        """The pod as JSON."""
        owners = [{"apiVersion": "apps/v1", "kind": self.owner, "name": "m", "uid": "u"}] if self.owner else []
        metadata: dict[str, Any] = {"name": name, "namespace": "default", "ownerReferences": owners}
        if self.going:
            metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        condition = {"type": "Ready", "status": str(self.ready)}
        container = {"name": "model-server", "imageID": self.image, "image": "", "ready": True, "restartCount": 0}
        status = {"conditions": [condition], "containerStatuses": [container]}
        return {"metadata": metadata, "spec": {"containers": []}, "status": status}


@dataclass
class ApiServer:
    """An API server: its address, its pods by name, and the paths it was asked for."""

    port: int = 0
    pods: dict[str, PodOf] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refusal: tuple[int, str] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def answer(self, method: str, path: str) -> tuple[int, bytes]:
        """Status and body of the answer to a request."""
        self.asked.append(f"{method} {path}")
        if self.refusal:
            return self.refusal[0], json.dumps({"kind": "Status", "message": self.refusal[1]}).encode()
        if "/proxy/" in path:
            name = path.split("/pods/")[1].partition(":")[0]
            return self.pods[name].server.answer(method)
        items = [pod.document(name) for name, pod in self.pods.items()]
        return 200, json.dumps({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items}).encode()


@contextmanager
def api_server() -> Iterator[ApiServer]:
    """An API server that answers until the end of the block."""
    told = ApiServer()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body = told.answer(self.command, self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.port = server.server_address[1]
    with serving(server):
        yield told


def kubeconfig(path: Path, server: str, *contexts: str, current: str = "") -> str:
    """A kubeconfig file with these contexts, all of one cluster; its path."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current,
        "clusters": [{"name": "cluster", "cluster": {"server": server}}],
        "users": [{"name": "user", "user": {"token": "t0ken"}}],
        "contexts": [{"name": name, "context": {"cluster": "cluster", "user": "user"}} for name in contexts],
    }
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return str(path)
