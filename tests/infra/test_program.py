"""The program: which resources a stack declares, how they depend on each other, and what it exports."""

import subprocess
import sys

import pytest
from pulumi.runtime.rpc import UNKNOWN

from infra.project import ROOT
from infra.provider import PROVIDER_KEY
from tests.infra.engine import Engine

LOCAL = {"target": "local", "dataset": "digits"}
DIGEST = "ab" * 32
OUTPUTS: dict[str, dict[str, object]] = {
    "model": {"digest": DIGEST, "version": 3, "path": f".artifacts/{DIGEST}", "accuracy": 0.94, "published": "now"},
    "server": {"launch": "12@34.5", "pid": 12, "started": 34.5},
    "prediction-check": {"examples": 10},
}


@pytest.fixture(scope="module")
def up() -> Engine:
    """The program as `pulumi up` runs it: every output is known."""
    return Engine(OUTPUTS, preview=False).run(LOCAL)


@pytest.fixture(scope="module")
def preview() -> Engine:
    """The program as the first `pulumi preview` runs it: no output is known."""
    return Engine(OUTPUTS, preview=True).run(LOCAL)


def test_a_local_stack_is_a_model_a_server_and_a_check(up: Engine) -> None:
    """A local stack declares the three resources of the graph under their fixed type tokens."""
    assert {name: resource.type for name, resource in up.resources.items()} == {
        "model": "pulumi-python:dynamic/mymodel:TrainedModel",
        "server": "pulumi-python:dynamic/mymodel:LocalServer",
        "prediction-check": "pulumi-python:dynamic/mymodel:PredictionCheck",
    }


def test_each_resource_waits_for_the_one_before_it(up: Engine) -> None:
    """The server waits for the model, and the check for the server, through the very values they use."""
    assert up.resources["model"].dependencies == set()
    assert up.resources["server"].property_dependencies["digest"] == {"model"}
    assert up.resources["prediction-check"].property_dependencies["launch"] == {"server"}
    assert up.resources["prediction-check"].property_dependencies["digest"] == {"model"}


def test_the_exports_are_the_public_outputs(up: Engine) -> None:
    """A stack exports what design and README promise, with the values of the resources."""
    assert up.exports.pop("fingerprint") == up.resources["model"].inputs["fingerprint"]
    assert up.exports == {
        "modelDigest": DIGEST,
        "modelVersion": 3,
        "accuracy": 0.94,
        "artifact": f".artifacts/{DIGEST}",
        "statusUrl": "http://127.0.0.1:8501/v1/models/mymodel",
        "predictUrl": "http://127.0.0.1:8501/v1/models/mymodel:predict",
    }


def test_a_preview_declares_the_same_with_nothing_known(up: Engine, preview: Engine) -> None:
    """A first preview, where no output is known, registers the same resources, URLs and fingerprint."""
    assert preview.resources.keys() == up.resources.keys()
    assert preview.resources["model"].inputs["fingerprint"] == up.resources["model"].inputs["fingerprint"]
    assert preview.exports["predictUrl"] == up.exports["predictUrl"]
    assert preview.exports["modelDigest"] == UNKNOWN


def test_providers_are_pickled_by_reference(up: Engine) -> None:
    """A provider in the state is the name of a module and a class, so an edit of its code is no change."""
    assert all(len(resource.inputs[PROVIDER_KEY]) < 120 for resource in up.resources.values())


def test_the_program_imports_nothing_heavy() -> None:
    """No stack imports TensorFlow or its like, and a local one none of the SDKs of Docker and Kubernetes either."""
    heavy = "{'tensorflow','keras','numpy','sklearn','matplotlib','kubernetes','pulumi_kubernetes','pulumi_docker'}"
    script = (
        "import sys, infra.targets, infra.preflight, infra.prediction_check;"
        f"print(sorted({heavy} & {{m.split('.')[0] for m in sys.modules}}))"
    )
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
