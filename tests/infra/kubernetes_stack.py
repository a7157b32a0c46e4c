"""A `kubernetes` stack for tests: its surroundings on loopback, and the program run in them.

Owns the fixtures and the outputs that its resources are given. Holds no case.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra import loopback
from tests.infra.engine import Engine

DIGEST = "ab" * 32
CONFIG = {"target": "kubernetes", "dataset": "digits"}
IMAGE = "localhost:5000/mymodel-serving@sha256:" + "cd" * 32
OUTPUTS: dict[str, dict[str, Any]] = {
    "model": {
        "digest": DIGEST,
        "version": 3,
        "path": f".artifacts/{DIGEST}",
        "accuracy": 0.94,
        "published": "now",
        "revision": "1a2b3c",
    },
    "serving-image": {"repoDigest": IMAGE},
    "image-check": {"image": IMAGE, "loadSeconds": 3.5, "memoryBytes": 2.0**28, "examples": 10},
    "server-deployment": {
        "metadata": {"name": "mymodel-serving", "uid": "u1", "annotations": {"deployment.kubernetes.io/revision": "2"}}
    },
    "server-service": {
        "metadata": {"name": "mymodel-serving", "namespace": "default"},
        "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}},
    },
    "prediction-check": {"examples": 10},
}


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A container engine and an API server, named by the environment."""
    folder = tmp_path_factory.mktemp("surroundings")
    with pytest.MonkeyPatch.context() as patch, loopback.engine(folder) as host, loopback.api_server() as api:
        patch.setenv("DOCKER_HOST", host)
        patch.setenv("KUBECONFIG", loopback.kubeconfig(folder / "config", api.url, "lab", current="lab"))
        yield


def run(**values: str) -> Engine:
    """The program of a kubernetes stack with this configuration, as `pulumi up` runs it: every output is known."""
    return Engine(OUTPUTS, preview=False).run(CONFIG | values, stack="dev")


def preview() -> Engine:
    """The program as the first `pulumi preview` runs it: no output is known."""
    return Engine(OUTPUTS, preview=True).run(CONFIG, stack="dev")


@pytest.fixture(scope="module")
def kubernetes_up(surroundings: None) -> Engine:  # noqa: ARG001 - they are there
    """The program with its own defaults."""
    return run()
