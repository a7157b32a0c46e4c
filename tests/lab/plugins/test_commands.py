"""Command lines that are run, followed and cancelled."""

import os
import queue
import threading
import time
from pathlib import Path

import pytest

from lab.plugins.commands import Answer, CancelledError, Commands


def test_run_tells_status_output_and_errors() -> None:
    """What a command says comes apart, with its exit status; it reads what it is given."""
    answer = Commands().run(["sh", "-c", 'cat; echo "$X" >&2; exit 3'], "given", {"X": "y", "PATH": "/usr/bin:/bin"})

    assert answer == Answer(3, "given", "y\n")


def test_follow_tells_every_line_as_it_comes(tmp_path: Path) -> None:
    """Output and errors come line by line while the command still runs: here it waits until a line was told."""
    told = tmp_path / "told"
    lines: list[str] = []

    def say(line: str) -> None:
        lines.append(line)
        if line == "two":
            told.touch()

    script = f"echo one; echo two >&2; while [ ! -e {told} ]; do sleep 0.05; done; echo three"
    answer = Commands().follow(["sh", "-c", script], say)

    assert lines == ["one", "two", "three"]
    assert answer.output == "one\ntwo\nthree\n"


def test_cancel_ends_what_runs_and_lets_nothing_start() -> None:
    """A cancelled command raises at once, and so do a pause and anything new."""
    commands = Commands()
    threading.Timer(0.2, commands.cancel).start()
    started = time.monotonic()
    with pytest.raises(CancelledError):
        commands.run(["sleep", "30"])

    assert time.monotonic() - started < 10
    with pytest.raises(CancelledError):
        commands.follow(["true"], print)
    with pytest.raises(CancelledError):
        commands.pause(30)


def test_a_command_beside_a_block_ends_with_it() -> None:
    """It reads what it is given, tells its lines while the block runs, and is ended with it."""
    told: queue.Queue[str] = queue.Queue()
    with Commands().beside(["sh", "-c", "cat; echo $$; exec sleep 60"], "given\n", told.put):
        assert told.get(timeout=10) == "given"
        pid = int(told.get(timeout=10))

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_command_beside_a_block_may_end_before_it() -> None:
    """Its end, even without having read anything, is no error of the block's."""
    told: queue.Queue[str] = queue.Queue()
    with Commands().beside(["sh", "-c", "exec <&-; echo told"], "x" * 10**6, told.put):
        assert told.get(timeout=10) == "told"


def test_a_pause_ends_by_itself() -> None:
    """Without a cancel a pause is just that."""
    Commands().pause(0.01)


def test_a_missing_command_is_an_error() -> None:
    """What is not there is told by the system's own error."""
    with pytest.raises(FileNotFoundError):
        Commands().run(["no-such-command"])
