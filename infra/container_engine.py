"""Whether a container engine answers, asked as Docker clients ask.

Owns the way to its socket. Does not build anything (pulumi_docker's Image does).
"""

import http.client
import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path

TIMEOUT_SECONDS = 2.0
# Where the Docker plugin looks, in its order: the system's socket and that of Docker Desktop.
SOCKETS = ("/var/run/docker.sock", "~/.docker/run/docker.sock")


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket, which http.client leaves to its users."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def fault(environment: Mapping[str, str] = os.environ) -> str:
    """Why no engine can be used, in words; empty if one answers or if it is not for us to ask (TCP, SSH, a context)."""
    host = environment.get("DOCKER_HOST", "")
    if host and not host.startswith("unix://"):
        return ""
    if not host and _context(environment) not in ("", "default"):
        return ""
    paths = [host.removeprefix("unix://")] if host else [str(Path(path).expanduser()) for path in SOCKETS]
    faults = [_fault(path) for path in paths]
    return "" if "" in faults else faults[0]


def _context(environment: Mapping[str, str]) -> str:
    """Name of the Docker context in use, which may mean an engine elsewhere."""
    if "DOCKER_CONTEXT" in environment:
        return environment["DOCKER_CONTEXT"]
    folder = Path(environment.get("DOCKER_CONFIG") or "~/.docker").expanduser()
    try:
        return str(json.loads((folder / "config.json").read_text(encoding="utf-8")).get("currentContext", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def _fault(path: str) -> str:
    connection = _UnixConnection(path)
    try:
        connection.request("GET", "/_ping")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or error
        return f"nothing answers at {path} ({reason})"
    finally:
        connection.close()
    return ""
