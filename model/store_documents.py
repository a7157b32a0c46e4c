"""The documents of an artifact store: records of trainings, manifests and notes, wherever the store is.

Owns what they are called and how they are read. Does not own the SavedModels (store, remote_store) nor how a file gets
to its place (files, remote_files).
"""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from model import document
from model import manifest as manifests
from model.artifact import Damaged
from model.errors import ModelError
from model.files import Files
from model.manifest import Manifest

T = TypeVar("T")

RECORDS = "fingerprints"


class StoredDocuments:
    """The documents of one store.

    Args:
        location: of the store, as people write it.
        files: of the store.
        guard: turns what the file system refuses into a ModelError.
    """

    def __init__(self, location: str, files: Files, guard: Callable[[], AbstractContextManager[None]]) -> None:
        self.location = location
        self.files = files
        self.guard = guard

    def record(self, fingerprint: str) -> Manifest | Damaged | None:
        """The manifest that was recorded for a fingerprint, what is wrong with it, or None if it was never trained."""
        path = record_path(fingerprint)
        content = self._read(path)
        if content is None:
            return None
        try:
            manifest = manifests.parse(content, self._where(path))
        except ModelError as error:
            return Damaged(f"its manifest is unreadable: {error}", "")
        if manifest.fingerprint != fingerprint:
            return Damaged(f"its manifest {self._where(path)} belongs to another training", manifest.digest)
        return manifest

    def trainings(self) -> list[Manifest]:
        """The readable manifests of all trainings, newest first; nothing is verified."""
        records = [self.record(fingerprint) for fingerprint in self.fingerprints()]
        found = [record for record in records if isinstance(record, Manifest)]
        return sorted(found, key=lambda manifest: manifest.created, reverse=True)

    def fingerprints(self) -> list[str]:
        """The fingerprints of all trainings."""
        with self.guard():
            names = self.files.tree(RECORDS)
        return [name.removesuffix(".json") for name in names if name.endswith(".json")]

    def manifest_of(self, digest: str) -> Manifest | None:
        """The manifest of an artifact, whose files are not looked at; None if there is no such artifact.

        Raises:
            ModelError: the manifest is unreadable or another artifact's.
        """
        path = f"{proper_name(digest)}/manifest.json"
        content = self._read(path)
        if content is None:
            return None
        manifest = manifests.parse(content, self._where(path))
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
        path = f"{proper_name(kind)}/{proper_name(key)}.json"
        content = self._read(path)
        if content is None:
            return None
        try:
            return document.decode(shape, document.parse(content.decode()))
        except (ValueError, RecursionError) as error:
            message = f"{self._where(path)} is malformed: {error}; remove it and run the same command again"
            raise ModelError(message) from error

    def keep_note(self, kind: str, key: str, value: Any) -> None:
        """Keep a note, a dataclass. The first one about something stays.

        Raises:
            ModelError: the disk is full or the store read-only.
        """
        path = f"{proper_name(kind)}/{proper_name(key)}.json"
        with self.guard():
            self.files.create(path, document.dumps(value).encode())

    def _read(self, path: str) -> bytes | None:
        with self.guard():
            return self.files.read(path)

    def _where(self, path: str) -> str:
        return f"{self.location}/{path}"


def record_path(fingerprint: str) -> str:
    """The record of a training, relative to the store."""
    return f"{RECORDS}/{fingerprint}.json"


def proper_name(text: str) -> str:
    """The text itself, if it may become the name of a file.

    Raises:
        ModelError: it may not.
    """
    if not re.fullmatch("[0-9a-zA-Z-]+", text):
        raise ModelError(f"the artifact store has nothing called {text!r}: letters, digits and hyphens only")
    return text
