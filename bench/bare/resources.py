"""Dynamic resources of the shape of the `local` stack's, whose providers do the least that a provider can.

Owns three resources with as many inputs and outputs, of about the same size, as TrainedModel, LocalServer and
PredictionCheck have. Declared as those are: the class is pickled by reference and is no secret. What such a program
takes is the engine's and the SDK's own time.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, DiffResult, Resource, ResourceProvider

SHA256 = "0123456789abcdef" * 4
LEARNED = {"epochs": 5, "batchSize": 32, "hiddenUnits": 128, "learningRate": 0.001, "dropout": 0.2, "seed": 0}
SOURCES = dict.fromkeys(("dataset.py", "network.py", "train.py", "export.py"), SHA256)
PACKAGES = {"tensorflow": "2.20.0", "keras": "3.12.0", "numpy": "2.4.6"}
GATES = {
    "minAccuracy": 0.9,
    "maxAccuracyDrop": 0.05,
    "minClassAccuracy": 0,
    "allowSignatureChange": False,
    "maxModelMegabytes": 500,
}
SIGNATURE = {
    "inputs": {"image": {"dtype": "float32", "shape": [None, 8, 8]}},
    "outputs": {"logits": {"dtype": "float32", "shape": [None, 10]}},
}
URL = "http://127.0.0.1:8501/v1/models/mymodel"
QUIET = pulumi.ResourceOptions(hide_diffs=["__provider"])


class Constant(ResourceProvider):
    """A provider whose resource is what it was: its outputs are constants that its class names."""

    serialize_as_secret_always = False
    found_by_check: Mapping[str, Any] = MappingProxyType({})
    outputs: Mapping[str, Any] = MappingProxyType({})

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Find nothing wrong, and what the model's check finds."""
        return CheckResult(news | dict(self.found_by_check), [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Find no change."""
        return DiffResult(changes=False)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Make nothing, and give the constants."""
        return CreateResult("constant", props | dict(self.outputs))


class ModelProvider(Constant):
    """In the place of TrainedModel's."""

    found_by_check = MappingProxyType(
        {"digest": SHA256, "path": f".artifacts/{SHA256}", "published": "2026-01-01T00:00:00+00:00"}
    )
    outputs = MappingProxyType(
        {"version": 1, "accuracy": 0.9444444444444444, "revision": SHA256[:40], "signature": SIGNATURE}
    )


class ServerProvider(Constant):
    """In the place of LocalServer's."""

    outputs = MappingProxyType({"launch": "12345@1790000000.25", "pid": 12345, "started": 1790000000.25})


class CheckProvider(Constant):
    """In the place of PredictionCheck's."""

    outputs = MappingProxyType({"examples": 10})


class Model(Resource, module="bare", name="Model"):
    """In the place of TrainedModel."""

    digest: pulumi.Output[str]
    version: pulumi.Output[int]
    path: pulumi.Output[str]
    published: pulumi.Output[str]
    accuracy: pulumi.Output[float]
    fingerprint: pulumi.Output[str]
    revision: pulumi.Output[str]

    def __init__(self, name: str) -> None:
        inputs: dict[str, Any] = (
            LEARNED
            | GATES
            | {
                "modelName": "mymodel",
                "dataset": "digits",
                "datasetSha256": SHA256,
                "sources": SOURCES,
                "packages": PACKAGES,
                "fingerprint": SHA256,
                "artifactStore": ".artifacts",
            }
        )
        outputs = dict.fromkeys((*ModelProvider.found_by_check, *ModelProvider.outputs))
        super().__init__(ModelProvider(), name, inputs | outputs, QUIET)


class Server(Resource, module="bare", name="Server"):
    """In the place of LocalServer."""

    launch: pulumi.Output[str]

    def __init__(self, name: str, model: Model) -> None:
        inputs = {
            "stack": "local",
            "modelName": "mymodel",
            "port": 8501,
            "artifact": model.path,
            "digest": model.digest,
            "version": model.version,
        }
        super().__init__(ServerProvider(), name, inputs | dict.fromkeys(ServerProvider.outputs), QUIET)


class Check(Resource, module="bare", name="Check"):
    """In the place of PredictionCheck."""

    examples: pulumi.Output[int]

    def __init__(self, name: str, model: Model, server: Server) -> None:
        inputs = {
            "modelName": "mymodel",
            "artifactStore": ".artifacts",
            "published": model.published,
            "digest": model.digest,
            "version": model.version,
            "statusUrl": URL,
            "predictUrl": f"{URL}:predict",
            "launch": server.launch,
        }
        super().__init__(CheckProvider(), name, inputs | dict.fromkeys(CheckProvider.outputs), QUIET)
