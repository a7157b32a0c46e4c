"""The artifact store: SavedModels by digest and the records of trainings by fingerprint, in a folder.

Layout: `<digest>/model/` (the SavedModel and nothing else), `<digest>/manifest.json` of the first training
that gave this digest, pictures beside it, `fingerprints/<fingerprint>.json`, each training's full manifest,
`<kind>/<key>.json`, notes: small documents about an artifact, such as the verdict on an image, and `leases/`, who
trains now. An artifact without manifest does not exist. `model.remote_store` keeps the same layout at a URL.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from model import document, store_url
from model import manifest as manifests
from model.artifact import Damaged, Found, damage
from model.errors import ModelError
from model.files import FolderFiles
from model.manifest import Manifest
from model.staging import fresh_folder
from model.store_access import writing
from model.store_documents import StoredDocuments, record_path

if TYPE_CHECKING:
    from model.remote_store import RemoteStore

__all__ = ["ArtifactStore", "Damaged", "Found", "Store", "open_store", "writing"]

WORKING_COPY = ".artifacts"
"""Folder in the project of what is in use of a store at a URL; the default store as well."""


class ArtifactStore(StoredDocuments):
    """The artifact store in `folder`, which is created when something is first written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        super().__init__(str(self.folder), FolderFiles(self.folder), partial(writing, self.folder))

    def find(self, fingerprint: str) -> Found | Damaged | None:
        """The verified artifact of a fingerprint, what is wrong with it, or None if never trained here."""
        manifest = self.record(fingerprint)
        if not isinstance(manifest, Manifest):
            return manifest
        reason = self.fault(manifest)
        return Damaged(reason, manifest.digest) if reason else Found(manifest, self.folder / manifest.digest)

    def fault(self, manifest: Manifest) -> str:
        """What is wrong with the artifact of a recorded training, in words; empty if its bytes are the manifest's."""
        return damage(self.folder / manifest.digest, manifest)

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A fresh folder inside the store, removed at exit; what dead processes of this host left goes first."""
        with ExitStack() as stack:
            with writing(self.folder):
                path = stack.enter_context(fresh_folder(self.folder / ".staging"))
            yield path

    def adopt(self, fingerprint: str) -> Found | None:
        """Nothing: what is trained on this machine is in the store (unlike in `RemoteStore.adopt`)."""

    def publish(self, staged: Path, manifest: Manifest) -> Path:
        """Move a staged artifact (`model/`, pictures) into place, record its training; the recorded artifact's folder.

        An intact artifact of the same digest is kept, a damaged one replaced. The record is written last. What was
        recorded for the same fingerprint stays while its artifact is intact, whatever its digest.

        Raises:
            ModelError: the disk is full, the store read-only, or the staged files are not the manifest's.
        """
        with writing(self.folder):
            manifests.write(staged / "manifest.json", manifest)
            before = self.find(manifest.fingerprint)
            if isinstance(before, Found):
                return before.path
            target = self.place(staged, manifest)
            path, content = record_path(manifest.fingerprint), document.dumps(manifest).encode()
            if before:  # the record is of the artifact that was replaced
                self.files.replace(path, content)
            elif not self.files.create(path, content):
                if isinstance(found := self.find(manifest.fingerprint), Found):  # by another process, at this moment
                    return found.path
                self.files.replace(path, content)
        return target

    def place(self, staged: Path, manifest: Manifest) -> Path:
        """Move a staged artifact with its manifest.json into place, without a record; its folder.

        Raises:
            ModelError: as `publish`.
        """
        target = self.folder / manifest.digest
        with writing(self.folder), self.staging() as aside:
            if reason := damage(staged, manifest):
                raise ModelError(f"{reason} while it was written to {self.folder}; run the same command again")
            if target.exists() and damage(target, manifest):
                target.rename(aside / "damaged")
            if not target.exists():
                _rename_unless_there(staged, target)
        return target


Store: TypeAlias = "ArtifactStore | RemoteStore"


def open_store(location: str, root: Path) -> Store:
    """The artifact store of an `artifactStore` setting: a folder, a relative one starting from `root`, or a URL.

    What is at a URL is copied to `.artifacts` in `root`, verified, and used there.

    Raises:
        ModelError: the URL is none that can be opened here; the message says what to do.
    """
    if not store_url.is_url(location):
        return ArtifactStore(root / location)
    if reason := store_url.problem(location):
        raise ModelError(f"artifact store {store_url.shown(location)} {reason}")
    if folder := store_url.local_folder(location):
        return ArtifactStore(Path(folder))
    from model.remote_files import RemoteFiles  # noqa: PLC0415 - fsspec, for URLs only
    from model.remote_store import RemoteStore  # noqa: PLC0415

    return RemoteStore(RemoteFiles(location), ArtifactStore(root / WORKING_COPY))


def _rename_unless_there(staged: Path, target: Path) -> None:
    try:
        staged.rename(target)
    except OSError as error:  # another process published the same digest at this moment
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
