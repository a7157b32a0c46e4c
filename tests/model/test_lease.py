"""Tests of model.lease: one trains, the others wait; in processes of their own where it matters."""

import multiprocessing
import os
import socket
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from model import lease
from model.lease import Holder, Lease, single_flight
from model.store import ArtifactStore, Found, Store, open_store
from tests.model import samples
from tests.model.test_store import publish

FINGERPRINT = "547c54aec0096b1ea3bb8a3ecbf58ad079bd5658a292643dcfb9aea3a7873b64"
SPAWN = multiprocessing.get_context("spawn")


def train(location: str, project: Path, fingerprint: str, said: Any, start: Any) -> None:
    """What `python -m model train` does, without the training: the word `trained` stands for it."""
    store = open_store(location, project)
    start.wait(60)
    with single_flight(store, fingerprint, said.put) as found:
        if found is None:
            said.put("trained")
            time.sleep(1)
            publish(store)


def stop_half_way(location: str, project: Path, fingerprint: str, said: Any) -> None:
    """A training that is killed."""
    with single_flight(open_store(location, project), fingerprint, said.put):
        said.put("training")
        time.sleep(60)


@pytest.fixture(params=["folder", "s3"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store that processes can share."""
    if request.param == "folder":
        return str(tmp_path / "store")
    return f"{request.getfixturevalue('bucket')}/{uuid.uuid4().hex}"


@pytest.fixture
def fingerprint(tmp_path: Path) -> str:
    """The fingerprint of the samples' training."""
    return samples.manifest(samples.artifact(tmp_path / "sample")).fingerprint


def queued(said: Any) -> list[str]:
    """What was said so far."""
    lines = []
    while not said.empty():
        lines.append(said.get())
    return lines


def test_of_many_processes_one_trains(location: str, tmp_path: Path, fingerprint: str) -> None:
    """Of ten, of four where each imports an S3 client, the others say for whom they wait, and find its result."""
    count = 4 if location.startswith("s3://") else 10
    said, start = SPAWN.Queue(), SPAWN.Barrier(count)
    places = [tmp_path / str(number) for number in range(count)]
    processes = [SPAWN.Process(target=train, args=(location, place, fingerprint, said, start)) for place in places]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    lines = queued(said)
    assert [process.exitcode for process in processes] == [0] * count
    assert lines.count("trained") == 1
    assert f"on {socket.gethostname()} (process " in next(line for line in lines if line.startswith("waiting for "))
    assert isinstance(open_store(location, places[0]).find(fingerprint), Found)
    assert open_store(location, places[0]).files.tree("leases") == {}


def test_a_killed_holder_is_followed_at_once(location: str, tmp_path: Path, fingerprint: str) -> None:
    """Its process is gone from this machine: the next one says whose lease it takes over, and trains."""
    said = SPAWN.Queue()
    process = SPAWN.Process(target=stop_half_way, args=(location, tmp_path, fingerprint, said))
    process.start()
    assert said.get(timeout=60) == "training"
    process.kill()
    process.join()
    store, lines = open_store(location, tmp_path), list[str]()

    with single_flight(store, fingerprint, lines.append) as found:
        assert found is None
        assert list(store.files.tree("leases")) == [f"{fingerprint}-2.json"]

    (line,) = lines
    assert line.startswith("taking over the training of ")
    assert f"(process {process.pid}, since " in line
    assert store.files.tree("leases") == {}


def of_another_host(store: Store, content: bytes = b"", number: int = 1) -> None:
    """Put a lease there that this machine cannot look behind."""
    holder = Holder("elsewhere", 1, "ann", "2026-01-01T00:00:00+00:00", "00")
    store.files.create(f"leases/{FINGERPRINT}-{number}.json", content or lease._encoded(holder))


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    """An empty store."""
    return ArtifactStore(tmp_path / "store")


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"", "ann on elsewhere (process 1, since 2026-01-01T00:00:00+00:00)"), (b"{", "somebody whose lease is unread")],
)
def test_a_silent_holder_is_waited_for_and_followed(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch, content: bytes, name: str
) -> None:
    """Of another host is known only that its lease does not change: for a while it is waited for."""
    monkeypatch.setattr(lease, "SILENCE_SECONDS", 0.5)
    of_another_host(store, content)
    lines: list[str] = []
    started = time.monotonic()

    with single_flight(store, FINGERPRINT, lines.append) as found:
        assert found is None

    assert 0.5 <= time.monotonic() - started < 10
    assert lines[0].startswith(f"waiting for {name}")
    assert lines[-1].startswith(f"taking over the training of {name}")


def test_a_renewed_lease_is_not_taken_over(store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A holder that lives longer than the silence allowed keeps its lease, and who waits says so more than once."""
    monkeypatch.setattr(lease, "SILENCE_SECONDS", 0.6)
    monkeypatch.setattr(lease, "RENEWAL_SECONDS", 0.1)
    lines: list[str] = []
    with single_flight(store, FINGERPRINT, lines.append):
        waiting = Lease(store, FINGERPRINT, lines.append)
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            assert not waiting.take()
            time.sleep(0.05)
    assert waiting.take()
    waiting.release()

    assert 2 <= len([line for line in lines if line.startswith("waiting for ")]) <= 3
    assert len(lines) <= 3


def test_of_several_that_follow_a_dead_holder_one_does(store: ArtifactStore) -> None:
    """Both saw the dead lease; who comes later finds the next number taken."""
    dead = SPAWN.Process(target=os.getpid)
    dead.start()
    dead.join()
    holder = Holder(socket.gethostname(), dead.pid or 0, "ann", "2026-01-01T00:00:00+00:00", "00")
    store.files.create(f"leases/{FINGERPRINT}-1.json", lease._encoded(holder))
    first, second = (Lease(store, FINGERPRINT, lambda _: None) for _ in range(2))
    numbers = Lease._numbers

    def take_in_between(self: Lease) -> list[int]:
        found = numbers(self)
        Lease._numbers = numbers  # type: ignore[method-assign]
        assert first.take()
        return found

    Lease._numbers = take_in_between  # type: ignore[method-assign]

    assert not second.take()
    assert not second.take()
    assert list(store.files.tree("leases")) == [f"{FINGERPRINT}-2.json"]


def test_a_failed_training_lets_others_train(store: ArtifactStore) -> None:
    """Its lease ends with it."""
    with pytest.raises(ZeroDivisionError), single_flight(store, FINGERPRINT, print):
        raise ZeroDivisionError

    assert store.files.tree("leases") == {}


def test_a_store_that_does_not_create_exclusively_is_told(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A server that ignores the condition overwrites: then several may train, and that is said in a line."""
    lines: list[str] = []

    def overwrite(path: str, content: bytes) -> bool:
        store.files.replace(path, content)
        return True

    monkeypatch.setattr(store.files, "create", overwrite)
    with single_flight(store, FINGERPRINT, lines.append) as found:
        assert found is None

    assert lines == [f"{tmp_path}/store does not create files exclusively: others may train the same model"]
