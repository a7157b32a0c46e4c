"""Whether a container engine answers, and what a container holds, asked as Docker clients ask.

Owns the way to its socket. Does not build anything (pulumi_docker's Image does) nor start anything (container).
"""

import http.client
import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 2.0
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
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
    faults = []
    for path in _sockets(environment):
        try:
            _get(path, "/_ping")
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or error
            faults.append(f"nothing answers at {path} ({reason})")
        else:
            return ""
    return faults[0] if faults else ""


def elsewhere(environment: Mapping[str, str] = os.environ) -> str:
    """The engine's address where it names another machine; of a context it is not known."""
    host = environment.get("DOCKER_HOST", "")
    name = urlsplit(host).hostname
    return host if name and name not in LOOPBACK_NAMES else ""


def memory_bytes(container: str, environment: Mapping[str, str] = os.environ) -> int | None:
    """What a container holds now, without the cache of files that it has read; None where it is not ours to ask.

    The command for it, `docker stats`, takes two seconds: it waits for a second sample of the CPU's work.
    """
    for path in _sockets(environment):
        try:
            told = json.loads(_get(path, f"/containers/{container}/stats?stream=false&one-shot=true"))
            found = told["memory_stats"]
            # As `docker stats` counts; the names are those of control groups version 2 and 1.
            cache = found["stats"].get("inactive_file", found["stats"].get("total_inactive_file", 0))
            return int(found["usage"]) - int(cache)
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            continue
    return None


def _sockets(environment: Mapping[str, str]) -> list[str]:
    """Where an engine of this machine may listen; nothing where the engine in use is behind TCP, SSH or a context."""
    host = environment.get("DOCKER_HOST", "")
    if host:
        return [host.removeprefix("unix://")] if host.startswith("unix://") else []
    return [str(Path(path).expanduser()) for path in SOCKETS] if _context(environment) in ("", "default") else []


def _context(environment: Mapping[str, str]) -> str:
    """Name of the Docker context in use, which may mean an engine elsewhere."""
    if "DOCKER_CONTEXT" in environment:
        return environment["DOCKER_CONTEXT"]
    folder = Path(environment.get("DOCKER_CONFIG") or "~/.docker").expanduser()
    try:
        return str(json.loads((folder / "config.json").read_text(encoding="utf-8")).get("currentContext", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def _get(socket_path: str, path: str) -> bytes:
    connection = _UnixConnection(socket_path)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()
