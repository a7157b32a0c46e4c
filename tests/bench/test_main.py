"""`python -m bench`: which measurements run, what is kept, what is refused."""

from pathlib import Path

import pytest

import bench.__main__ as program
from bench import clone, lab_start, noop, promote, report, rollout, rollout_noop, store_hit
from bench.checkout import CommandError


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The measurements that were run, none of them really; documents are kept in tmp_path."""
    names: list[str] = []

    def pretend(name: str) -> object:
        def run(pairs: int, **_: object) -> str:
            names.append(name)
            return f"{name} {pairs}"

        return run

    for name, module in (
        ("noop", noop),
        ("store", store_hit),
        ("clone", clone),
        ("rollout", rollout),
        ("promote", promote),
        ("noop-kubernetes", rollout_noop),
        ("lab", lab_start),
    ):
        monkeypatch.setattr(module, "run", pretend(name))
    keep = report.keep
    monkeypatch.setattr(report, "keep", lambda name, text: keep(name, text, tmp_path))
    return names


def test_without_names_the_usual_ones_run(ran: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No-op and store hit run with ten pairs, are printed and kept; the one that takes minutes does not run."""
    assert program.main([]) == 0

    assert ran == ["noop", "store"]
    assert capsys.readouterr().out == "noop 10\nstore 10\n"
    assert (tmp_path / "noop.md").read_text(encoding="utf-8") == "noop 10\n"


def test_a_name_chooses(ran: list[str]) -> None:
    """Only what is named runs."""
    assert program.main(["clone", "--pairs", "3"]) == 0
    assert ran == ["clone"]


@pytest.mark.parametrize(("arguments", "said"), [(["up"], "no measurement up"), (["--pairs", "0"], "got 0")])
def test_what_cannot_be_run_is_refused(
    ran: list[str], arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown name or number of pairs is one line, and nothing runs."""
    with pytest.raises(SystemExit):
        program.main(arguments)

    assert said in capsys.readouterr().err
    assert ran == []


def test_a_failed_command_is_one_line_and_keeps_nothing(
    ran: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A measurement whose command fails ends with status 1."""

    def fail(_pairs: int) -> str:
        raise CommandError("pulumi up ended with 1")

    monkeypatch.setattr(noop, "run", fail)

    assert program.main(["noop"]) == 1
    assert capsys.readouterr().err == "error: noop: pulumi up ended with 1\n"
    assert (ran, list(tmp_path.iterdir())) == ([], [])


def test_what_needs_the_lab_runs_when_it_is_named(ran: list[str], tmp_path: Path) -> None:
    """Each has its own name and document, and they run in the order in which they are named."""
    assert program.main(["rollout", "promote", "noop-kubernetes", "lab", "--pairs", "2"]) == 0

    assert ran == ["rollout", "promote", "noop-kubernetes", "lab"]
    assert (tmp_path / "noop-kubernetes.md").read_text(encoding="utf-8") == "noop-kubernetes 2\n"


def test_an_interrupt_is_one_line_and_keeps_nothing(
    ran: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C ends with its own status and without a traceback; what comes after does not run."""

    def interrupted(_pairs: int) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(rollout, "run", interrupted)

    assert program.main(["rollout", "noop"]) == 130
    assert capsys.readouterr().err == "rollout: interrupted\n"
    assert (ran, list(tmp_path.iterdir())) == ([], [])
