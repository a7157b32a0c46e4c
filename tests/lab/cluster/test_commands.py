"""Programs run to their end: what comes back, and what is said when they fail."""

from pathlib import Path

import pytest

from lab.cluster.commands import run, run_logged, search_path
from lab.errors import SetupError


def test_what_a_command_prints_comes_back() -> None:
    """Its standard input is given as text."""
    assert run(["sort"], text="b\na\n") == "a\nb\n"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["sh", "-c", "echo why >&2; exit 3"], r"`sh -c echo why >&2; exit 3` failed with exit status 3: why"),
        (["sh", "-c", "echo why; exit 3"], r"exit status 3: why"),
        (["no-such-program"], r"`no-such-program` cannot be run \(No such file or directory\)"),
        (["sleep", "60"], r"`sleep 60` did not end within 0\.2 s"),
    ],
)
def test_a_command_that_fails_is_one_line(command: list[str], message: str) -> None:
    """The line has the command and the reason, from wherever the command gave it."""
    with pytest.raises(SetupError, match=message):
        run(command, seconds=0.2 if command[0] == "sleep" else 20)


def test_a_long_command_writes_into_its_log(tmp_path: Path) -> None:
    """What was there stays; variables beyond ours are handed over."""
    log = tmp_path / "logs" / "step.log"
    for name in ("first", "second"):
        run_logged("a step", ["sh", "-c", "echo $NAME"], log, seconds=20, environment={"NAME": name})

    assert log.read_text() == "first\nsecond\n"


def test_a_long_command_that_fails_names_its_log(tmp_path: Path) -> None:
    """The reason is the last line of this run, not of the one before."""
    log = tmp_path / "step.log"
    log.write_text("an older reason\n")

    with pytest.raises(SetupError, match=rf"^a step failed \(it printed nothing\): see {log}$"):
        run_logged("a step", ["false"], log, seconds=20)


def test_a_long_command_has_an_end(tmp_path: Path) -> None:
    """Past its time it is killed, before it has done what it was about to do."""
    with pytest.raises(SetupError, match="a step did not end within 1 s"):
        run_logged("a step", ["sh", "-c", f"sleep 5; touch {tmp_path}/done"], tmp_path / "log", seconds=1)

    assert not (tmp_path / "done").exists()


def test_programs_of_administrators_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever PATH the user has, its folders come first."""
    monkeypatch.setenv("PATH", "/my/bin")

    assert search_path() == "/my/bin:/usr/local/sbin:/usr/sbin:/sbin"
