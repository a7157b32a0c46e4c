"""What the lifecycle tests share: the Pulumi CLI, a store with a trained model, and fresh checkouts.

Owns the clean-up: every server a test leaves is ended, by its process.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.project import ROOT
from lab import pulumi_cli
from tests.lifecycle.checkout import Checkout, free_port
from tests.model.conftest import Trained, trained

__all__ = ["trained"]


@pytest.fixture(scope="session")
def cli() -> Path:
    """Folder of the Pulumi CLI, found or built as `make up` does."""
    return pulumi_cli.obtain_here()


@pytest.fixture
def new_checkout(tmp_path: Path, cli: Path) -> Iterator[Callable[[str], Checkout]]:
    """Make checkouts that share one state, and end at last what serves in them."""
    made: list[Checkout] = []

    def make(name: str) -> Checkout:
        made.append(Checkout.make(tmp_path / name, tmp_path / "state", cli))
        return made[-1]

    yield make
    for checkout in made:
        for server in checkout.servers():
            server.kill()
            server.wait()


@pytest.fixture
def checkout(new_checkout: Callable[[str], Checkout]) -> Checkout:
    """A checkout whose stack `local` is configured to a free port; nothing is trained or served yet."""
    made = new_checkout("checkout")
    made.configure(port=str(free_port()))
    return made


@pytest.fixture
def served(checkout: Checkout, trained: Trained) -> Checkout:
    """A checkout whose stack is up with the default hyperparameters; its model came from a store, in seconds."""
    shutil.copytree(trained.store, checkout.folder / ".artifacts")
    checkout.up()
    return checkout


@pytest.fixture(scope="session", autouse=True)
def _sources_unchanged() -> Iterator[None]:
    """No test writes to the project's own folder."""
    before = _files()
    yield
    assert _files() == before


def _files() -> set[str]:
    """Names in the project's folder, but for what the tools of other tests write there while these run."""
    of_tools = (".coverage", ".hypothesis", ".pytest_cache")
    return {path.name for path in ROOT.iterdir() if not path.name.startswith(of_tools)}
