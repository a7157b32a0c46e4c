"""ImageCheck's provider: when an image is tried, and what stays of it. The trial itself is a stand-in here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pulumi.output import Unknown

from infra import container_engine, image_trial, verdict
from infra.image_check import ImageCheckProvider
from infra.image_trial import RefusedError, Seen, Trial
from model.manifest import Manifest
from model.store import ArtifactStore
from tests.model import samples

IMAGE = "localhost:5000/m-serving@sha256:" + "cd" * 32
OTHER = "localhost:5000/m-serving@sha256:" + "ef" * 32


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    """A store with one model."""
    made = ArtifactStore(tmp_path / "store")
    folder = samples.artifact(tmp_path / "artifact")
    made.publish(folder, samples.manifest(folder))
    return made


@pytest.fixture
def inputs(store: ArtifactStore) -> dict[str, Any]:
    """What the program declares."""
    return {
        "modelName": "m",
        "digest": store.trainings()[0].digest,
        "version": 3.0,
        "image": IMAGE,
        "baseImage": "tensorflow/serving:2.20.0",
        "artifactStore": str(store.folder),
        "cpuLimit": "1",
        "memoryLimit": "1Gi",
        "timeoutSeconds": 30.0,
    }


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> list[Trial]:
    """The trials that took place; each image is right."""
    found: list[Trial] = []

    def run(trial: Trial, _model: Manifest, _say: Callable[[str], None]) -> Seen:
        found.append(trial)
        return Seen(3.5, 2**28)

    monkeypatch.setattr(image_trial, "run", run)
    monkeypatch.setattr(container_engine, "fault", lambda: "")
    return found


def test_an_image_is_tried_once(inputs: dict[str, Any], trials: list[Trial], store: ArtifactStore) -> None:
    """What was seen is an output and is kept: neither another stack nor a mended one tries the image again."""
    first = ImageCheckProvider().create(inputs).outs
    again = ImageCheckProvider().update("x", {}, inputs).outs

    assert first == again == inputs | {"loadSeconds": 3.5, "memoryBytes": 2**28, "examples": 1}
    assert trials == [
        Trial(image=IMAGE, model_name="m", model_version=3, cpu_limit="1", memory_limit="1Gi", seconds=30)
    ]
    kept = verdict.find(store, IMAGE)
    assert kept is not None
    assert (kept.model_version, kept.base_image, kept.signature_checked) == (3, "tensorflow/serving:2.20.0", True)


def test_a_failed_image_is_an_error_and_is_tried_again(
    inputs: dict[str, Any], trials: list[Trial], monkeypatch: pytest.MonkeyPatch, store: ArtifactStore
) -> None:
    """The message says why and that the old pods serve on; nothing is kept."""

    def refuse(*_: object) -> Seen:
        raise RefusedError("it does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(image_trial, "run", refuse)
        with pytest.raises(RuntimeError) as failed:
            ImageCheckProvider().create(inputs)

    assert str(failed.value) == (
        f"m: image check failed: {IMAGE}: it does not answer; no pod gets this image, what serves now keeps serving"
    )
    assert verdict.find(store, IMAGE) is None
    ImageCheckProvider().create(inputs)
    assert len(trials) == 1


def test_without_an_engine_the_verdict_is_required(
    inputs: dict[str, Any], trials: list[Trial], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image with a verdict passes on a machine without an engine; another one is refused with what is missing."""
    ImageCheckProvider().create(inputs)
    monkeypatch.setattr(container_engine, "fault", lambda: "nothing answers at docker.sock")

    ImageCheckProvider().create(inputs)
    with pytest.raises(RuntimeError, match=r"no verdict on it, and no container engine is there .*docker\.sock"):
        ImageCheckProvider().create(inputs | {"image": OTHER})
    monkeypatch.setattr(container_engine, "fault", lambda: "")
    monkeypatch.setenv("DOCKER_HOST", "tcp://docker:2375")
    with pytest.raises(RuntimeError, match=r"that of DOCKER_HOST=tcp://docker:2375 publishes ports on its own machine"):
        ImageCheckProvider().create(inputs | {"image": OTHER})
    assert len(trials) == 1


def test_a_verdict_on_another_model_is_refused(inputs: dict[str, Any], trials: list[Trial]) -> None:
    """An image that was found to serve another model, or under another name, is not what was declared."""
    ImageCheckProvider().create(inputs)

    with pytest.raises(RuntimeError, match=r"it serves model .* as m, not .* as other"):
        ImageCheckProvider().create(inputs | {"modelName": "other"})
    with pytest.raises(RuntimeError, match=r"it serves model .* as m, not abababababab as m"):
        ImageCheckProvider().create(inputs | {"digest": "ab" * 32})
    assert len(trials) == 1


def test_a_model_that_the_store_does_not_have(inputs: dict[str, Any], trials: list[Trial]) -> None:
    """Without the manifest there is nothing to hold the image against."""
    with pytest.raises(RuntimeError, match=r"its model abababababab is not in .*store"):
        ImageCheckProvider().create(inputs | {"digest": "ab" * 32})
    assert trials == []


def test_only_another_image_or_model_is_a_difference(inputs: dict[str, Any]) -> None:
    """Other limits, times, stores and versions try nothing; an image that is not known yet may be another."""
    olds = inputs | {"loadSeconds": 3.5, "memoryBytes": 2.0**28, "examples": 1.0}
    changes = {"version": 4.0, "memoryLimit": "2Gi", "timeoutSeconds": 60.0, "artifactStore": "s", "baseImage": "b"}

    def differs(**news: object) -> bool | None:
        return ImageCheckProvider().diff("x", olds, inputs | news).changes

    assert not differs()
    assert not differs(**changes)
    assert differs(image=OTHER)
    assert differs(image=Unknown())  # type: ignore[no-untyped-call]
    assert differs(digest="ab" * 32)
    assert differs(modelName="other")
