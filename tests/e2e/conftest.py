"""What the tests in the lab share: one dev stack that is up, brought back to its own configuration after each test.

Owns the condition under which they run at all.
"""

from collections.abc import Iterator

import pytest

from lab import pulumi_cli
from tests.e2e.dev_stack import DevStack, lab_runs
from tests.model.conftest import bucket, s3_server

__all__ = ["bucket", "s3_server"]


@pytest.fixture(scope="session")
def _lab() -> None:
    """Skip where no lab runs: it is started by `make lab`, on Linux and as root."""
    if not lab_runs():
        pytest.skip("no lab runs here: start it with `make lab` (Linux, root)")


@pytest.fixture(scope="session")
def stack(_lab: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevStack]:
    """A dev stack in a namespace of its own, previewed and brought up for the first time."""
    made = DevStack.make(tmp_path_factory.mktemp("dev"), pulumi_cli.obtain_here())
    made.begin()
    yield made
    made.checkout.succeeds("destroy", "--yes", "--skip-preview")
    made.remove()


@pytest.fixture
def dev(stack: DevStack) -> Iterator[DevStack]:
    """The stack, up; afterwards it is as it was."""
    yield stack
    stack.restore()
