"""What lies on disk becomes what is served."""

import gc
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.errors import Code, StatusError
from serving.lifecycle import Lifecycle, Retries, StartError
from serving.models import Model, ModelConfig, Models
from serving.savedmodel import Servable
from serving.versions import All, Specific
from tests.serving.fakes import FakeServable


@pytest.fixture(autouse=True)
def unfrozen() -> Iterator[None]:
    """Give back what a load froze."""
    yield
    gc.unfreeze()


class Disk:
    """A model's folder, its model, and loads that can be told to fail."""

    def __init__(self, base: Path, retries: Retries) -> None:
        self.base = base
        self.models = Models([ModelConfig("m", base)])
        self.broken: set[int] = set()
        self.loads: list[int] = []
        self.states_at_load: list[dict[int, str]] = []
        self.lifecycle = Lifecycle(self.models, self.load, 0.02, retries)

    def load(self, path: Path) -> Servable:
        """Load a fake, or fail."""
        self.loads.append(int(path.name))
        self.states_at_load.append(self.states())
        if int(path.name) in self.broken:
            raise StatusError(Code.DATA_LOSS, f"broken {path.name}")
        return FakeServable(plus=int(path.name))

    @property
    def model(self) -> Model:
        """The model."""
        return next(iter(self.models))

    def add(self, *numbers: int) -> None:
        """Put versions on disk."""
        for number in numbers:
            (self.base / str(number)).mkdir()

    def remove(self, *numbers: int) -> None:
        """Take versions off the disk."""
        for number in numbers:
            (self.base / str(number)).rmdir()

    def states(self) -> dict[int, str]:
        """State by version number."""
        return {version.number: version.state for version in self.model.history()}


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    """A folder without versions; failed loads are not tried again."""
    return Disk(tmp_path, Retries(0, 0))


def test_serves_the_highest_version(disk: Disk) -> None:
    """Of several versions only the highest is loaded."""
    disk.add(1, 9, 10)
    disk.lifecycle.load_first()
    assert disk.states() == {10: "AVAILABLE"}


def test_swaps_without_a_gap(disk: Disk) -> None:
    """A new version is loaded while the old one still serves; only then the old one is unloaded."""
    disk.add(1)
    disk.lifecycle.load_first()
    disk.add(2)
    disk.lifecycle.reconcile()
    assert disk.states_at_load[-1] == {2: "LOADING", 1: "AVAILABLE"}
    assert disk.states() == {2: "AVAILABLE", 1: "END"}
    assert disk.model.versions[1].code is Code.OK


def test_failed_version_leaves_the_old_one_serving(disk: Disk) -> None:
    """When the new version cannot be loaded, the old one serves on and the status page tells why."""
    disk.add(1)
    disk.lifecycle.load_first()
    disk.broken = {2}
    disk.add(2)
    disk.lifecycle.reconcile()
    disk.lifecycle.reconcile()
    assert disk.loads == [1, 2]
    assert disk.states() == {2: "END", 1: "AVAILABLE"}
    assert (disk.model.versions[2].code, disk.model.versions[2].message) == (Code.DATA_LOSS, "broken 2")


def test_next_good_version_replaces_the_old_one(disk: Disk) -> None:
    """After a version that failed, the next good one is swapped in."""
    disk.broken = {2}
    disk.add(1)
    disk.lifecycle.load_first()
    disk.add(2)
    disk.lifecycle.reconcile()
    disk.add(3)
    disk.lifecycle.reconcile()
    assert disk.states() == {3: "AVAILABLE", 2: "END", 1: "END"}


def test_same_number_is_not_loaded_again(disk: Disk) -> None:
    """New content under an old number is not noticed, as in TensorFlow Serving."""
    disk.add(1)
    disk.lifecycle.load_first()
    (disk.base / "1" / "new").touch()
    disk.lifecycle.reconcile()
    assert disk.loads == [1]


def test_version_that_comes_back_is_loaded_again(disk: Disk) -> None:
    """A version that was unloaded and is wanted anew is loaded anew."""
    disk.add(1, 2)
    disk.lifecycle.load_first()
    disk.remove(2)
    disk.lifecycle.reconcile()
    assert disk.states() == {2: "END", 1: "AVAILABLE"}
    disk.add(2)
    disk.lifecycle.reconcile()
    assert disk.states() == {2: "AVAILABLE", 1: "END"}
    assert disk.loads == [2, 1, 2]


def test_no_versions_left_unloads(disk: Disk) -> None:
    """When every version directory is deleted, nothing serves any more."""
    disk.add(1)
    disk.lifecycle.load_first()
    disk.remove(1)
    disk.lifecycle.reconcile()
    assert disk.states() == {1: "END"}


def test_base_path_that_vanishes_changes_nothing(disk: Disk, caplog: pytest.LogCaptureFixture) -> None:
    """When the whole base path is gone, that is logged and what serves serves on."""
    disk.add(1)
    disk.lifecycle.load_first()
    disk.remove(1)
    disk.base.rmdir()
    disk.lifecycle.reconcile()
    assert disk.states() == {1: "AVAILABLE"}
    assert f"Could not find base path {disk.base} for servable m" in caplog.text


def test_all_versions(disk: Disk) -> None:
    """Under the policy `all`, versions serve side by side and vanish one by one."""
    disk.models.configure([ModelConfig("m", disk.base, All())])
    disk.add(1, 2, 3)
    disk.lifecycle.load_first()
    assert disk.states() == {3: "AVAILABLE", 2: "AVAILABLE", 1: "AVAILABLE"}
    disk.remove(2)
    disk.lifecycle.reconcile()
    assert disk.states() == {3: "AVAILABLE", 2: "END", 1: "AVAILABLE"}


def test_failed_load_is_tried_again(tmp_path: Path) -> None:
    """A failed load is tried again after the interval, as often as told."""
    disk = Disk(tmp_path, Retries(2, 0.05))
    disk.broken = {1}
    disk.add(1)
    started = time.monotonic()
    with pytest.raises(StartError) as caught:
        disk.lifecycle.load_first()
    assert disk.loads == [1, 1, 1]
    assert time.monotonic() - started >= 0.1
    assert str(caught.value) == (
        "UNKNOWN: 1 servable(s) did not become available: {{{name: m version: 1} due to error: DATA_LOSS: broken 1}, }"
    )


def test_retry_can_succeed(tmp_path: Path) -> None:
    """A load that failed only at first serves in the end."""
    disk = Disk(tmp_path, Retries(5, 0.02))
    disk.broken = {1}
    disk.add(1)
    disk.lifecycle.reconcile()
    assert disk.states() == {1: "LOADING"}
    disk.broken = set()
    disk.lifecycle.load_first()
    assert disk.states() == {1: "AVAILABLE"}


def test_failing_version_does_not_hold_up_the_next(tmp_path: Path) -> None:
    """While a broken version waits for its next try, a newer one is loaded, and the broken one is given up."""
    disk = Disk(tmp_path, Retries(5, 3600))
    disk.broken = {2}
    disk.add(1)
    disk.lifecycle.load_first()
    disk.add(2)
    disk.lifecycle.reconcile()
    disk.add(3)
    disk.lifecycle.reconcile()
    assert disk.states() == {3: "AVAILABLE", 2: "END", 1: "END"}


def test_start_waits_for_a_version(disk: Disk, caplog: pytest.LogCaptureFixture) -> None:
    """Without any version the start waits, with a warning that says what is missing, until one appears."""
    starting = threading.Thread(target=disk.lifecycle.load_first, daemon=True)
    starting.start()
    while "No versions of servable m found under base path" not in caplog.text:
        time.sleep(0.005)
    assert starting.is_alive()
    disk.add(1)
    starting.join(10)
    assert disk.states() == {1: "AVAILABLE"}


def test_polls(disk: Disk) -> None:
    """Once started, the disk is looked at again and again until stopped."""
    disk.add(1)
    disk.lifecycle.load_first()
    disk.lifecycle.start()
    disk.add(2)
    deadline = time.monotonic() + 10
    while disk.states() != {2: "AVAILABLE", 1: "END"} and time.monotonic() < deadline:
        time.sleep(0.01)
    assert disk.states() == {2: "AVAILABLE", 1: "END"}
    disk.lifecycle.stop()


def test_model_that_is_no_longer_configured(disk: Disk) -> None:
    """A model that vanished from the configuration is unloaded, and loaded again when it comes back."""
    disk.add(1)
    disk.lifecycle.load_first()
    disk.models.configure([])
    disk.lifecycle.reconcile()
    assert disk.states() == {1: "END"}
    disk.lifecycle.load_first()
    disk.models.configure([ModelConfig("m", disk.base)])
    disk.lifecycle.reconcile()
    assert disk.states() == {1: "AVAILABLE"}


def test_specific_versions(disk: Disk, caplog: pytest.LogCaptureFixture) -> None:
    """Named versions are served; one that is not on disk is told of."""
    disk.models.configure([ModelConfig("m", disk.base, Specific(frozenset({1, 3})))])
    disk.add(1, 2)
    disk.lifecycle.load_first()
    assert disk.states() == {1: "AVAILABLE"}
    assert "Versions [3] of servable m, which its specific version policy names, were not found" in caplog.text


def test_wakes(tmp_path: Path) -> None:
    """A lifecycle that looks at the disk once only looks again when it is told to."""
    disk = Disk(tmp_path, Retries(0, 0))
    disk.lifecycle = Lifecycle(disk.models, disk.load, 0, Retries(0, 0))
    disk.add(1)
    disk.lifecycle.load_first()
    disk.lifecycle.start()
    disk.add(2)
    disk.lifecycle.wake()
    deadline = time.monotonic() + 10
    while disk.states() != {2: "AVAILABLE", 1: "END"} and time.monotonic() < deadline:
        time.sleep(0.01)
    assert disk.states() == {2: "AVAILABLE", 1: "END"}
    disk.lifecycle.stop()
