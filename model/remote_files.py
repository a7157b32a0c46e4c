"""The files of a store at a URL, through fsspec: S3, Google Cloud Storage, Azure and whatever else it opens.

Owns how a file system is opened, which of its features are used, and its errors in words that say what to do. Does not
know what the files say. Importing it imports fsspec.
"""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
from fsspec.core import url_to_fs
from fsspec.spec import AbstractFileSystem

from model import store_access, store_url
from model.errors import ModelError

CONNECT_SECONDS, READ_SECONDS = 5, 60
S3_OPTIONS = {"config_kwargs": {"connect_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS}}
OPTIONS: Mapping[str, Mapping[str, Any]] = {"s3": S3_OPTIONS, "s3a": S3_OPTIONS}
REMEDY = "give other credentials, or choose another store: pulumi config set artifactStore ..."


class RemoteFiles:
    """Files below a URL.

    Args:
        url: whose form `store_url.problem` finds nothing wrong with.

    Raises:
        ModelError: no file system has this scheme, or a package for it is missing.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._fs, self._root = _opened(self.url)

    @property
    def creates_exclusively(self) -> bool:
        """Whether of several writers of a new file one succeeds, as far as the kind of file system tells.

        fsspec's own fallback looks whether the file is there and then writes it: two writers may both think they did.
        """
        return getattr(self._fs.pipe_file, "__func__", None) is not AbstractFileSystem.pipe_file

    def read(self, path: str) -> bytes | None:
        """The content of a file; None if there is none."""
        with self.using():
            try:
                return bytes(self._fs.cat_file(self._at(path)))
            except FileNotFoundError:
                return None

    def create(self, path: str, content: bytes) -> bool:
        """Write a file that is not there yet; whether it was not."""
        with self.using():
            try:
                self._fs.pipe_file(self._at(path), content, mode="create")
            except FileExistsError:
                return False
            return True

    def replace(self, path: str, content: bytes) -> None:
        """Write a file, whether or not it is there."""
        with self.using():
            self._fs.pipe_file(self._at(path), content)

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        with self.using():
            try:
                self._fs.rm_file(self._at(path))
            except FileNotFoundError:
                return

    def tree(self, folder: str) -> dict[str, int]:
        """Every file below a folder, relative to it and sorted, to its size in bytes; hidden ones are left out."""
        start = f"{self._at(folder).rstrip('/')}/"
        with self.using():
            self._fs.invalidate_cache()
            found = self._fs.find(start, detail=True)
        sizes = {path.removeprefix(start): int(found[path]["size"] or 0) for path in sorted(found)}
        return {path: size for path, size in sizes.items() if not path.startswith(".")}

    def remove_tree(self, folder: str) -> None:
        """Remove a folder with all below it, if it is there."""
        with self.using():
            self._fs.invalidate_cache()
            if found := self._fs.find(self._at(folder)):
                self._fs.rm(found)

    def upload(self, source: Path, path: str) -> None:
        """Write a local file's bytes, unless a file is there that has them."""
        with self.using():
            try:
                self._fs.put_file(str(source), self._at(path), mode="create")
            except FileExistsError:
                if self._fs.cat_file(self._at(path)) != source.read_bytes():
                    self._fs.put_file(str(source), self._at(path))

    def download(self, targets: Mapping[str, Path]) -> None:
        """Write files to local paths, all at the same time.

        Raises:
            ModelError: one of them is not there.
        """
        for target in targets.values():
            target.parent.mkdir(parents=True, exist_ok=True)
        with self.using():
            self._fs.get([self._at(path) for path in targets], [str(target) for target in targets.values()])

    @contextmanager
    def using(self) -> Iterator[None]:
        """Turn what the file system refuses into a ModelError that names the store and what to do."""
        try:
            yield
        except ModelError:
            raise
        except Exception as error:  # every service has exceptions of its own
            raise ModelError(f"artifact store {self.url} cannot be used: {_reason(error)}") from error

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"


def _opened(url: str) -> tuple[AbstractFileSystem, str]:
    scheme = url.partition("://")[0]
    try:
        fs, root = url_to_fs(url, use_listings_cache=False, **OPTIONS.get(scheme, {}))
    except ImportError as error:
        missing = store_url.PACKAGES.get(scheme) or str(error)
        raise ModelError(f"artifact store {url} needs a package that is not installed: pip install {missing}") from None
    except (TypeError, ValueError) as error:
        known = "a folder, s3://, gs:// or az://"
        if scheme not in fsspec.available_protocols():
            raise ModelError(f"artifact store {url}: there is no file system {scheme}://; choose {known}") from None
        raise ModelError(f"artifact store {url} cannot be used: {_line(error)}; choose {known}") from error
    return fs, str(root).rstrip("/")


def _reason(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return f"it refuses these credentials ({_line(error)}); {REMEDY}"
    if isinstance(error, FileNotFoundError):
        return f"there is no such bucket, container or file ({_line(error)}); create it, or correct artifactStore"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        return store_access.REASONS[error.errno]
    if "credentials" in type(error).__name__.lower():  # botocore's NoCredentialsError and its like
        return f"there are no credentials ({_line(error)}); set them in the environment as its service wants them"
    return f"{_line(error)}; is it there and reachable? then run the same command again"


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
