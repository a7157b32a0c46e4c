"""Tests of model.staging, as the store uses it."""

import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from model.store import ArtifactStore
from tests.model import samples
from tests.model.test_store import store

__all__ = ["store"]


def test_staging_is_removed_when_something_fails(store: ArtifactStore) -> None:
    """Nothing half-done stays behind."""

    def fail() -> None:
        with store.staging() as staged:
            samples.artifact(staged / "new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert list((store.folder / ".staging").iterdir()) == []


def stage_and_wait(folder: Path, started: Any) -> None:
    """What a training process does until it is killed."""
    with ArtifactStore(folder).staging() as staged:
        samples.artifact(staged / "new")
        started.set()
        while True:
            os.read(os.pipe()[0], 1)


@pytest.fixture
def staging_process(store: ArtifactStore) -> Iterator[Any]:
    """Another process in the middle of its work."""
    context = multiprocessing.get_context("spawn")
    started = context.Event()
    process = context.Process(target=stage_and_wait, args=(store.folder, started))
    process.start()
    assert started.wait(30)
    yield process
    process.kill()
    process.join()


def test_only_leftovers_of_dead_processes_are_removed(store: ArtifactStore, staging_process: Any) -> None:
    """While another process trains its folder stays; after SIGKILL the next training removes it."""
    folder = store.folder / ".staging"
    with store.staging():
        assert len(list(folder.iterdir())) == 2

    staging_process.kill()
    staging_process.join()
    assert len(list(folder.iterdir())) == 1
    with store.staging():
        assert len(list(folder.iterdir())) == 1
    assert list(folder.iterdir()) == []


def test_folders_of_another_host_are_left_alone(store: ArtifactStore) -> None:
    """On a shared file system a lock of another host may be invisible."""
    other = store.folder / ".staging" / "other-host-1-00000000"
    other.mkdir(parents=True)

    with store.staging():
        pass

    assert other.exists()
