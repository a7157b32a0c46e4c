"""One trial of an image. The container is a stand-in; what answers in it is a model server's, over real HTTP."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from infra import image_trial
from infra.container import State
from infra.image_trial import RefusedError, Seen, Trial
from model.manifest import Manifest
from tests.infra import model_server
from tests.infra.model_server import ModelServer
from tests.model import samples

TRIAL = Trial(image="i", model_name="m", model_version=1, cpu_limit="500m", memory_limit="1Gi", seconds=1)
RUNS, ENDED = State(True, 0, False), State(False, 134, False)


def dimensions(*sizes: int) -> dict[str, Any]:
    """A float tensor as a model server's metadata describes it."""
    return {"dtype": "DT_FLOAT", "tensor_shape": {"dim": [{"size": str(size), "name": ""} for size in sizes]}}


SIGNATURE = {
    "inputs": {"image": dimensions(-1, 8, 8)},
    "outputs": {"logits": dimensions(-1, 10)},
    "method_name": "tensorflow/serving/predict",
}


@dataclass
class Stage:
    """The container and the server in it, and with what the container was asked for."""

    server: ModelServer
    found: State = RUNS
    asked: list[object] = field(default_factory=list)

    def state(self) -> State:
        """Whether it runs."""
        return self.found

    def port(self) -> int:
        """Where the server answers."""
        return self.server.port

    def last_words(self) -> str:
        """Of its log."""
        return "cannot open the model"

    def memory_bytes(self) -> int:
        """What it holds."""
        return 2**28


@pytest.fixture
def model(tmp_path: Path) -> Manifest:
    """The model that should answer."""
    return samples.manifest(samples.artifact(tmp_path / "artifact"))


@pytest.fixture
def stage(model: Manifest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A container in which everything is right."""
    with model_server.running() as server:
        server.signature, server.predictions = SIGNATURE, [example.logits for example in model.golden]
        made = Stage(server)

        @contextmanager
        def throw_away(image: str, arguments: Sequence[str], *, cpus: float, memory_bytes: int) -> Iterator[Stage]:
            made.asked += [image, arguments, cpus, memory_bytes]
            yield made

        monkeypatch.setattr(image_trial, "throw_away", throw_away)
        yield made


def refused(model: Manifest) -> str:
    """Why the image must not serve."""
    with pytest.raises(RefusedError) as error:
        image_trial.run(TRIAL, model, print)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_an_image_that_is_right(stage: Stage, model: Manifest, capsys: pytest.CaptureFixture[str]) -> None:
    """It runs with the pod's flags and limits; what was seen is returned and said."""
    seen = image_trial.run(TRIAL, model, print)

    assert seen == Seen(seen.load_seconds, 2**28)
    assert 0 <= seen.load_seconds < 1
    assert stage.asked[0] == "i"
    assert "--rest_api_num_threads=4" in str(stage.asked[1])
    assert stage.asked[2:] == [0.5, 2**30]
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "trying i in a throw-away container"
    assert "holds 256 MiB" in told[1]


def test_a_container_that_ends(stage: Stage, model: Manifest) -> None:
    """Its exit code and its last words are the reason; lack of memory has a remedy."""
    stage.found = ENDED
    assert refused(model) == "its container ended with exit code 134; its last words: cannot open the model"

    stage.found = State(False, 137, True)
    assert "pulumi config set memoryLimit" in refused(model)


def test_a_model_that_cannot_be_loaded(stage: Stage, model: Manifest) -> None:
    """A version that ended is not waited for."""
    stage.server.states = {1: "END"}

    assert refused(model).startswith("it cannot load its model: ")


def test_a_model_that_never_loads(stage: Stage, model: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time that was given, what was found at last, and how to give more; meanwhile something is said."""
    monkeypatch.setattr(image_trial, "SAY_SECONDS", 0.3)
    said: list[str] = []
    stage.server.states = {1: "LOADING"}
    with pytest.raises(RefusedError, match=r"not AVAILABLE within 1 s .*'LOADING'.* rolloutTimeoutSeconds"):
        image_trial.run(TRIAL, model, said.append)

    assert said.count("still waiting for the model to load") > 1


def test_another_version(stage: Stage, model: Manifest) -> None:
    """An image of another version is refused at once."""
    stage.server.states = {2: "AVAILABLE"}

    assert refused(model) == "it serves version 2, not 1"


def test_wrong_answers(stage: Stage, model: Manifest) -> None:
    """An answer that is not the trained model's is told with both."""
    stage.server.predictions = [[9.0]]

    assert refused(model) == (
        f"it does not answer as model {model.digest[:12]}: golden example 0 gave [9.0], the trained model gave [1.5]"
    )


def test_a_wrong_signature(stage: Stage, model: Manifest) -> None:
    """A served signature that is not the manifest's is told with both."""
    stage.server.signature = SIGNATURE | {"inputs": {"image": dimensions(-1, 28, 28)}}

    assert "input image was float32 [any, 8, 8] and is float32 [any, 28, 28]" in refused(model)
