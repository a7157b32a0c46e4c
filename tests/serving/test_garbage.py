"""The garbage collector's settings."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from serving.garbage import collect, freeze


class Knot:
    """An object that holds itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """The settings as they were."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_frozen_objects_are_not_looked_at() -> None:
    """What is loaded is taken out of sight, and the collector looks less often."""
    freeze()
    assert gc.get_freeze_count() > 1000
    assert gc.get_threshold()[0] == 100_000


def test_unloaded_objects_are_collected() -> None:
    """What was frozen and is no longer used is given back."""
    knot = Knot()
    gone = weakref.ref(knot)
    freeze()
    del knot
    gc.collect()
    assert gone() is not None
    collect()
    assert gone() is None
