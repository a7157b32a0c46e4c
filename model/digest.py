"""A model's identity: sha256 over the sorted tree of its files.

It covers relative paths and bytes, neither modes, times nor empty folders. It does not know what they mean.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from model.errors import ModelError


def file_digests(folder: Path) -> dict[str, str]:
    """Each file below `folder` (relative posix path, sorted bytewise) to the sha256 of its bytes, in hex.

    Raises:
        ModelError: something is neither folder nor regular file, or has a name that sha256sum would escape.
    """
    digests = {}
    for path in sorted(folder.rglob("*"), key=lambda path: os.fsencode(path.relative_to(folder).as_posix())):
        relative = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_dir() or path.is_file()) or {"\n", "\r", "\\"} & set(relative):
            raise ModelError(f"{str(path)!r} does not belong into a SavedModel (link, odd name or not a file)")
        if path.is_file():
            with path.open("rb") as file:
                digests[relative] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests


def digest_of(digests: Mapping[str, str]) -> str:
    """The tree digest of files with these digests, whatever the order in which they are given."""
    lines = sorted((os.fsencode(path), sha256) for path, sha256 in digests.items())
    tree = hashlib.sha256()
    for path, sha256 in lines:
        tree.update(sha256.encode() + b"  " + path + b"\n")
    return tree.hexdigest()


def tree_digest(folder: Path) -> str:
    r"""The tree digest of `folder`, in hex.

    Inside the folder, coreutils print the same:
    `find . -type f | sed 's,^\./,,' | LC_ALL=C sort | xargs sha256sum | sha256sum`.
    """
    return digest_of(file_digests(folder))
