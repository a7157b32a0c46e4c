"""Tests of model.remote_store, on an S3-compatible server on loopback and on fsspec's file system in memory."""

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from model import document
from model import manifest as manifests
from model.digest import digest_of
from model.errors import ModelError
from model.manifest import Manifest
from model.remote_files import RemoteFiles
from model.remote_store import RemoteStore
from model.store import ArtifactStore, Damaged, Found, open_store
from tests.model import samples
from tests.model.test_store import damage, publish
from tests.model.test_store_documents import Verdict

WEIGHTS = "model/variables/variables.index"


@pytest.fixture(params=["s3", "memory"])
def url(request: pytest.FixtureRequest) -> str:
    """Where a store can be; nothing is there yet."""
    place = request.getfixturevalue("bucket") if request.param == "s3" else "memory:/"
    return f"{place}/{uuid.uuid4().hex}"


@pytest.fixture
def store(url: str, tmp_path: Path) -> RemoteStore:
    """The store with an empty working copy."""
    return at(url, tmp_path / "one")


@pytest.fixture
def kept(store: RemoteStore) -> Manifest:
    """The manifest of a published artifact."""
    return publish(store)


def at(url: str, project: Path) -> RemoteStore:
    """The store as a project uses it."""
    store = open_store(url, project)
    assert isinstance(store, RemoteStore)
    return store


def files_of(url: str) -> RemoteFiles:
    """What is at the URL itself."""
    return RemoteFiles(url)


def test_the_layout_is_a_folders(url: str, kept: Manifest) -> None:
    """Model, manifest and pictures by digest, the record by fingerprint, nothing else."""
    assert list(files_of(url).tree("")) == sorted(
        [
            f"{kept.digest}/model/saved_model.pb",
            f"{kept.digest}/{WEIGHTS}",
            f"{kept.digest}/training-curve.png",
            f"{kept.digest}/manifest.json",
            f"fingerprints/{kept.fingerprint}.json",
        ]
    )


def test_another_machine_gets_the_artifact(url: str, kept: Manifest, tmp_path: Path) -> None:
    """An empty working copy is filled with what is at the URL, pictures too, and nothing is left aside."""
    other = at(url, tmp_path / "two")

    found = other.find(kept.fingerprint)

    path = tmp_path / "two" / ".artifacts" / kept.digest
    assert found == Found(kept, path)
    assert (path / "training-curve.png").read_text() == "picture"
    assert manifests.read(path / "manifest.json") == kept
    assert list((path.parent / ".staging").iterdir()) == []
    assert not (path.parent / "fingerprints").exists()


@pytest.mark.parametrize("kind", ["altered", "truncated", "missing", "more", "manifest", "gone"])
def test_a_damaged_working_copy_is_restored(store: RemoteStore, kept: Manifest, kind: str) -> None:
    """Whatever was done to the files here, the next look puts back those at the URL."""
    damage(store.folder / kept.digest, kind)

    assert store.find(kept.fingerprint) == Found(kept, store.folder / kept.digest)
    assert (store.folder / kept.digest / WEIGHTS).read_text() == "weights"


def test_unknown_fingerprint_is_none(store: RemoteStore) -> None:
    """Never trained: an empty store has nothing of any kind."""
    assert store.find("0" * 64) is None
    assert store.trainings() == []
    assert store.manifest_of("0" * 64) is None
    assert store.adopt("0" * 64) is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "its manifest is unreadable: manifest {url}/fingerprints/{fingerprint}.json is malformed"),
        (b'{"schema": 9}', "has schema 9, but this program reads 1"),
    ],
)
def test_an_unreadable_record_is_damage(
    url: str, store: RemoteStore, kept: Manifest, content: bytes, reason: str
) -> None:
    """A truncated record or one of another schema: said where it is; publishing again mends it."""
    files_of(url).replace(f"fingerprints/{kept.fingerprint}.json", content)

    found = store.find(kept.fingerprint)
    publish(store)

    assert isinstance(found, Damaged)
    assert reason.format(url=url, fingerprint=kept.fingerprint) in found.reason
    assert store.find(kept.fingerprint) == Found(kept, store.folder / kept.digest)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"Weights", "variables/variables.index was altered in {url}"), (None, "is missing in {url}")],
)
def test_a_damaged_blob_is_named_and_mended(
    store: RemoteStore, kept: Manifest, tmp_path: Path, content: bytes | None, reason: str
) -> None:
    """It does not reach a working copy; who has the artifact uploads it again without a training."""
    url = store.location
    path = f"{kept.digest}/{WEIGHTS}"
    if content is None:
        files_of(url).remove(path)
    else:
        files_of(url).replace(path, content)
    other = at(url, tmp_path / "two")

    found = other.find(kept.fingerprint)
    adopted = store.adopt(kept.fingerprint)

    assert isinstance(found, Damaged)
    assert found.digest == kept.digest
    assert reason.format(url=url) in found.reason
    assert not (other.folder / kept.digest).exists()
    assert adopted == Found(kept, store.folder / kept.digest)
    assert other.find(kept.fingerprint) == Found(kept, other.folder / kept.digest)


def test_the_stored_one_of_two_digests_stays(url: str, kept: Manifest, tmp_path: Path) -> None:
    """Another CPU's result of the same fingerprint is not recorded; its maker is given the first one."""
    other = at(url, tmp_path / "two")
    with other.staging() as staged:
        made = samples.manifest(samples.artifact(staged / "new", "other weights"))
        path = other.publish(staged / "new", made)

    assert made.fingerprint == kept.fingerprint
    assert path == other.folder / kept.digest
    assert other.find(kept.fingerprint) == Found(kept, path)


def test_a_digest_that_cannot_be_restored_makes_way(url: str, kept: Manifest, tmp_path: Path) -> None:
    """A record whose blobs are gone for good does not keep a new training from being recorded."""
    files_of(url).remove(f"{kept.digest}/{WEIGHTS}")
    other = at(url, tmp_path / "two")

    made = publish(other, "other weights")

    assert made.digest != kept.digest
    assert at(url, tmp_path / "three").find(kept.fingerprint) == Found(
        made, tmp_path / "three/.artifacts" / made.digest
    )


def test_equal_digests_of_two_trainings_keep_both_records(store: RemoteStore, kept: Manifest) -> None:
    """The artifact keeps the manifest of the first one."""
    second = publish(store, epochs=6, metrics=replace(kept.metrics, accuracy=0.75), created="2026-02-01T00:00:00+00:00")

    assert second.digest == kept.digest
    assert store.trainings() == [second, kept]
    assert store.manifest_of(kept.digest) == kept


def test_the_first_note_stays(store: RemoteStore) -> None:
    """As in a folder, seen from any machine."""
    assert store.note("verdicts", "abc", Verdict) is None
    store.keep_note("verdicts", "abc", Verdict(passed=True))
    store.keep_note("verdicts", "abc", Verdict(passed=False))

    assert store.note("verdicts", "abc", Verdict) == Verdict(passed=True)


def test_the_record_comes_last(url: str, store: RemoteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload that breaks off leaves no record; the next one uploads what the working copy has."""

    def refuse(*_: Any) -> bool:
        raise ModelError("broken off")

    monkeypatch.setattr(RemoteFiles, "create", refuse)
    with pytest.raises(ModelError, match="broken off"):
        publish(store)
    monkeypatch.undo()
    made = ArtifactStore(store.folder).trainings()[0]

    assert f"{made.digest}/{WEIGHTS}" in files_of(url).tree("")
    assert store.find(made.fingerprint) is None
    assert store.adopt(made.fingerprint) == store.find(made.fingerprint) == Found(made, store.folder / made.digest)


@pytest.mark.parametrize("file", ["../../outside", "/outside"])
def test_files_outside_an_artifact_are_refused(url: str, store: RemoteStore, tmp_path: Path, file: str) -> None:
    """A manifest that names a file elsewhere, whoever wrote it, makes nothing there."""
    made = samples.manifest(samples.artifact(tmp_path / "made"))
    files = {file: "0" * 64}
    hostile = replace(made, files=files, digest=digest_of(files))
    files_of(url).create(f"fingerprints/{made.fingerprint}.json", document.dumps(hostile).encode())

    found = store.find(made.fingerprint)

    assert isinstance(found, Damaged)
    assert found.reason.endswith("its manifest lists other files")
