"""Version directories and policies."""

from pathlib import Path

import pytest

from serving.versions import All, Latest, Policy, Specific, find_versions


def test_names_that_are_numbers_are_versions(tmp_path: Path) -> None:
    """A child is a version if its name is an int64, whatever else it is."""
    for name in ("1", "00000123", "7.tmp", "v1", "0.1", "", "9223372036854775807", "9223372036854775808", "1_0", "٣"):
        (tmp_path / name).mkdir(exist_ok=True)
    (tmp_path / "5").touch()
    assert find_versions(tmp_path) == {
        number: tmp_path / name
        for number, name in {1: "1", 123: "00000123", 5: "5", 2**63 - 1: "9223372036854775807"}.items()
    }


def test_missing_base_path(tmp_path: Path) -> None:
    """A base path that is not there is the caller's to tell of."""
    with pytest.raises(FileNotFoundError):
        find_versions(tmp_path / "none")


@pytest.mark.parametrize(
    ("policy", "chosen"),
    [
        (Latest(), {10}),
        (Latest(2), {10, 3}),
        (Latest(9), {1, 3, 10}),
        (All(), {1, 3, 10}),
        (Specific(frozenset({1, 4})), {1}),
    ],
)
def test_policies(policy: Policy, chosen: set[int]) -> None:
    """A policy chooses among what is there, by number."""
    assert policy.choose({1, 3, 10}) == chosen
