"""The pods that get requests, judged one by one through a stand-in API server."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import live_pods, pods
from infra.live_pods import Declared
from infra.rest import NoAnswerError
from model.manifest import GoldenExample
from tests.infra import loopback
from tests.infra.loopback import ApiServer, PodOf
from tests.infra.model_server import ModelServer

GOLDEN = [GoldenExample(image=[[0.5]], label=1, logits=[1.0, 2.0])]
IMAGE = "localhost:5000/m-serving@sha256:" + "ab" * 32
DECLARED = Declared(
    namespace="default",
    app="m-serving",
    container="model-server",
    image=IMAGE,
    replicas=2,
    check={"modelName": "m", "digest": "cd" * 32, "version": 1},
)


def pod(**changes: object) -> PodOf:
    """A pod as it is declared, but for the changes."""
    fields: dict[str, object] = {"server": ModelServer(predictions=[[1.0, 2.0]]), "image": IMAGE}
    return PodOf(**(fields | changes))  # type: ignore[arg-type]


@pytest.fixture
def api() -> Iterator[ApiServer]:
    """An API server with two pods as declared, and one that goes."""
    with loopback.api_server() as server:
        server.pods = {"a": pod(), "b": pod(), "going": pod(image="old@sha256:11", going=True)}
        yield server


def findings(api: ApiServer, folder: Path) -> list[str]:
    """What is found, as it is printed."""
    client = pods.connect(loopback.kubeconfig(folder / "config", api.url, "lab"), "lab")
    return [str(found) for found in live_pods.findings(DECLARED, GOLDEN, client, "kubectl --context lab")]


def test_pods_as_declared_are_no_finding(api: ApiServer, tmp_path: Path) -> None:
    """Every pod that stays is asked for its predictions; one that goes is left alone."""
    assert findings(api, tmp_path) == []
    assert sorted(asked.split("/pods/")[1][0] for asked in api.asked if ":predict" in asked) == ["a", "b"]


def test_the_same_image_from_elsewhere_is_the_same(api: ApiServer, tmp_path: Path) -> None:
    """The digest counts, however the runtime writes it; one that tells none is not judged by it."""
    api.pods["a"].image = "docker-pullable://mirror/m-serving@sha256:" + "ab" * 32
    api.pods["b"].image = "sha256:" + "99" * 32

    assert findings(api, tmp_path) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (pod(image="other@sha256:99"), "pod b: container model-server runs other@sha256:99, declared localhost"),
        (pod(server=ModelServer(predictions=[[1.0, 2.1]])), "pod b: what answers at .* is not model cdcdcdcdcdcd"),
        (pod(server=ModelServer(states={2: "AVAILABLE"})), "pod b: .* serves version 2, not 1"),
        (pod(owner=""), "pod b: it is not the Deployment's, and gets requests"),
        (pod(owner="Job"), "pod b: it is not the Deployment's"),
    ],
)
def test_one_pod_that_is_not_as_declared_is_named(api: ApiServer, tmp_path: Path, changed: PodOf, said: str) -> None:
    """Another image, other answers, another version or nobody's pod: named, with the command that replaces it."""
    api.pods["b"] = changed
    (found,) = findings(api, tmp_path)

    assert re.match(said, found)
    assert found.endswith("mend it: kubectl --context lab --namespace default delete pod b")


def test_missing_and_surplus_pods_are_counted(api: ApiServer, tmp_path: Path) -> None:
    """Fewer ready pods than declared, or more, are told with the command that shows why."""
    api.pods["b"].ready = False
    (found,) = findings(api, tmp_path)
    assert found.startswith("1 pods are ready, declared 2; mend it: see why: kubectl --context lab --namespace default")
    api.pods["b"].ready = True
    api.pods["c"] = pod()
    assert findings(api, tmp_path)[0].startswith("3 pods are ready, declared 2")


def test_a_refusal_is_no_pass(api: ApiServer, tmp_path: Path) -> None:
    """Without the right to list pods nothing is known of them."""
    api.refusal = (403, "pods is forbidden")

    with pytest.raises(NoAnswerError, match="cannot be listed: pods is forbidden"):
        findings(api, tmp_path)
