"""The small files of a store, read and written whole: in a folder here, in an object store in `model.remote_files`.

Owns how one file comes into being at once and by one writer only. Does not know what the files say.
"""

import os
import shutil
import socket
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Protocol


class Files(Protocol):
    """Files by their path relative to the store, with / between the parts."""

    @property
    def creates_exclusively(self) -> bool:
        """Whether of several writers of a new file one succeeds."""

    def read(self, path: str) -> bytes | None:
        """The content of a file; None if there is none."""

    def create(self, path: str, content: bytes) -> bool:
        """Write a file that is not there yet; whether it was not. Readers see all of it or nothing."""

    def replace(self, path: str, content: bytes) -> None:
        """Write a file, whether or not it is there."""

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""

    def tree(self, folder: str) -> dict[str, int]:
        """Every file below a folder, relative to it and sorted, to its size in bytes; hidden ones are left out."""

    def remove_tree(self, folder: str) -> None:
        """Remove a folder with all below it, if it is there."""


class FolderFiles:
    """Files in a folder of this machine, or of a file system that it shares with others.

    Errors are OSErrors, as the file system gives them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def creates_exclusively(self) -> bool:
        """Of several that link to one name one succeeds, on every file system."""
        return True

    def read(self, path: str) -> bytes | None:
        """The content of a file; None if there is none."""
        try:
            return (self.folder / path).read_bytes()
        except FileNotFoundError:
            return None

    def create(self, path: str, content: bytes) -> bool:
        """Write a file that is not there yet; whether it was not."""
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

    def tree(self, folder: str) -> dict[str, int]:
        """Every file below a folder, relative to it and sorted, to its size in bytes; hidden ones are left out."""
        found = {}
        for place, folders, names in os.walk(self.folder / folder):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                path = Path(place, name)
                with suppress(FileNotFoundError):  # removed at this moment
                    if not name.startswith("."):
                        found[path.relative_to(self.folder / folder).as_posix()] = path.stat().st_size
        return dict(sorted(found.items()))

    def remove_tree(self, folder: str) -> None:
        """Remove a folder with all below it, if it is there: at once for those who look for its name."""
        aside = self.folder / f".removed-{uuid.uuid4().hex[:8]}"
        with suppress(FileNotFoundError):
            (self.folder / folder).rename(aside)
            shutil.rmtree(aside)

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
