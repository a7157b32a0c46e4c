"""From version directory to served model."""

from pathlib import Path

import pytest

from serving.batching import BatchedServable, BatchScheduler
from serving.batching_config import BatchingParameters
from serving.errors import StatusError
from serving.loading import Loader
from serving.metrics import Metrics
from serving.savedmodel import Servable
from serving.warmup import RECORDS
from tests.serving.fakes import FakeServable


def test_loads_and_warms(tmp_path: Path) -> None:
    """A model is loaded with the given tags and run once, and the time of it is kept."""
    servable = FakeServable()
    asked: list[tuple[Path, tuple[str, ...]]] = []

    def load_model(path: Path, tags: tuple[str, ...]) -> Servable:
        asked.append((path, tags))
        return servable

    metrics = Metrics()
    assert Loader(metrics, tags=("a", "b"), load_model=load_model)(tmp_path) is servable
    assert asked == [(tmp_path, ("a", "b"))]
    assert servable.running.is_set()
    assert f'model_warmup_latency_count{{model_path="{tmp_path}",status="OK"}} 1' in metrics.page()


def test_without_warmup(tmp_path: Path) -> None:
    """Warm-up can be switched off."""
    servable = FakeServable()
    Loader(Metrics(), warmup_iterations=0, load_model=lambda *_: servable)(tmp_path)
    assert not servable.running.is_set()


def test_failed_warmup_fails_the_load(tmp_path: Path) -> None:
    """A recorded request that fails is the load's failure, and counted."""
    (tmp_path / RECORDS).parent.mkdir()
    (tmp_path / RECORDS).write_bytes(b"no record, and long enough for that to be seen")
    metrics = Metrics()
    with pytest.raises(StatusError, match=r"^DATA_LOSS: Failed to read warmup records"):
        Loader(metrics, load_model=lambda *_: FakeServable())(tmp_path)
    assert 'status="DATA_LOSS"} 1' in metrics.page()


def test_batches(tmp_path: Path) -> None:
    """With a scheduler, what serves is batched."""
    scheduler = BatchScheduler(BatchingParameters(num_batch_threads=1))
    found = Loader(Metrics(), scheduler=scheduler, load_model=lambda *_: FakeServable())(tmp_path)
    assert isinstance(found, BatchedServable)
