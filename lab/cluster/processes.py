"""Processes that outlive the command that started them: their records, their start, their end.

A record holds the pid together with the start time and the boot it belongs to, so that a pid which the system has
given to another process since is never taken for ours. What runs, and with which arguments, is said elsewhere.
"""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.cluster.commands import search_path
from lab.cluster.places import LOOPBACK, Places
from lab.errors import SetupError, last_line
from lab.progress import Progress, say

STOP_SECONDS = 20.0
# What a server needs of the variables of whoever starts it; passphrases and credentials are none of its business.
KEPT_VARIABLES = (
    "SSL_CERT_FILE", "SSL_CERT_DIR",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
)  # fmt: skip


@dataclass(frozen=True)
class Record:
    """One process that was started.

    Attributes:
        pid: process id.
        started: its start, in clock ticks since the boot.
        boot: id of that boot.
        command: program and arguments.
    """

    pid: int
    started: int
    boot: str
    command: list[str]


def start_ticks(pid: int) -> int | None:
    """When a process was started, in clock ticks since the boot; None if there is none or it has ended.

    Field 22 of /proc/PID/stat (proc(5)); the fields are counted behind the program's name, which may hold anything.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


class Part:
    """One process of the lab, by name. It runs, or it does not."""

    def __init__(self, places: Places, name: str) -> None:
        self.name = name
        self.log = places.logs / f"{name}.log"
        self._file = places.run / f"{name}.json"

    def record(self) -> Record | None:
        """The record of the process if it runs; None otherwise."""
        try:
            record = Record(**json.loads(self._file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return record if record.boot == _boot() and start_ticks(record.pid) == record.started else None

    def start(self, command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> bool:
        """Start the process in a session of its own, unless it runs with this very command.

        Args:
            command: program and arguments.
            environment: variables beyond PATH and the network's.

        Returns:
            Whether it was started.
        """
        wanted = [str(word) for word in command]
        running = self.record()
        if running is not None and running.command == wanted:
            return False
        self.stop()
        for folder in (self.log.parent, self._file.parent):
            folder.mkdir(parents=True, exist_ok=True)
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        with self.log.open("ab") as log:
            log.write(f"--- {time.strftime('%Y-%m-%d %H:%M:%S')} {' '.join(wanted)}\n".encode())
            log.flush()
            try:
                process = subprocess.Popen(
                    wanted,
                    cwd="/",
                    env={"PATH": search_path(), **kept, **(environment or {})},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            except OSError as error:
                raise SetupError(f"{self.name} cannot be started ({error})") from error
        self._keep(Record(process.pid, start_ticks(process.pid) or 0, _boot(), wanted))
        return True

    def _keep(self, record: Record) -> None:
        aside = self._file.with_suffix(".new")
        aside.write_text(json.dumps(asdict(record)) + "\n", encoding="utf-8")
        aside.replace(self._file)

    def stop(self, seconds: float = STOP_SECONDS) -> bool:
        """End the process, by force if it takes longer than `seconds`; return whether it ran."""
        record = self.record()
        if record is not None:
            for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 5.0)):
                with suppress(ProcessLookupError):
                    os.kill(record.pid, number)
                if _within(patience, lambda: self.record() is None):
                    break
            else:
                raise SetupError(f"{self.name} (pid {record.pid}) does not end even by force: see {self.log}")
        self._file.unlink(missing_ok=True)
        return record is not None

    def wait_for(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until what the process is for works.

        Raises:
            SetupError: it has ended, or is not ready in time; the message names the log.
        """
        progress = Progress(every_seconds=5)
        deadline = time.monotonic() + seconds
        while not ready():
            if self.record() is None:
                raise SetupError(f"{self.name} ended ({last_line(self._said())}): see {self.log}")
            if time.monotonic() > deadline:
                raise SetupError(f"{self.name} is not ready after {seconds:g} s: see {self.log}")
            progress.report(f"waiting for {self.name}")
            time.sleep(0.1)

    def _said(self) -> str:
        with self.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 4000))
            return log.read().decode("utf-8", "replace")


def listening(port: int, address: str = LOOPBACK) -> bool:
    """Whether something takes connections on a port."""
    try:
        socket.create_connection((address, port), timeout=2).close()
    except OSError:
        return False
    return True


def ensure(
    part: Part, command: Sequence[str | Path], port: int, seconds: float, ready: Callable[[], bool] | None = None
) -> None:
    """Start a server if it does not run, say so, and wait until it is ready.

    Args:
        part: the server.
        command: program and arguments.
        port: what it listens on, on the loopback interface.
        seconds: time it may take to be ready.
        ready: tells when it is; None for when it listens.

    Raises:
        SetupError: the port is taken, or the server does not become ready.
    """
    if part.record() is None and listening(port):
        raise SetupError(f"{part.name} needs port {port}, which is taken: end what listens there, then run make lab")
    if part.start(command):
        say(f"Started {part.name}")
    part.wait_for(ready or (lambda: listening(port)), seconds)


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
