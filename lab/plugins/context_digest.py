"""The digest of a build context, by which an image's inputs are told from those of the last build.

Owns what goes into it, which is what the official provider takes (pulumi-docker: provider.go, hashContext): the
Dockerfile, and of every file that is sent its relative name, mode and content; of a symbolic link where it leads to.
"""

import hashlib
import stat
from pathlib import Path

from lab.plugins import dockerignore

NO_MODE = "----------"  # what the Dockerfile counts with, whatever its mode and name are


def context_digest(context: Path, dockerfile: Path) -> str:
    """SHA-256, as hexadecimal digits, of a build context.

    Raises:
        OSError: a file cannot be read.
    """
    digest = hashlib.sha256()
    digest.update(_entry("Dockerfile", NO_MODE, dockerfile))
    for path, mode in dockerignore.sent_files(context, dockerignore.read(context, dockerfile)):
        digest.update(_entry(path, _mode_text(mode), context / path))
    return digest.hexdigest()


def _entry(name: str, mode: str, file: Path) -> bytes:
    if mode.startswith("L"):
        content = hashlib.sha256(str(file.resolve(strict=True)).encode())
    else:
        with file.open("rb") as opened:
            content = hashlib.file_digest(opened, "sha256")
    return name.encode() + mode.encode() + content.digest() + b"\0"


def _mode_text(mode: int) -> str:
    """A mode as Go writes it, which marks a link with a capital letter."""
    text = stat.filemode(mode)
    return f"L{text[1:]}" if stat.S_ISLNK(mode) else text
