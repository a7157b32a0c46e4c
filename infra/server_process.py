"""The local model server as a process: its record, whether it lives, its start and its end.

Owns the process and the file that remembers it. Does not own which model it serves (served_versions) nor the resource
(local_server).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from infra.naming import LOOPBACK, status_url
from infra.project import ROOT

START_TIME_TOLERANCE_SECONDS = 2.0  # a clock that is set shifts the start times that the system reports
STOP_TIMEOUT_SECONDS = 10.0
POLL_SECONDS = 1  # of the server for new version directories


@dataclass(frozen=True, kw_only=True)
class ServerRecord:
    """Which process serves which model where.

    Attributes:
        pid: process id.
        started: start time of the process in seconds since the epoch: a pid alone may be another process by now.
        port: REST port on the loopback interface.
        model_name: name of the model in its URLs.
        version: version directory it should be serving.
        folder: absolute path of the stack's serving folder.
    """

    pid: int
    started: float
    port: int
    model_name: str
    version: int
    folder: str

    @property
    def launch(self) -> str:
        """Differs for every started process."""
        return f"{self.pid}@{self.started:.2f}"

    @property
    def status_url(self) -> str:
        """Where the server tells its versions."""
        return status_url(LOOPBACK, self.port, self.model_name)

    def write(self) -> None:
        """Keep the record in its folder, whole or not at all."""
        aside = Path(self.folder) / ".server.json"
        aside.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        aside.replace(_record_file(Path(self.folder)))


def read_record(folder: Path) -> ServerRecord | None:
    """The record kept in a stack's serving folder; None where there is none or it is no record."""
    try:
        return ServerRecord(**json.loads(_record_file(folder).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _record_file(folder: Path) -> Path:
    return folder / "server.json"


def is_alive(pid: int, started: float) -> bool:
    """Whether the process that was started then still runs."""
    return _process(pid, started) is not None


def _process(pid: int, started: float) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - started) < START_TIME_TOLERANCE_SECONDS
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def start(folder: Path, model_name: str, port: int, version: int) -> ServerRecord:
    """Start a model server in a session of its own, so that it outlives the CLI; its words go to `server.log`.

    It must not inherit our output: `pulumi up` waits until whoever holds it has ended.
    """
    command = [
        sys.executable, "-m", "serving",
        f"--model_name={model_name}",
        f"--model_base_path={folder / model_name}",
        f"--rest_api_port={port}",
        f"--file_system_poll_wait_seconds={POLL_SECONDS}",
        "--max_num_load_retries=0",  # who waits for the load should hear of its failure at once
    ]  # fmt: skip
    # Passphrase and backend are the CLI's; a process that lives on has no use for them.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")}
    with (folder / "server.log").open("ab") as log:
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    started = psutil.Process(child.pid).create_time()
    return ServerRecord(
        pid=child.pid, started=started, port=port, model_name=model_name, version=version, folder=str(folder)
    )


def stop(pid: int, started: float) -> None:
    """End the process that was started then; it may drain its requests first. No such process is fine."""
    process = _process(pid, started)
    if process is None:
        return
    try:
        process.terminate()
        process.wait(STOP_TIMEOUT_SECONDS)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(STOP_TIMEOUT_SECONDS)
    except psutil.NoSuchProcess:
        return


def last_words(folder: Path) -> str:
    """Last line the server wrote, for an error message."""
    lines = (folder / "server.log").read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
