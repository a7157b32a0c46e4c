"""Tests of model.store_documents, in a folder; tests of model.remote_store have them at a URL."""

from dataclasses import dataclass

import pytest

from model.errors import ModelError
from model.manifest import Manifest
from model.store import ArtifactStore
from tests.model.test_store import WEIGHTS, kept, listing, publish, store

__all__ = ["kept", "store"]


@dataclass(frozen=True)
class Verdict:
    """A note."""

    passed: bool


def test_the_manifest_of_a_digest(store: ArtifactStore, kept: Manifest) -> None:
    """It is read without a look at the files; what is no artifact has none."""
    (store.folder / kept.digest / WEIGHTS).unlink()

    assert store.manifest_of(kept.digest) == kept
    assert store.manifest_of("0" * 64) is None
    with pytest.raises(ModelError, match="letters, digits and hyphens"):
        store.manifest_of("../elsewhere")


def test_a_manifest_of_another_artifact_is_refused(store: ArtifactStore, kept: Manifest) -> None:
    """A manifest that was copied to another digest's folder says nothing about that digest."""
    other = publish(store, "other weights", epochs=6)
    (store.folder / other.digest / "manifest.json").write_bytes(
        (store.folder / kept.digest / "manifest.json").read_bytes()
    )

    with pytest.raises(ModelError, match="belongs to another artifact"):
        store.manifest_of(other.digest)


def test_the_first_note_stays(store: ArtifactStore) -> None:
    """What was found once about something is not found otherwise later."""
    assert store.note("verdicts", "abc", Verdict) is None
    store.keep_note("verdicts", "abc", Verdict(passed=True))
    store.keep_note("verdicts", "abc", Verdict(passed=False))

    assert store.note("verdicts", "abc", Verdict) == Verdict(passed=True)
    assert listing(store) == {"verdicts/abc.json"}


def test_an_unreadable_note_is_an_error(store: ArtifactStore) -> None:
    """It names the file and what to do."""
    store.keep_note("verdicts", "abc", Verdict(passed=True))
    (store.folder / "verdicts" / "abc.json").write_text("{}", encoding="utf-8")

    with pytest.raises(ModelError, match=r"abc.json is malformed: Verdict has no passed; remove it"):
        store.note("verdicts", "abc", Verdict)
