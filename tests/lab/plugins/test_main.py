"""The command line of the installation."""

from pathlib import Path

import pytest

from lab import pulumi_cli
from lab.errors import SetupError
from lab.plugins import __main__ as command
from lab.plugins import installation


@pytest.fixture(autouse=True)
def _cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A CLI is there."""
    monkeypatch.setattr(pulumi_cli, "obtain_here", lambda: tmp_path)


def test_it_installs_for_the_cli_in_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The environment and the CLI's folder are passed on."""
    seen: list[Path] = []
    monkeypatch.setattr(installation, "install", lambda _, cli: seen.append(cli))
    command.main()

    assert seen == [tmp_path]


@pytest.mark.parametrize(
    ("error", "message"),
    [(SetupError("run make up"), "run make up"), (OSError("no space"), "no space.*set PULUMI_HOME")],
)
def test_a_failure_is_one_line(monkeypatch: pytest.MonkeyPatch, error: Exception, message: str) -> None:
    """What cannot be done is told without a traceback."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(installation, "install", fail)
    with pytest.raises(SystemExit, match=message):
        command.main()
