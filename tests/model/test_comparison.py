"""Tests of model.comparison."""

from pathlib import Path

from model import comparison
from model.comparison import Comparison
from model.store import ArtifactStore

FOUND = Comparison("ab" * 32, "cd" * 32, 0.875, 8)


def test_what_was_measured_is_found_by_model_and_dataset(tmp_path: Path) -> None:
    """One figure for each pair of model and dataset; nothing is known of another pair."""
    store = ArtifactStore(tmp_path)
    assert comparison.find(store, FOUND.digest, FOUND.dataset_sha256) is None

    comparison.keep(store, FOUND)

    assert comparison.find(store, FOUND.digest, FOUND.dataset_sha256) == FOUND
    assert comparison.find(store, FOUND.digest, "ef" * 32) is None
    assert comparison.find(store, "ef" * 32, FOUND.dataset_sha256) is None
