"""Whether a stored model is let through: the figures that the gates are given. What measures is a stand-in here."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra import admission, training_process
from infra.gates import Serving
from model import comparison
from model.comparison import Comparison
from model.manifest import Metrics
from model.store import ArtifactStore, Found
from tests.model import samples

SHA = "22" * 32
INPUTS: dict[str, Any] = {
    "modelName": "m",
    "datasetSha256": SHA,
    "minAccuracy": 0.5,
    "maxAccuracyDrop": 0.05,
    "minClassAccuracy": 0.0,
    "allowSignatureChange": False,
    "maxModelMegabytes": 500.0,
}


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    """An empty store."""
    return ArtifactStore(tmp_path / "store")


def publish(store: ArtifactStore, content: str, accuracy: float, dataset: str) -> Found:
    """Publish a model with this accuracy on this dataset's test images."""
    folder = samples.artifact(store.folder.parent / content, content)
    made = samples.manifest(folder, epochs=len(content))
    parts = replace(made.parts, dataset={"name": "d", "sha256": dataset})
    metrics = Metrics(accuracy, 0.5, {"0": accuracy}, [])
    made = replace(made, parts=parts, fingerprint=parts.fingerprint, metrics=metrics)
    return Found(made, store.publish(folder, made))


@pytest.fixture
def new(store: ArtifactStore) -> Found:
    """The new model: 0.8 on its test images."""
    return publish(store, "new", 0.8, SHA)


@pytest.fixture
def inputs(store: ArtifactStore) -> dict[str, Any]:
    """Inputs of the new model."""
    return INPUTS | {"artifactStore": str(store.folder)}


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch, store: ArtifactStore) -> list[str]:
    """What was measured: a stand-in for the child process finds 0.9 and keeps it."""
    asked: list[str] = []

    def measure(_: object, digest: str) -> None:
        asked.append(digest)
        comparison.keep(store, Comparison(digest, SHA, 0.9, 100))

    monkeypatch.setattr(training_process, "measure", measure)
    return asked


def test_on_the_same_dataset_nothing_is_measured(
    store: ArtifactStore, new: Found, inputs: dict[str, Any], measured: list[str]
) -> None:
    """The serving model's own figure counts where the test images are the same."""
    old = Serving.of_manifest(publish(store, "old", 0.84, SHA).manifest)
    admission.require(inputs, new, old)

    with pytest.raises(RuntimeError, match=r"accuracy 0.8000 is 0.0600 below the 0.8600 of model"):
        admission.require(inputs, new, replace(old, accuracy=0.86))
    assert measured == []


def test_on_another_dataset_the_serving_model_is_measured_once(
    store: ArtifactStore, new: Found, inputs: dict[str, Any], measured: list[str]
) -> None:
    """What it has on its own images says nothing; what it has on the new ones is kept, and known to the next check."""
    old = Serving.of_manifest(publish(store, "old", 0.1, "33" * 32).manifest)
    assert admission.refusals(inputs, new, old) == []  # not known yet

    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"below the 0.9000 of model .* maxAccuracyDrop is 0.05"):
            admission.require(inputs, new, old)

    assert measured == [old.digest]
    assert [refusal.gate for refusal in admission.refusals(inputs, new, old)] == ["maxAccuracyDrop"]


def test_a_refused_model_has_nothing_measured(
    store: ArtifactStore, new: Found, inputs: dict[str, Any], measured: list[str]
) -> None:
    """Where another gate refuses already, no seconds are spent."""
    old = Serving.of_manifest(publish(store, "old", 0.1, "33" * 32).manifest)

    with pytest.raises(RuntimeError, match="minAccuracy"):
        admission.require(inputs | {"minAccuracy": 0.99}, new, old)
    assert measured == []


def test_a_serving_model_that_is_gone_cannot_be_compared(
    new: Found, inputs: dict[str, Any], measured: list[str]
) -> None:
    """A figure that cannot be had is a refusal, not a guess; the remedy gives up the comparison."""
    gone = Serving("cd" * 32, "33" * 32, 0.9, None)

    with pytest.raises(
        RuntimeError, match=r"cdcdcdcdcdcd, which serves, is not in .*pulumi config set maxAccuracyDrop 1"
    ):
        admission.require(inputs, new, gone)
    admission.require(inputs | {"maxAccuracyDrop": 1.0}, new, gone)
    assert measured == []


def test_the_same_model_is_compared_with_nothing(new: Found, inputs: dict[str, Any], measured: list[str]) -> None:
    """A model of the same digest is the one that serves, whatever is said of it."""
    for dataset in (SHA, "33" * 32):
        admission.require(inputs, new, Serving(new.manifest.digest, dataset, 1.0, None))
    assert measured == []


def test_the_old_inputs_tell_what_serves(store: ArtifactStore, new: Found, inputs: dict[str, Any]) -> None:
    """By their digest, or by their fingerprint after a training; what the store does not have is not known."""
    known = Serving.of_manifest(new.manifest)

    assert admission.serving_before({"digest": new.manifest.digest}, inputs) == known
    assert admission.serving_before({"fingerprint": new.manifest.fingerprint}, inputs) == known
    assert admission.serving_before({"digest": "cd" * 32}, inputs) is None
    assert admission.serving_before({"fingerprint": "ef" * 32}, inputs) is None
    assert admission.serving_before({}, inputs) is None
    (store.folder / new.manifest.digest / "manifest.json").write_text("{", encoding="utf-8")
    assert admission.serving_before({"digest": new.manifest.digest}, inputs) is None


def test_the_size_is_that_of_the_files(new: Found, inputs: dict[str, Any]) -> None:
    """The gate adds up what is in the SavedModel's folder."""
    (new.path / "model" / "variables" / "variables.data").write_bytes(b"0" * 1_000_001)

    assert [r.gate for r in admission.refusals(inputs | {"maxModelMegabytes": 1.0}, new, None)] == ["maxModelMegabytes"]
