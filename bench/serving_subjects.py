"""The processes that are measured: the in-process loop, and HTTP servers from start to end.

Owns starting them, their memory and their end. Which ones there are is `serving`'s.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

from bench.checkout import CommandError
from bench.serving_traffic import Endpoint, ask
from infra.project import ROOT
from lab.errors import last_line

START_SECONDS = 180


class Loop:
    """The in-process loop, in a process of its own.

    Args:
        version: version directory.
    """

    def __init__(self, version: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.serving_model", "loop", str(version)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def rate(self, body: Path, count: int) -> float:
        """Requests per second over so many requests."""
        stdin, stdout = _pipes(self._process)
        stdin.write(f"{json.dumps([str(body), count])}\n".encode())
        stdin.flush()
        return float(json.loads(stdout.readline()))

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise CommandError("the loop has no pipes")
    return process.stdin, process.stdout


class Server:
    """An HTTP server with its child processes, from its start until it has answered and on to its end.

    Args:
        command: what starts it.
        endpoint: where it answers then.
        body: a request that it can answer.
        log: file for what it prints.
        environment: its environment; None is this process'.

    Raises:
        CommandError: it ended, or did not answer in time.
    """

    def __init__(
        self,
        command: Sequence[str],
        endpoint: Endpoint,
        body: bytes,
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.endpoint = endpoint
        started = time.monotonic()
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdout=output, stderr=output, env=environment, start_new_session=True
            )
        try:
            self._wait_for_an_answer(body, started + START_SECONDS, log)
        except BaseException:
            self.end()
            raise
        self.start_seconds = time.monotonic() - started
        self.idle_bytes = sum(process.memory_info().rss for process in self._processes())

    def _wait_for_an_answer(self, body: bytes, deadline: float, log: Path) -> None:
        while True:
            with suppress(ConnectionError):
                ask(self.endpoint, body, clients=1, count=1)
                return
            if self._process.poll() is not None:
                raise CommandError(f"the server ended: {last_line(log.read_text(errors='replace'))}")
            if time.monotonic() > deadline:
                raise CommandError(
                    f"the server did not answer within {START_SECONDS} s; its last words: "
                    f"{last_line(log.read_text(errors='replace'))}"
                )
            time.sleep(0.01)

    def _processes(self) -> list[psutil.Process]:
        first = psutil.Process(self._process.pid)
        return [first, *first.children(recursive=True)]

    def peak_bytes(self) -> int:
        """The most memory its processes ever had, summed; where the system does not tell, what they have now."""
        return sum(_peak(process) for process in self._processes())

    def end(self) -> None:
        """End its processes."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _peak(process: psutil.Process) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    return int(process.memory_info().rss)


def bundled(model: Path, body: bytes, log: Path, *flags: str) -> Server:
    """The bundled model server for a model's folder, with these flags."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "serving", "--model_name=m", f"--model_base_path={model}", f"--rest_api_port={port}"),
        *flags,
    ]
    return Server(command, Endpoint(port, "/v1/models/m:predict"), body, log)


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
