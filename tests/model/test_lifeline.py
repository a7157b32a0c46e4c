"""Tests of model.lifeline."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from model import lifeline
from tests.model.command_line import ROOT

SLEEPER = """
import sys, time
from pathlib import Path
from model.lifeline import end_with_reader
end_with_reader(sys.stdout.fileno(), lambda: Path(sys.argv[1]).write_text("ended"))
print("ready", flush=True)
time.sleep(60)
"""


def test_process_ends_when_its_reader_is_gone(tmp_path: Path) -> None:
    """It runs what it was given, then exits, although it is asleep and writes nothing."""
    mark = tmp_path / "mark"
    with subprocess.Popen([sys.executable, "-c", SLEEPER, mark], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.stdout.close()

        assert process.wait(timeout=20) == lifeline.EXIT_STATUS
    assert mark.read_text() == "ended"


def test_process_ends_even_if_its_last_action_fails(tmp_path: Path) -> None:
    """An exception in `on_end` does not keep the process alive."""
    mark = tmp_path / "no such folder" / "mark"
    with subprocess.Popen([sys.executable, "-c", SLEEPER, mark], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.stdout.close()

        assert process.wait(timeout=20) == lifeline.EXIT_STATUS


@pytest.mark.parametrize("kind", ["read pipe", "file"])
def test_it_stays_while_there_is_no_reader_to_lose(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe that is being read and a regular file never end the process."""
    monkeypatch.setattr(lifeline, "POLL_MILLISECONDS", 10)
    reader, writer = os.pipe()
    fd = writer if kind == "read pipe" else os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    ended = threading.Event()

    lifeline.end_with_reader(fd, exit_process=lambda _: ended.set())

    assert not ended.wait(0.3)
    if fd != writer:
        os.close(fd)  # the thread sees its closed file and ends
    os.close(reader)
    os.close(writer)
