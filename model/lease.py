"""Single flight: of several processes that want the same training, one trains and the others wait for its result.

Owns the lease, a file in the store that its holder renews, and who may take it over. It spares work, no more: should
two trainings run at once all the same, both are safe, for the store keeps the first result (store.publish).
"""

import getpass
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from model import document
from model.errors import ModelError
from model.store import Found, Store

FOLDER = "leases"
RENEWAL_SECONDS = 5.0
# Of a holder whose lease did not change for so long it is said that it does not train any more. Measured by the clock
# of the one who waits: those of two machines need not agree.
SILENCE_SECONDS = 30.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 2.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Holder:
    """Who trains: `renewals` grows while it lives."""

    host: str
    pid: int
    user: str
    since: str
    lease: str
    renewals: int = 0

    def __str__(self) -> str:
        return f"{self.user} on {self.host} (process {self.pid}, since {self.since})"

    def is_dead(self) -> bool:
        """Whether it was a process of this machine and is none any more."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:  # another user's, alive
            return False
        return False


class Lease:
    """The right to train a fingerprint; `leases/<fingerprint>-<number>.json`, of which the highest number counts.

    Who takes a dead holder's lease over creates the next number, which of several only one can.
    """

    def __init__(self, store: Store, fingerprint: str, say: Say) -> None:
        self._store = store
        self._files = store.files
        self._fingerprint = fingerprint
        self._say = say
        self._mine = Holder(
            socket.gethostname(), os.getpid(), _user(), datetime.now(UTC).isoformat("T", "seconds"), uuid.uuid4().hex
        )
        self._path = ""
        self._seen: tuple[bytes, float] = (b"", 0.0)
        self._told = 0.0
        self._released = threading.Event()

    def take(self) -> bool:
        """Try once to become the holder; says for whom it waits, and whose lease it takes over."""
        with self._store.guard():
            numbers = self._numbers()
            content = self._files.read(self._at(numbers[-1])) if numbers else None
            if content is not None and not self._is_stale(content):
                return False
            path = self._at(numbers[-1] + 1 if numbers else 1)
            if not self._files.create(path, _encoded(self._mine)):
                return False
            self._path = path
            if not self._files.creates_exclusively or self._files.create(path, _encoded(self._mine)):  # again: refused
                self._say(f"{self._store.location} does not create files exclusively: others may train the same model")
            for number in numbers:
                self._files.remove(self._at(number))
        if content is not None:
            self._say(f"taking over the training of {_named(content)}, which gives no sign of life")
        return True

    def keep(self) -> None:
        """Renew the lease, from a thread of its own, until it is released."""
        threading.Thread(target=self._renew, name="lease", daemon=True).start()

    def release(self) -> None:
        """Let others train; what the store refuses now is no matter, for the lease runs out."""
        self._released.set()
        with suppress(ModelError), self._store.guard():
            self._files.remove(self._path)

    def _renew(self) -> None:
        renewed = self._mine
        while not self._released.wait(RENEWAL_SECONDS):
            renewed = replace(renewed, renewals=renewed.renewals + 1)
            with suppress(ModelError), self._store.guard():
                self._files.replace(self._path, _encoded(renewed))

    def _is_stale(self, content: bytes) -> bool:
        now = time.monotonic()
        if content != self._seen[0]:
            self._seen = content, now
        holder = _decoded(content)
        if now - self._seen[1] >= SILENCE_SECONDS or (holder and holder.is_dead()):
            return True
        if now - self._told >= SILENCE_SECONDS or not self._told:
            self._told = now
            self._say(f"waiting for {_named(content)}, who trains the same model")
        return False

    def _numbers(self) -> list[int]:
        names = (name.removesuffix(".json").rpartition("-") for name in self._files.tree(FOLDER))
        return sorted(int(number) for name, _, number in names if name == self._fingerprint and number.isdecimal())

    def _at(self, number: int) -> str:
        return f"{FOLDER}/{self._fingerprint}-{number}.json"


@contextmanager
def single_flight(store: Store, fingerprint: str, say: Say) -> Iterator[Found | None]:
    """Wait while another process trains a fingerprint.

    Yields what it trained, or None to the one who is to train: no other does until the end of the block.

    Raises:
        ModelError: the store refuses.
    """
    lease = Lease(store, fingerprint, say)
    pause = FIRST_PAUSE_SECONDS
    while not lease.take():
        if isinstance(found := store.find(fingerprint), Found):
            yield found
            return
        time.sleep(pause)
        pause = min(1.5 * pause, LONGEST_PAUSE_SECONDS)
    try:
        lease.keep()
        found = store.find(fingerprint)  # the one before may have finished at this moment
        yield found if isinstance(found, Found) else None
    finally:
        lease.release()


def _encoded(holder: Holder) -> bytes:
    return document.dumps(holder).encode()


def _decoded(content: bytes) -> Holder | None:
    try:
        return document.decode(Holder, document.parse(content.decode()))
    except (ValueError, RecursionError):
        return None


def _named(content: bytes) -> str:
    return str(_decoded(content) or "somebody whose lease is unreadable")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return str(os.getuid())
