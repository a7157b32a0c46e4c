"""How the tests are spread over the processes that run them side by side, what is measured, and what all may use.

Owns the groups: a file's tests stay together, with their fixtures; all that need the lab stay together, since some of
them stop a part of it.
"""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

OF_THE_LAB = ("tests/e2e/", "tests/test_readme.py")


class Groups(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives a process whole groups."""

    def _split_scope(self, nodeid: str) -> str:
        """The group of a test: its file, or the lab."""
        return "lab" if nodeid.startswith(OF_THE_LAB) else nodeid.partition("::")[0]


def pytest_configure(config: pytest.Config) -> None:
    """Measure coverage in the processes that run tests, not in what they start: that took a third more time."""
    if hasattr(config, "workerinput"):
        os.environ.pop("COVERAGE_PROCESS_CONFIG", None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Spread the tests by these groups, whatever `--dist` says."""
    return Groups(config, log)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """This process and its children take SIGINT even where the tests run in the background, which has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
