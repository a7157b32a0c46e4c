"""The version directories that the local model server reads, and waiting until it serves one.

Owns `<folder>/<model name>/<version>/`. Does not own the artifacts it copies from nor the process that reads.
"""

import shutil
import time
from pathlib import Path

from infra import rest
from infra.server_process import ServerRecord, is_alive, last_words

LOAD_TIMEOUT_SECONDS = 180.0
PAUSE_SECONDS = 0.1


class NotServedError(Exception):
    """A version was not served; the message says why."""


def publish(artifact: Path, base: Path, version: int) -> Path:
    """Copy an artifact's SavedModel in as a version directory: aside and renamed, as servers poll for new numbers."""
    target = base / str(version)
    aside = base / f".{version}.aside"
    base.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(aside, ignore_errors=True)
    try:
        shutil.copytree(artifact / "model", aside)
        shutil.rmtree(target, ignore_errors=True)
        aside.rename(target)
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return target


def prune(base: Path, keep: int) -> None:
    """Remove every version directory but one."""
    for child in base.iterdir():
        if child.name != str(keep):
            shutil.rmtree(child, ignore_errors=True)


def wait_until_served(record: ServerRecord, version: int) -> None:
    """Wait until the server says the version is AVAILABLE.

    Raises:
        NotServedError: it could not load it, has ended, or took longer than 180 s.
    """
    deadline = time.monotonic() + LOAD_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if not is_alive(record.pid, record.started):
            raise NotServedError(f"the model server ended: {last_words(Path(record.folder))}")
        state, message = _state(record, version)
        if state == "AVAILABLE":
            return
        if state == "END" and message:
            raise NotServedError(f"the model server could not load version {version}: {message}")
        time.sleep(PAUSE_SECONDS)
    raise NotServedError(f"version {version} was not served within {LOAD_TIMEOUT_SECONDS:.0f} s")


def _state(record: ServerRecord, version: int) -> tuple[str, str]:
    try:
        return rest.versions(record.status_url).get(version, ("", ""))
    except rest.NoAnswerError:  # it opens its port once the first model is loaded
        return "", ""


def fault(record: ServerRecord) -> str | None:
    """What is wrong with a server that should serve its record's version; None where nothing is."""
    if not is_alive(record.pid, record.started):
        return f"the model server (pid {record.pid}) is not running"
    try:
        state, _ = rest.versions(record.status_url).get(record.version, ("missing", ""))
    except rest.NoAnswerError as error:
        return f"the model server (pid {record.pid}) is of no use: {error}"
    return None if state == "AVAILABLE" else f"the model server has version {record.version} as {state}"
