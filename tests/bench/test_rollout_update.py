"""A series of updates: which model as which version, and what is kept of it."""

from pathlib import Path

import pytest

from bench import rollout_update
from bench.rollout_models import Model
from bench.rollout_update import Series, Update

MODELS = [Model(seed, Path(f"/models/{seed}")) for seed in (11, 22, 33)]


def test_each_model_is_served_as_the_next_version_and_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions count from 1; after each update the old pods of all namespaces go before anything else is measured."""
    events: list[object] = []
    monkeypatch.setattr(rollout_update, "settle", events.append)

    def update(model: Model, version: int) -> Update:
        events.append((model.seed, version))
        return Update(served=version / 2, whole=version, stages={}, reference=str(version))

    series = Series("x", update, MODELS, ("own", "other"))
    seconds = [series.seconds() for _ in MODELS]

    assert events == [(11, 1), ("own", "other"), (22, 2), ("own", "other"), (33, 3), ("own", "other")]
    assert seconds == [0.5, 1.0, 1.5]
    assert [found.reference for found in series.updates] == ["1", "2", "3"]


def test_there_are_no_more_updates_than_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that is served twice would come from caches."""
    monkeypatch.setattr(rollout_update, "settle", lambda _: None)
    series = Series("x", lambda *_: Update(served=1, whole=1, stages={}, reference=""), MODELS[:1], ())
    series.seconds()

    with pytest.raises(StopIteration):
        series.seconds()
