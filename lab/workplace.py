"""A place in the cache folder to make something in, for one process at a time; nothing unfinished stays behind."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.progress import say


@contextmanager
def alone_in(folder: Path, doing: str) -> Iterator[None]:
    """Keep other processes out; the system lets go of the lock when its holder ends.

    Args:
        folder: made if it is missing.
        doing: what a process that holds the lock does, for those that wait.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Another make is {doing}: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def aside_in(cache: Path) -> Iterator[Path]:
    """An empty folder on the cache's disk, removed in the end. The caller is alone in the cache."""
    for left_over in cache.glob("unfinished-*"):  # of a make that was killed
        shutil.rmtree(left_over, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="unfinished-") as aside:
        yield Path(aside)
