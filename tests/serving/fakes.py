"""A loaded model without TensorFlow, for tests of what stands around one."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from serving.datatypes import data_type
from serving.json_tensor import Array
from serving.models import ModelConfig, Models, ModelVersion
from serving.savedmodel import Servable, Signature


class FakeServable:
    """Adds `plus` to its one float input `x`; waits in `run` while `gate` is closed."""

    def __init__(self, plus: float = 0.0) -> None:
        self.plus = plus
        self.gate = threading.Event()
        self.gate.set()
        self.running = threading.Event()
        self.closed = False
        self.signatures: Mapping[str, Signature] = {
            "serving_default": Signature({"x": data_type(1)}, {"x": (-1,)}),
            "init": Signature({}, {}),
            "classes": Signature({"inputs": data_type(7)}, {"inputs": (-1,)}),
        }
        self.metadata: dict[str, Any] = {"serving_default": {"inputs": {"x": {}}}}

    def close(self) -> None:
        """Forget the model."""
        self.closed = True

    def run(self, signature: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """The input plus `plus`."""
        assert signature == "serving_default"
        self.running.set()
        assert self.gate.wait(30)
        return {"y": inputs["x"] + self.plus}


def serving_models(*servables: Servable, labels: Mapping[str, int] | None = None) -> Models:
    """A model `m` whose versions 1, 2, ... are these, all of them serving."""
    models = Models([ModelConfig("m", Path("/m"), labels=labels or {})])
    versions = next(iter(models)).versions
    for number, servable in enumerate(servables, start=1):
        versions[number] = ModelVersion("m", number)
        versions[number].make_available(servable)
    return models
