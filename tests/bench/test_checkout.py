"""The checkout that is measured: its files, its surroundings, and commands that fail."""

from pathlib import Path

import pytest

from bench.checkout import BARE_FILES, PROJECT_FILES, Checkout, CommandError, environment, free_port, last_words
from infra import ports


def test_every_file_of_a_program_is_there() -> None:
    """What is copied into a checkout exists."""
    assert all(source.exists() for source in (PROJECT_FILES | BARE_FILES).values())


def test_the_users_own_pulumi_is_kept_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables of Pulumi and of Python that would change the figures do not get through; others do."""
    for name in ("PULUMI_BACKEND_URL", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "ANOTHER"):
        monkeypatch.setenv(name, "set")

    left = environment()

    assert left["ANOTHER"] == "set"
    assert not {"PULUMI_BACKEND_URL", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH"} & left.keys()


def test_a_free_port_is_free() -> None:
    """Nothing listens on it, and it is no port that an outgoing connection is given."""
    port = free_port()

    assert not ports.is_taken(port)
    assert port < 32768


def test_the_last_words_are_the_last_lines() -> None:
    """An error shows the end of what was said."""
    assert last_words("\n".join(map(str, range(100))) + "\n").splitlines() == [str(n) for n in range(85, 100)]


@pytest.mark.cli
@pytest.mark.timeout(120)
def test_a_command_that_fails_is_an_error_with_its_words(bare: Checkout) -> None:
    """A figure of a command that failed would be worth nothing."""
    with pytest.raises(CommandError, match=r"(?s)pulumi stack output nothing ended with .*nothing"):
        bare.seconds("stack", "output", "nothing")


@pytest.mark.cli
@pytest.mark.timeout(120)
def test_a_new_state_is_empty(bare: Checkout) -> None:
    """On a new backend the same files have a stack with nothing in it; the old one is as it was."""
    fresh: Checkout = bare.with_new_state()

    assert fresh.state != bare.state
    assert Path(fresh.folder) == bare.folder
    assert "4 to create" in fresh.pulumi("preview")
    assert "4 unchanged" in bare.pulumi("preview")
