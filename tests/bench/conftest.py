"""What the measurements' tests share: the Pulumi CLI and the bare program, brought up once."""

from pathlib import Path

import pytest

from bench import rollout_lab
from bench.checkout import BARE_FILES, Checkout, CommandError
from lab import pulumi_cli


@pytest.fixture(scope="session")
def cli() -> Path:
    """Folder of the Pulumi CLI, found or built as `make up` does."""
    return pulumi_cli.obtain_here()


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory, cli: Path) -> Checkout:
    """A checkout of the bare program whose stack is up; tests must not change it."""
    checkout = Checkout.make(tmp_path_factory.mktemp("bench") / "bare", BARE_FILES, cli)
    checkout.pulumi("up", "--yes", "--skip-preview")
    return checkout


@pytest.fixture
def no_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    """No lab runs here, and looking for the CLI, which comes next, is a failure."""

    def require() -> None:
        raise CommandError("the lab does not run")

    monkeypatch.setattr(rollout_lab, "require", require)
    monkeypatch.setattr(pulumi_cli, "obtain_here", lambda: pytest.fail("went on"))
