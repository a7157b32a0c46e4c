"""The pods behind a Service, asked through a stand-in API server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import pods, rest
from infra.rest import NoAnswerError
from tests.infra import loopback
from tests.infra.loopback import ApiServer, PodOf, kubeconfig
from tests.infra.model_server import ModelServer


@pytest.fixture
def api() -> Iterator[ApiServer]:
    """An API server with two pods that serve, one that goes and one that is not ready."""
    with loopback.api_server() as server:
        server.pods = {
            "b": PodOf(ModelServer(predictions=[[2.0]])),
            "a": PodOf(ModelServer(predictions=[[1.0]])),
            "going": PodOf(ModelServer(), going=True),
            "starting": PodOf(ModelServer(), ready=False),
        }
        yield server


@pytest.fixture
def config(api: ApiServer, tmp_path: Path) -> str:
    """A kubeconfig for it."""
    return kubeconfig(tmp_path / "config", api.url, "lab", current="lab")


def test_only_pods_that_are_ready_and_stay_count(api: ApiServer, config: str) -> None:
    """A pod that is told to go still serves the old model, and one that is not ready serves nobody."""
    assert [pod.name for pod in pods.ready("default", "m-serving", config, "")] == ["a", "b"]
    assert api.asked == ["GET /api/v1/namespaces/default/pods?labelSelector=app%3Dm-serving"]


def test_each_pod_is_asked_by_name(api: ApiServer, config: str) -> None:
    """The API server's pod proxy reaches one pod, not whichever the Service picks."""
    found = pods.ready("default", "m-serving", config, "lab")

    assert [rest.predictions(pod.url("/v1/models/m:predict"), [0], pod.ask) for pod in found] == [[[1.0]], [[2.0]]]
    assert rest.versions(found[0].url("/v1/models/m"), found[0].ask) == {1: ("AVAILABLE", "")}
    assert api.asked[1] == "POST /api/v1/namespaces/default/pods/a:8501/proxy/v1/models/m:predict"


def test_a_pods_refusal_keeps_its_words(api: ApiServer, config: str) -> None:
    """What a model server says with a status of 400 reaches the one who asked."""
    (pod,) = [found for found in pods.ready("default", "m-serving", config, "") if found.name == "a"]
    api.pods["a"].server.refusal = (400, b'{"error": "wrong shape"}')

    with pytest.raises(NoAnswerError, match="answered 400: wrong shape"):
        rest.predictions(pod.url("/v1/models/m:predict"), [0], pod.ask)


def test_no_ready_pod_is_an_error(api: ApiServer, config: str) -> None:
    """A Service without a ready pod answers nobody."""
    api.pods = {"starting": PodOf(ModelServer(), ready=False)}

    with pytest.raises(NoAnswerError, match="no pod of m-serving is ready in namespace default"):
        pods.ready("default", "m-serving", config, "")


def test_a_refusal_of_the_api_server_is_told_in_its_words(api: ApiServer, config: str) -> None:
    """Without the right to list pods the API server's own message is passed on."""
    api.refusal = (403, "pods is forbidden")

    with pytest.raises(NoAnswerError, match="cannot be listed: pods is forbidden"):
        pods.ready("default", "m-serving", config, "")


def test_an_unreachable_or_unknown_cluster_is_an_error(tmp_path: Path) -> None:
    """Neither a closed port nor a missing context ends in a traceback of the client's."""
    path = kubeconfig(tmp_path / "config", "http://127.0.0.1:1", "lab", current="lab")

    with pytest.raises(NoAnswerError, match="cannot be listed"):
        pods.ready("default", "m-serving", path, "")
    with pytest.raises(NoAnswerError, match="context 'prod' is not in"):
        pods.ready("default", "m-serving", path, "prod")
