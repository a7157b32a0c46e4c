"""The comparison of a server's answers with the trained model's."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi.output import Unknown

from infra.naming import predict_url, status_url
from infra.prediction_check import PredictionCheckProvider, agrees
from model.manifest import GoldenExample
from tests.infra import loopback, model_server
from tests.infra.loopback import ApiServer, PodOf
from tests.infra.model_server import ModelServer
from tests.model.conftest import Trained

EXAMPLE = GoldenExample(image=[[0.0]], label=3, logits=[1.0, -20.0, 0.0])


def test_rounding_agrees() -> None:
    """Differences as other machines and TensorFlow versions give them are no difference."""
    assert agrees(EXAMPLE, [1.0 + 1.9e-5, -20.0 - 2.0e-4, 9e-6])


@pytest.mark.parametrize(
    "answer",
    [
        [1.0 + 2.1e-5, -20.0, 0.0],
        [1.0, -20.0],
        [1.0, -20.0, None],
        [1.0, -20.0, math.nan],
        {"logits": [1.0, -20.0, 0.0]},
    ],
)
def test_another_answer_does_not_agree(answer: object) -> None:
    """A difference beyond rounding, another length, no number, NaN or another form is another model's answer."""
    assert not agrees(EXAMPLE, answer)


def inputs(trained: Trained, server: ModelServer) -> dict[str, Any]:
    """What the program gives the check of this server."""
    return {
        "modelName": "m",
        "artifactStore": str(trained.store),
        "digest": trained.found.manifest.digest,
        "version": 1.0,
        "statusUrl": status_url("127.0.0.1", server.port, "m"),
        "predictUrl": predict_url("127.0.0.1", server.port, "m"),
        "launch": "1@2",
        "published": "now",
    }


def test_the_trained_models_answers_pass(trained: Trained) -> None:
    """A server that gives the manifest's own answers passes, and the examples are counted."""
    with model_server.running() as server:
        server.predictions = [example.logits for example in trained.found.manifest.golden]

        assert PredictionCheckProvider().create(inputs(trained, server)).outs == inputs(trained, server) | {
            "examples": 10
        }


def test_one_other_answer_fails(trained: Trained) -> None:
    """One golden example answered otherwise fails the check, which names the model and the example."""
    with model_server.running() as server:
        server.predictions = [list(example.logits) for example in trained.found.manifest.golden]
        server.predictions[7][2] += 0.01

        with pytest.raises(RuntimeError, match=r"is not model \w{12}: golden example 7 gave"):
            PredictionCheckProvider().update("x", {}, inputs(trained, server))


def test_another_version_fails(trained: Trained) -> None:
    """A server whose newest version is another one fails, whatever it answers."""
    with model_server.running() as server:
        server.states = {2: "AVAILABLE", 1: "AVAILABLE"}

        with pytest.raises(RuntimeError, match="serves version 2, not 1"):
            PredictionCheckProvider().create(inputs(trained, server))


def test_an_artifact_without_manifest_fails(trained: Trained, tmp_path: Path) -> None:
    """Without the manifest there is nothing to compare with, which is a failure and no pass."""
    with model_server.running() as server, pytest.raises(RuntimeError, match="has no manifest of model"):
        PredictionCheckProvider().create(inputs(trained, server) | {"artifactStore": str(tmp_path)})


def test_a_check_is_repeated_for_another_server_model_or_publication(trained: Trained) -> None:
    """A new process, model or publication asks again; where the artifact lies, or a version not known yet, does not."""
    provider, server = PredictionCheckProvider(), ModelServer(port=1)
    olds = inputs(trained, server) | {"examples": 10}

    for key in ("launch", "digest", "published", "predictUrl"):
        assert provider.diff("x", olds, inputs(trained, server) | {key: "other"}).changes
    unknown = Unknown()  # type: ignore[no-untyped-call]
    assert not provider.diff(
        "x", olds, inputs(trained, server) | {"artifactStore": "moved", "version": unknown}
    ).changes


@pytest.fixture
def cluster(trained: Trained, tmp_path: Path) -> Iterator[tuple[ApiServer, PredictionCheckProvider]]:
    """An API server with two pods that answer as trained, and a provider that was configured for it."""
    with loopback.api_server() as api:
        answers = [example.logits for example in trained.found.manifest.golden]
        api.pods = {name: PodOf(ModelServer(predictions=answers)) for name in ("a", "b")}
        provider = PredictionCheckProvider()
        provider._kubeconfig, provider._context = loopback.kubeconfig(tmp_path / "config", api.url, "lab"), "lab"
        yield api, provider


def of_pods(trained: Trained) -> dict[str, Any]:
    """What the program gives the check of pods: nothing listens at their Service here."""
    return inputs(trained, ModelServer(port=1)) | {"namespace": "default", "app": "m-serving"}


def test_every_pod_is_asked(
    trained: Trained, cluster: tuple[ApiServer, PredictionCheckProvider], capsys: pytest.CaptureFixture[str]
) -> None:
    """On Kubernetes each ready pod is asked by itself, through the API server and not through the Service."""
    api, provider = cluster

    assert provider.create(of_pods(trained)).outs["examples"] == 10  # type: ignore[index]
    assert [asked.split("/pods/")[1][0] for asked in api.asked if ":predict" in asked] == ["a", "b"]
    assert "10 golden examples answered as trained by version 1 in 2 pods" in capsys.readouterr().out


def test_one_pod_that_answers_as_another_model_fails_the_check(
    trained: Trained, cluster: tuple[ApiServer, PredictionCheckProvider]
) -> None:
    """It is enough that one of several pods serves something else; it is named."""
    api, provider = cluster
    api.pods["b"] = PodOf(ModelServer(predictions=[[0.0] * 10] * 10))

    with pytest.raises(RuntimeError, match=r"pods/b:8501/proxy/v1/models/m:predict is not model"):
        provider.create(of_pods(trained))


def test_a_pod_of_another_version_fails_the_check(
    trained: Trained, cluster: tuple[ApiServer, PredictionCheckProvider]
) -> None:
    """A pod that serves another version than the declared one fails, whatever it answers."""
    api, provider = cluster
    api.pods["a"].server.states = {2: "AVAILABLE"}

    with pytest.raises(RuntimeError, match="serves version 2, not 1"):
        provider.create(of_pods(trained))
