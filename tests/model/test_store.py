"""Tests of model.store; artifacts are small files, for the store never looks into a SavedModel."""

import errno
import multiprocessing
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from model import manifest as manifests
from model.errors import ModelError
from model.manifest import Manifest
from model.store import ArtifactStore, Damaged, Found, writing
from tests.model import samples

WEIGHTS = "model/variables/variables.index"


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    """An empty store, whose folder does not exist yet."""
    return ArtifactStore(tmp_path / "store")


@pytest.fixture
def kept(store: ArtifactStore) -> Manifest:
    """The manifest of a published artifact."""
    return publish(store)


def publish(store: ArtifactStore, content: str = "weights", **changes: Any) -> Manifest:
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


def test_staging_is_removed_when_something_fails(store: ArtifactStore) -> None:
    """Nothing half-done stays behind."""

    def fail() -> None:
        with store.staging() as staged:
            samples.artifact(staged / "new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert list((store.folder / ".staging").iterdir()) == []


def stage_and_wait(folder: Path, started: Any) -> None:
    """What a training process does until it is killed."""
    with ArtifactStore(folder).staging() as staged:
        samples.artifact(staged / "new")
        started.set()
        while True:
            os.read(os.pipe()[0], 1)


@pytest.fixture
def staging_process(store: ArtifactStore) -> Iterator[Any]:
    """Another process in the middle of its work."""
    context = multiprocessing.get_context("spawn")
    started = context.Event()
    process = context.Process(target=stage_and_wait, args=(store.folder, started))
    process.start()
    assert started.wait(30)
    yield process
    process.kill()
    process.join()


def test_only_leftovers_of_dead_processes_are_removed(store: ArtifactStore, staging_process: Any) -> None:
    """While another process trains its folder stays; after SIGKILL the next training removes it."""
    folder = store.folder / ".staging"
    with store.staging():
        assert len(list(folder.iterdir())) == 2

    staging_process.kill()
    staging_process.join()
    assert len(list(folder.iterdir())) == 1
    with store.staging():
        assert len(list(folder.iterdir())) == 1
    assert list(folder.iterdir()) == []


def test_folders_of_another_host_are_left_alone(store: ArtifactStore) -> None:
    """On a shared file system a lock of another host may be invisible."""
    other = store.folder / ".staging" / "other-host-1-00000000"
    other.mkdir(parents=True)

    with store.staging():
        pass

    assert other.exists()


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


def test_closed_output_is_not_blamed_on_the_store(tmp_path: Path) -> None:
    """A broken pipe belongs to whoever printed."""
    with pytest.raises(BrokenPipeError), writing(tmp_path):
        raise BrokenPipeError


def test_store_below_a_file_is_refused(tmp_path: Path) -> None:
    """A path that cannot become a folder is named, with the remedy."""
    (tmp_path / "file").write_text("")

    with (
        pytest.raises(ModelError, match=r"file/store cannot be used: a file stands where a folder should be; choose"),
        ArtifactStore(tmp_path / "file" / "store").staging(),
    ):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="modes do not bind root")
def test_read_only_store_is_refused(store: ArtifactStore) -> None:
    """The message names the folder and the remedy."""
    store.folder.mkdir(mode=0o500)

    with pytest.raises(ModelError, match="this user may not write there"), store.staging():
        pass


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
