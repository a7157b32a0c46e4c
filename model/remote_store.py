"""The artifact store at a URL: the same layout as a folder's, and a folder as the working copy.

Owns what is copied when. Artifacts are found by digest and used in the working copy, where their bytes are verified on
every use; of the documents the ones at the URL count. Does not own the transport (remote_files).
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from model import document
from model.artifact import Damaged, Found, damage
from model.digest import digest_of
from model.errors import ModelError
from model.manifest import Manifest
from model.remote_files import RemoteFiles
from model.store import ArtifactStore
from model.store_documents import StoredDocuments, record_path


class RemoteStore(StoredDocuments):
    """The artifact store at a URL.

    Args:
        files: at the URL.
        working_copy: store that holds the artifacts in use; others may use it as well.
    """

    def __init__(self, files: RemoteFiles, working_copy: ArtifactStore) -> None:
        self.folder = working_copy.folder
        self._remote = files
        self._working_copy = working_copy
        super().__init__(files.url, files, files.using)

    def find(self, fingerprint: str) -> Found | Damaged | None:
        """The verified artifact of a fingerprint, copied here if need be; what is wrong with it; None if not trained.

        Raises:
            ModelError: the store cannot be reached or read, or the working copy not written.
        """
        manifest = self.record(fingerprint)
        if not isinstance(manifest, Manifest):
            return manifest
        path = self.folder / manifest.digest
        reason = self._restore(manifest) if damage(path, manifest) else ""
        return Damaged(reason, manifest.digest) if reason else Found(manifest, path)

    def fault(self, manifest: Manifest) -> str:
        """What is wrong with the artifact of a recorded training at the URL, in words; the working copy is not used.

        Raises:
            ModelError: the store cannot be reached or read.
        """
        with tempfile.TemporaryDirectory(prefix="verify-") as folder:
            return self._fetch(manifest, Path(folder) / "artifact")

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A fresh folder inside the working copy, removed at exit."""
        with self._working_copy.staging() as path:
            yield path

    def publish(self, staged: Path, manifest: Manifest) -> Path:
        """Keep a staged artifact in the working copy and at the URL, blobs first, the record last; its folder here.

        What was recorded for the same fingerprint stays while its artifact can be restored, whatever its digest.

        Raises:
            ModelError: the store refuses, or the staged files are not the manifest's.
        """
        self._working_copy.publish(staged, manifest)
        found = self.adopt(manifest.fingerprint)
        if found is None:
            raise ModelError(
                f"artifact {manifest.digest[:12]} was altered in {self.folder}; run the same command again"
            )
        return found.path

    def adopt(self, fingerprint: str) -> Found | None:
        """Upload what the working copy has of a fingerprint that the URL lacks; None if it has nothing.

        So a training is not repeated that could not be uploaded, or that a stack with this folder as its store made.
        """
        here = self._working_copy.find(fingerprint)
        if not isinstance(here, Found):
            return None
        self._upload(here)
        path, content = record_path(fingerprint), document.dumps(here.manifest).encode()
        if not self.files.create(path, content):
            if isinstance(found := self.find(fingerprint), Found):
                return found
            self.files.replace(path, content)
        return here

    def _upload(self, found: Found) -> None:
        digest = found.manifest.digest
        for file in found.manifest.files:
            self._remote.upload(found.path / "model" / file, f"{digest}/model/{file}")
        for picture in found.path.glob("*.png"):
            self._remote.upload(picture, f"{digest}/{picture.name}")
        content = document.dumps(found.manifest).encode()
        path = f"{digest}/manifest.json"
        if not self.files.create(path, content) and not self._has_manifest(digest):
            self.files.replace(path, content)

    def _has_manifest(self, digest: str) -> bool:
        try:
            return self.manifest_of(digest) is not None
        except ModelError:
            return False

    def _restore(self, manifest: Manifest) -> str:
        """Copy an artifact from the URL to the working copy; what is wrong with it there, or empty."""
        with self.staging() as staged:
            if reason := self._fetch(manifest, staged / "artifact"):
                return reason
            self._working_copy.place(staged / "artifact", manifest)
        return ""

    def _fetch(self, manifest: Manifest, folder: Path) -> str:
        """Copy an artifact from the URL to a new folder and verify it; what is wrong with it, or empty."""
        name = f"artifact {manifest.digest[:12]}"
        wanted = {f"model/{file}" for file in manifest.files} | {"manifest.json"}
        if digest_of(manifest.files) != manifest.digest or not all(map(_stays_inside, manifest.files)):
            return f"{name}: its manifest lists other files"
        there = self._remote.tree(manifest.digest)
        for file in sorted(wanted - there.keys()):
            return f"{name}: {file} is missing in {self.location}"
        wanted |= {file for file in there if file.endswith(".png") and "/" not in file}
        self._remote.download({f"{manifest.digest}/{file}": folder / file for file in sorted(wanted)})
        reason = damage(folder, manifest)
        return f"{reason} in {self.location}" if reason else ""


def _stays_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts
