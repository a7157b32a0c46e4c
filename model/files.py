"""The small files of a store, read and written whole: in a folder here, in an object store in `model.remote_files`.

Owns how one file comes into being at once and by one writer only. Does not know what the files say.
"""

import os
import socket
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Protocol


class Files(Protocol):
    """Files by their path relative to the store, with / between the parts."""

    def read(self, path: str) -> bytes | None:
        """The content of a file; None if there is none."""

    def create(self, path: str, content: bytes) -> bool:
        """Write a file that is not there yet; whether it was not. Readers see all of it or nothing."""

    def replace(self, path: str, content: bytes) -> None:
        """Write a file, whether or not it is there."""

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""

    def names(self, folder: str) -> list[str]:
        """The names of the files in a folder, sorted; none if there is no such folder."""


class FolderFiles:
    """Files in a folder of this machine, or of a file system that it shares with others.

    Errors are OSErrors, as the file system gives them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, path: str) -> bytes | None:
        """The content of a file; None if there is none."""
        try:
            return (self.folder / path).read_bytes()
        except FileNotFoundError:
            return None

    def create(self, path: str, content: bytes) -> bool:
        """Write a file that is not there yet; whether it was not. Of several that link to one name one succeeds."""
        aside = self._aside(path, content)
        try:
            os.link(aside, self.folder / path)
        except FileExistsError:
            return False
        finally:
            aside.unlink(missing_ok=True)
        return True

    def replace(self, path: str, content: bytes) -> None:
        """Write a file, whether or not it is there."""
        aside = self._aside(path, content)
        try:
            aside.replace(self.folder / path)
        finally:
            aside.unlink(missing_ok=True)

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        (self.folder / path).unlink(missing_ok=True)

    def names(self, folder: str) -> list[str]:
        """The names of the files in a folder, sorted; none if there is no such folder."""
        with suppress(FileNotFoundError):
            return sorted(path.name for path in (self.folder / folder).iterdir() if not path.name.startswith("."))
        return []

    def _aside(self, path: str, content: bytes) -> Path:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f".{target.name}.{socket.gethostname()}.{uuid.uuid4().hex[:8]}")
        try:
            aside.write_bytes(content)
        except OSError:  # such as a full disk, on which half of it may lie
            aside.unlink(missing_ok=True)
            raise
        return aside
