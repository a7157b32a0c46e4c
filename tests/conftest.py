"""How the tests are spread over the processes that run them side by side.

Owns the groups: a file's tests stay together, with their fixtures; all that need the lab stay together, since some of
them stop a part of it.
"""

from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
OF_THE_LAB = (TESTS / "e2e", TESTS / "test_readme.py")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test its group."""
    for item in items:
        of_the_lab = any(item.path.is_relative_to(path) for path in OF_THE_LAB)
        item.add_marker(pytest.mark.xdist_group("lab" if of_the_lab else item.path.relative_to(TESTS).as_posix()))
