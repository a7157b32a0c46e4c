"""What a file system refuses to an artifact store, in words that say what to do.

Owns the messages for folders. Does not own those of object stores (model.remote_files).
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model.errors import ModelError

REMEDY = "choose another store: --store FOLDER, or pulumi config set artifactStore FOLDER"
REASONS = {
    errno.ENOSPC: "the disk is full; free some space and run the same command again",
    errno.EDQUOT: "the disk quota is used up; free some space and run the same command again",
    errno.EACCES: f"this user may not write there; {REMEDY}",
    errno.EPERM: f"this user may not write there; {REMEDY}",
    errno.EROFS: f"its file system is read-only; {REMEDY}",
    errno.ENOTDIR: f"a file stands where a folder should be; {REMEDY}",
    errno.EEXIST: f"a file stands where a folder should be; {REMEDY}",
}


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn what the file system refuses into a ModelError that names the store's folder and what to do."""
    try:
        yield
    except BrokenPipeError:  # of the output that progress goes to, not of the store
        raise
    except OSError as error:
        reason = REASONS.get(error.errno or 0, f"{error.strerror or error}; {REMEDY}")
        raise ModelError(f"artifact store {folder} cannot be used: {reason}") from error
