"""Tests of model.store; artifacts are small files, for the store never looks into a SavedModel."""

import errno
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from model import manifest as manifests
from model.errors import ModelError
from model.files import FolderFiles
from model.manifest import Manifest
from model.store import ArtifactStore, Damaged, Found, Store, open_store
from tests.model import samples
from tests.model.command_line import ROOT

WEIGHTS = "model/variables/variables.index"


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    """An empty store, whose folder does not exist yet."""
    return ArtifactStore(tmp_path / "store")


@pytest.fixture
def kept(store: ArtifactStore) -> Manifest:
    """The manifest of a published artifact."""
    return publish(store)


def publish(store: Store, content: str = "weights", **changes: Any) -> Manifest:
    """Publish an artifact and return its manifest."""
    with store.staging() as staged:
        made = samples.manifest(samples.artifact(staged / "new", content), **changes)
        assert store.publish(staged / "new", made) == store.folder / made.digest
    return made


def listing(store: ArtifactStore) -> set[str]:
    """All files of a store, relative."""
    return {path.relative_to(store.folder).as_posix() for path in store.folder.rglob("*") if path.is_file()}


def test_published_artifact_is_found(store: ArtifactStore, kept: Manifest) -> None:
    """Under its fingerprint, with its manifest and folder."""
    assert store.find(kept.fingerprint) == Found(kept, store.folder / kept.digest)


def test_layout(store: ArtifactStore, kept: Manifest) -> None:
    """Model, manifest and pictures by digest, the record by fingerprint, nothing else."""
    assert listing(store) == {
        f"{kept.digest}/model/saved_model.pb",
        f"{kept.digest}/{WEIGHTS}",
        f"{kept.digest}/training-curve.png",
        f"{kept.digest}/manifest.json",
        f"fingerprints/{kept.fingerprint}.json",
    }


def test_unknown_fingerprint_is_none(store: ArtifactStore, kept: Manifest) -> None:
    """Never trained here: in an empty store as in a used one."""
    assert store.find("0" * 64) is None
    assert ArtifactStore(store.folder / "empty").find(kept.fingerprint) is None


def test_trainings_are_newest_first(store: ArtifactStore, kept: Manifest) -> None:
    """Unreadable records are left out."""
    newer = publish(store, epochs=6, created="2026-02-01T00:00:00+00:00")
    (store.folder / "fingerprints" / "broken.json").write_text("{")

    assert store.trainings() == [newer, kept]


def test_equal_digest_keeps_both_manifests(store: ArtifactStore, kept: Manifest) -> None:
    """A second training with the same result has its own record; the artifact keeps the first one's manifest."""
    metrics = replace(kept.metrics, accuracy=0.75)
    second = publish(store, epochs=6, metrics=metrics)

    assert second.digest == kept.digest
    assert store.find(second.fingerprint) == Found(second, store.folder / kept.digest)
    assert store.find(kept.fingerprint) == Found(kept, store.folder / kept.digest)
    assert manifests.read(store.folder / kept.digest / "manifest.json") == kept


def damage(path: Path, kind: str) -> None:
    """Harm an artifact in one way."""
    weights = path / WEIGHTS
    if kind == "altered":
        weights.write_text("Weights")
    elif kind == "truncated":
        weights.write_text("weigh")
    elif kind == "missing":
        weights.unlink()
    elif kind == "more":
        (path / "model" / "extra").write_text("")
    elif kind == "manifest":
        (path / "manifest.json").unlink()
    elif kind == "gone":
        path.rename(path.with_name("elsewhere"))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("altered", "variables/variables.index was altered"),
        ("truncated", "variables/variables.index was altered"),
        ("missing", "variables/variables.index is missing"),
        ("more", "extra does not belong there"),
        ("manifest", "manifest.json cannot be read"),
        ("gone", "is gone"),
    ],
)
def test_damage_is_named_and_mended(store: ArtifactStore, kept: Manifest, kind: str, reason: str) -> None:
    """The reason names artifact and file; publishing again puts an intact artifact in its place."""
    path = store.folder / kept.digest
    damage(path, kind)

    found = store.find(kept.fingerprint)
    publish(store)

    assert isinstance(found, Damaged)
    assert found.reason.startswith(f"artifact {kept.digest[:12]}")
    assert reason in found.reason
    assert found.digest == kept.digest
    assert store.find(kept.fingerprint) == Found(kept, path)
    assert list((store.folder / ".staging").iterdir()) == []


def test_what_is_made_again_is_recorded_anew(store: ArtifactStore, kept: Manifest) -> None:
    """The record of a training is of the artifact that lies there, not of the one that was lost."""
    shutil.rmtree(store.folder / kept.digest)
    again = publish(store, duration_seconds=kept.duration_seconds + 1)

    assert store.manifest_of(kept.digest) == again
    assert store.find(kept.fingerprint) == Found(again, store.folder / kept.digest)


@pytest.mark.parametrize("content", ["", "{}", '{"schema": 9}'])
def test_unreadable_record_is_damage(store: ArtifactStore, kept: Manifest, content: str) -> None:
    """Not a traceback, and not a training that never was."""
    (store.folder / "fingerprints" / f"{kept.fingerprint}.json").write_text(content)

    found = store.find(kept.fingerprint)

    assert isinstance(found, Damaged)
    assert found.reason.startswith("its manifest is unreadable")


def test_record_of_another_training_is_damage(store: ArtifactStore, kept: Manifest) -> None:
    """A record renamed by hand does not vouch for another fingerprint."""
    records = store.folder / "fingerprints"
    (records / f"{kept.fingerprint}.json").rename(records / f"{'0' * 64}.json")

    assert isinstance(store.find("0" * 64), Damaged)


def test_manifest_that_lists_other_files_is_refused(store: ArtifactStore) -> None:
    """What is published is what its manifest says: staged bytes are hashed again."""
    with store.staging() as staged:
        made = samples.manifest(samples.artifact(staged / "new"))
        (staged / "new" / WEIGHTS).write_text("half-writ")
        with pytest.raises(ModelError, match=r"variables\.index was altered while it was written"):
            store.publish(staged / "new", made)

    assert listing(store) == set()


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "the disk is full; free some space"),
        (errno.EROFS, "its file system is read-only; choose another store: --store FOLDER"),
        (errno.EACCES, "this user may not write there; choose another store"),
        (errno.EIO, "Input/output error"),
    ],
)
@pytest.mark.parametrize("step", ["mkdir", "write_text", "rename", "replace"])
def test_refused_writing_leaves_nothing(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch, step: str, number: int, reason: str
) -> None:
    """Whichever step of publishing the file system refuses: one line with the remedy, and no artifact."""
    with ExitStack() as stack:
        staged = stack.enter_context(store.staging())
        made = samples.manifest(samples.artifact(staged / "new"))

        def refuse(*_: object, **__: object) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(Path, step, refuse)
        with pytest.raises(ModelError, match=f"artifact store {store.folder} cannot be used: {reason}"):
            store.publish(staged / "new", made)
        monkeypatch.undo()

    assert not [path for path in listing(store) if path.startswith("fingerprints/")]
    assert store.find(made.fingerprint) is None
    assert list((store.folder / ".staging").iterdir()) == []


def test_simultaneous_publishers_agree(store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds the same artifact in place at the very moment of its own rename keeps that one."""
    rename = Path.rename

    def rename_late(path: Path, target: Path) -> Path:
        monkeypatch.undo()
        publish(store)
        return rename(path, target)

    with store.staging() as staged:
        made = samples.manifest(samples.artifact(staged / "new"))
        monkeypatch.setattr(Path, "rename", rename_late)
        store.publish(staged / "new", made)

    assert store.find(made.fingerprint) == Found(made, store.folder / made.digest)
    assert list((store.folder / ".staging").iterdir()) == []


def test_the_stored_one_of_two_digests_stays(store: ArtifactStore, kept: Manifest) -> None:
    """Another result of the same fingerprint, as another CPU gives it, is not recorded, and nothing of it is kept."""
    with store.staging() as staged:
        made = samples.manifest(samples.artifact(staged / "new", "other weights"))
        path = store.publish(staged / "new", made)

    assert made.digest != kept.digest
    assert path == store.folder / kept.digest
    assert store.find(kept.fingerprint) == Found(kept, path)
    assert not (store.folder / made.digest).exists()


def test_of_two_writers_at_the_same_moment_the_first_is_recorded(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who finds a record of another digest at the very moment of its own leaves it."""
    create = FolderFiles.create

    def create_late(files: FolderFiles, path: str, content: bytes) -> bool:
        monkeypatch.undo()
        publish(store)
        return create(files, path, content)

    monkeypatch.setattr(FolderFiles, "create", create_late)
    with store.staging() as staged:
        made = samples.manifest(samples.artifact(staged / "new", "other weights"))
        path = store.publish(staged / "new", made)

    found = store.find(made.fingerprint)
    assert isinstance(found, Found)
    assert found.path == path != store.folder / made.digest


@pytest.mark.parametrize(
    ("location", "folder"),
    [("models", "/project/models"), ("/srv/models", "/srv/models"), ("file:///srv/my%20models", "/srv/my models")],
)
def test_a_folder_is_opened(location: str, folder: str) -> None:
    """By its path, a relative one from the project, or by a file:// URL; without fsspec."""
    store = open_store(location, Path("/project"))

    assert isinstance(store, ArtifactStore)
    assert store.folder == Path(folder)


def test_a_url_has_the_projects_folder_as_working_copy() -> None:
    """Whatever the URL, what is in use lies in .artifacts."""
    store = open_store("memory://models/", Path("/project"))

    assert (store.location, store.folder) == ("memory://models", Path("/project/.artifacts"))


def test_a_url_with_a_credential_is_refused_without_showing_it() -> None:
    """The message may end in a log."""
    with pytest.raises(ModelError, match=r"^artifact store s3://\.\.\. may hold a credential"):
        open_store("s3://key:hunter2@bucket", Path("/project"))


def test_a_folder_needs_no_fsspec(tmp_path: Path) -> None:
    """An `up` that uses a folder does not wait for its import."""
    program = "import sys, pathlib, model.store as s; s.open_store(sys.argv[1], pathlib.Path()).find('0' * 64)"
    command = [sys.executable, "-c", f"{program}; print('fsspec' in sys.modules)", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
