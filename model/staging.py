"""Folders inside a store in which something is made before it is renamed into place.

Owns their life: whose process was killed, its folder is removed by the next one. Does not know what is made there.
"""

import fcntl
import os
import shutil
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def fresh_folder(staging: Path) -> Iterator[Path]:
    """A new folder inside `staging`, removed at exit; what dead processes of this host left goes first.

    A process holds a lock on its folder while it lives: the kernel lets go of it even after SIGKILL.
    """
    staging.mkdir(parents=True, exist_ok=True)
    with _locked(staging):  # nobody looks for leftovers between the next folder and its lock
        _remove_leftovers(staging)
        path = staging / f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        path.mkdir()
        lock = os.open(path, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def _remove_leftovers(staging: Path) -> None:
    for path in staging.iterdir():
        if path.name.rsplit("-", 2)[0] == socket.gethostname():
            with suppress(BlockingIOError), _locked(path, fcntl.LOCK_NB):  # blocked: its process lives
                shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _locked(folder: Path, flags: int = 0) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | flags)
        yield
    finally:
        os.close(descriptor)
