"""The artifact store: a folder that keeps SavedModels by digest and the records of trainings by fingerprint.

Layout: `<digest>/model/` (the SavedModel and nothing else), `<digest>/manifest.json` of the first training
that gave this digest, pictures beside it, `fingerprints/<fingerprint>.json`, each training's full manifest, and
`<kind>/<key>.json`, notes: small documents about an artifact, such as the verdict on an image. An artifact without
manifest does not exist. Standard library only; `model.manifest` owns what a manifest says.
"""

import errno
import fcntl
import os
import re
import shutil
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from model import document
from model import manifest as manifests
from model.digest import digest_of, file_digests
from model.errors import ModelError
from model.manifest import Manifest

T = TypeVar("T")

_REMEDY = "choose another store: --store FOLDER, or pulumi config set artifactStore FOLDER"
_REASONS = {
    errno.ENOSPC: "the disk is full; free some space and run the same command again",
    errno.EDQUOT: "the disk quota is used up; free some space and run the same command again",
    errno.EACCES: f"this user may not write there; {_REMEDY}",
    errno.EPERM: f"this user may not write there; {_REMEDY}",
    errno.EROFS: f"its file system is read-only; {_REMEDY}",
    errno.ENOTDIR: f"a file stands where a folder should be; {_REMEDY}",
    errno.EEXIST: f"a file stands where a folder should be; {_REMEDY}",
}


@dataclass(frozen=True)
class Found:
    """A training whose artifact is there, its bytes verified; `path` is `<store>/<digest>`."""

    manifest: Manifest
    path: Path


@dataclass(frozen=True)
class Damaged:
    """A recorded training whose artifact cannot be used; `digest` is empty where the record is unreadable."""

    reason: str
    digest: str


class ArtifactStore:
    """The artifact store in `folder`, which is created when something is first written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._records = self.folder / "fingerprints"
        self._staging = self.folder / ".staging"

    def find(self, fingerprint: str) -> Found | Damaged | None:
        """The verified artifact of a fingerprint, what is wrong with it, or None if never trained here."""
        record = self._records / f"{fingerprint}.json"
        with writing(self.folder):
            if not record.exists():
                return None
        try:
            manifest = manifests.read(record)
        except ModelError as error:
            return Damaged(f"its manifest is unreadable: {error}", "")
        if manifest.fingerprint != fingerprint:
            return Damaged(f"its manifest {record} belongs to another training", manifest.digest)
        path = self.folder / manifest.digest
        reason = _damage(path, manifest)
        return Damaged(reason, manifest.digest) if reason else Found(manifest, path)

    def trainings(self) -> list[Manifest]:
        """The readable manifests of all trainings, newest first; nothing is verified."""
        found = []
        for record in self._records.glob("*.json"):
            with suppress(ModelError):
                found.append(manifests.read(record))
        return sorted(found, key=lambda manifest: manifest.created, reverse=True)

    def manifest_of(self, digest: str) -> Manifest | None:
        """The manifest of an artifact, whose files are not looked at; None if there is no such artifact.

        Raises:
            ModelError: the manifest is unreadable or another artifact's.
        """
        path = self.folder / _name(digest) / "manifest.json"
        with writing(self.folder):
            if not path.exists():
                return None
        manifest = manifests.read(path)
        if manifest.digest != digest:
            raise ModelError(f"artifact {digest[:12]}: its manifest.json belongs to another artifact")
        return manifest

    def note(self, kind: str, key: str, shape: type[T]) -> T | None:
        """What was kept about something; None if nothing was.

        Args:
            kind: of notes, such as `verdicts`.
            key: what it is about: letters, digits and hyphens.
            shape: dataclass of these notes.

        Raises:
            ModelError: the note is unreadable.
        """
        path = self._note(kind, key)
        with writing(self.folder):
            if not path.exists():
                return None
            text = path.read_text(encoding="utf-8")
        try:
            return document.decode(shape, document.parse(text))
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{path} is malformed: {error}; remove it and run the same command again") from error

    def keep_note(self, kind: str, key: str, value: Any) -> None:
        """Keep a note, a dataclass. The first one about something stays.

        Raises:
            ModelError: the disk is full or the store read-only.
        """
        path = self._note(kind, key)
        with writing(self.folder), self.staging() as aside:
            path.parent.mkdir(exist_ok=True)
            (aside / path.name).write_text(document.dumps(value), encoding="utf-8")
            with suppress(FileExistsError):
                os.link(aside / path.name, path)

    def _note(self, kind: str, key: str) -> Path:
        return self.folder / _name(kind) / f"{_name(key)}.json"

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A fresh folder inside the store, removed at exit; what dead processes of this host left goes first.

        A process holds a lock on its folder while it lives: the kernel lets go of it even after SIGKILL.
        """
        with writing(self.folder):
            self._staging.mkdir(parents=True, exist_ok=True)
            with _locked(self._staging):  # nobody looks for leftovers between the next folder and its lock
                self._remove_leftovers()
                path = self._staging / f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
                path.mkdir()
                lock = os.open(path, os.O_RDONLY)
                fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)

    def publish(self, staged: Path, manifest: Manifest) -> Path:
        """Move a staged artifact (`model/`, pictures) into place, record its training, return its folder.

        An intact artifact of the same digest is kept, a damaged one replaced. The record is written last.

        Raises:
            ModelError: the disk is full, the store read-only, or the staged files are not the manifest's.
        """
        target = self.folder / manifest.digest
        with writing(self.folder), self.staging() as aside:
            manifests.write(staged / "manifest.json", manifest)
            if reason := _damage(staged, manifest):
                raise ModelError(f"{reason} while it was written to {self.folder}; run the same command again")
            manifests.write(aside / "record.json", manifest)  # before anything is in place: the disk may be full
            self._records.mkdir(exist_ok=True)
            if target.exists() and _damage(target, manifest):
                target.rename(aside / "damaged")
            if not target.exists():
                _rename_unless_there(staged, target)
            (aside / "record.json").replace(self._records / f"{manifest.fingerprint}.json")
        return target

    def _remove_leftovers(self) -> None:
        for path in self._staging.iterdir():
            if path.name.rsplit("-", 2)[0] == socket.gethostname():
                with suppress(BlockingIOError), _locked(path, fcntl.LOCK_NB):  # blocked: its process lives
                    shutil.rmtree(path, ignore_errors=True)


def _name(text: str) -> str:
    """The text itself, if it may become the name of a file."""
    if not re.fullmatch("[0-9a-zA-Z-]+", text):
        raise ModelError(f"the artifact store has nothing called {text!r}: letters, digits and hyphens only")
    return text


def _damage(path: Path, manifest: Manifest) -> str:
    """What is wrong with the artifact in `path`, in words; empty if its bytes are those of the manifest."""
    name = f"artifact {manifest.digest[:12]}"
    if not path.is_dir():
        return f"{name} is gone"
    try:
        if manifests.read(path / "manifest.json").digest != manifest.digest:
            return f"{name}: its manifest.json belongs to another artifact"
        found = file_digests(path / "model")
    except (ModelError, OSError) as error:
        return f"{name}: {error}"
    for file in sorted(manifest.files.keys() | found.keys()):
        if file not in found:
            return f"{name}: {file} is missing"
        if file not in manifest.files:
            return f"{name}: {file} does not belong there"
        if found[file] != manifest.files[file]:
            return f"{name}: {file} was altered"
    return "" if digest_of(found) == manifest.digest else f"{name}: its manifest lists other files"


def open_store(location: str, root: Path) -> ArtifactStore:
    """The artifact store of a `artifactStore` setting; a relative folder starts from `root`."""
    return ArtifactStore(root / location)


def _rename_unless_there(staged: Path, target: Path) -> None:
    try:
        staged.rename(target)
    except OSError as error:  # another process published the same digest at this moment
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise


@contextmanager
def _locked(folder: Path, flags: int = 0) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | flags)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn what the file system refuses into a ModelError that names the store's folder and what to do."""
    try:
        yield
    except BrokenPipeError:  # of the output that progress goes to, not of the store
        raise
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, f"{error.strerror or error}; {_REMEDY}")
        raise ModelError(f"artifact store {folder} cannot be used: {reason}") from error
