"""The gates: what a model must reach before anything below it moves, judged on stored results.

Owns the rules and the words of a refusal. Does not own the figures (model) nor the model that they are of (training).
A gate is no part of what is learned: another one neither trains nor changes anything below the model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from infra import signature
from infra.naming import camel_case
from model.manifest import Manifest, Signature, TensorSpec

MEGABYTE = 10**6
# Differences of accuracies are compared to this many decimals: 0.95 - 0.9 is not 0.05 in binary.
DECIMALS = 9


@dataclass(frozen=True, kw_only=True)
class Gates:
    """What a model must keep to be let through.

    Args:
        min_accuracy: share of right answers on the test images, 0 to 1.
        max_accuracy_drop: by how much it may be below that of the model that serves, both on the new test images; at 1
            nothing is compared.
        min_class_accuracy: share of right answers on the test images of each single label, 0 to 1.
        allow_signature_change: whether it may break the requests that the serving model answers.
        max_model_megabytes: size of the SavedModel's files, 10^6 bytes each.
    """

    min_accuracy: float
    max_accuracy_drop: float
    min_class_accuracy: float
    allow_signature_change: bool
    max_model_megabytes: int

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> Gates:
        """The gates among a resource's inputs."""
        return cls(**{field.name: inputs[camel_case(field.name)] for field in fields(cls)})


KEYS = frozenset(camel_case(field.name) for field in fields(Gates))
"""Configuration keys, and inputs, that are gates."""


class Refusal(NamedTuple):
    """A gate that a model did not pass: its configuration key, what was reached and wanted, and what changes it."""

    gate: str
    reason: str
    remedy: str

    def text(self, name: str, digest: str) -> str:
        """The refusal of a model as people read it."""
        kept = f"so model {digest[:12]} is not let through and what serves now keeps serving"
        return f"{name}: {self.reason}, {kept}; {self.remedy}"


@dataclass(frozen=True)
class Serving:
    """The model that serves now, as the stack's state or its manifest tells of it; None where neither does."""

    digest: str
    dataset_sha256: str
    accuracy: float
    signature: Signature | None

    @classmethod
    def of_manifest(cls, found: Manifest) -> Serving:
        """A model of the store."""
        return cls(found.digest, found.parts.dataset["sha256"], found.metrics.accuracy, found.signature)

    @classmethod
    def of_state(cls, outputs: Mapping[str, Any]) -> Serving:
        """The model of a TrainedModel's outputs."""
        kept = outputs.get("signature")
        return cls(outputs["digest"], outputs["datasetSha256"], outputs["accuracy"], _signature(kept) if kept else None)


def refusals(gates: Gates, new: Manifest, size: int) -> list[Refusal]:
    """The gates that a model does not pass by itself; `size` is that of its files in bytes."""
    found = []
    reached, wanted = new.metrics.accuracy, gates.min_accuracy
    if reached < wanted:
        epochs = int(new.parts.hyperparameters["epochs"]) * 2
        reason = f"accuracy {reached:.4f} is below minAccuracy {wanted:g}"
        found.append(_refusal("minAccuracy", reason, _floor(reached), better=f"epochs {epochs}"))
    label, worst = min(new.metrics.per_class.items(), key=lambda entry: entry[1], default=("", 1.0))
    if worst < gates.min_class_accuracy:
        reason = f"accuracy {worst:.4f} on label {label} is below minClassAccuracy {gates.min_class_accuracy:g}"
        found.append(_refusal("minClassAccuracy", reason, _floor(worst)))
    if size > gates.max_model_megabytes * MEGABYTE:
        reason = f"its {size / MEGABYTE:.1f} MB are above maxModelMegabytes {gates.max_model_megabytes:g}"
        found.append(_refusal("maxModelMegabytes", reason, f"{math.ceil(size / MEGABYTE)}"))
    return found


def breaks(gates: Gates, new: Manifest, serving: Serving) -> list[Refusal]:
    """The signature's gate: the requests that the serving model answers must stay right."""
    change = signature.break_of(serving.signature, new.signature) if serving.signature else ""
    if gates.allow_signature_change or not change:
        return []
    reason = f"the signature would change, against allowSignatureChange false: {change}"
    return [_refusal("allowSignatureChange", reason, "true")]


def is_comparable(gates: Gates, new: Manifest, serving: Serving) -> bool:
    """Whether the serving model is to be measured against: a gate wants it, and it takes the new test images."""
    takes_them = not serving.signature or serving.signature["inputs"] == new.signature["inputs"]
    return gates.max_accuracy_drop < 1 and takes_them


def drops(gates: Gates, new: Manifest, serving: Serving, accuracy: float) -> list[Refusal]:
    """The gate against the serving model, which has this accuracy on the new model's test images."""
    drop = round(accuracy - new.metrics.accuracy, DECIMALS)
    if drop <= gates.max_accuracy_drop:
        return []
    reason = (
        f"accuracy {new.metrics.accuracy:.4f} is {drop:.4f} below the {accuracy:.4f} of model {serving.digest[:12]}, "
        f"which serves, on the same test images; maxAccuracyDrop is {gates.max_accuracy_drop:g}"
    )
    return [_refusal("maxAccuracyDrop", reason, _ceiling(drop))]


def incomparable(serving: Serving, store: str) -> Refusal:
    """The refusal where the serving model would have to be measured and is not there."""
    reason = (
        f"model {serving.digest[:12]}, which serves, is not in {store} and cannot be measured on the new test images"
    )
    return _refusal("maxAccuracyDrop", reason, "1")


def _refusal(gate: str, reason: str, value: str, *, better: str = "") -> Refusal:
    train = f"train it better (pulumi config set {better}) or " if better else ""
    return Refusal(gate, reason, f"{train}accept it (pulumi config set {gate} {value})")


def _floor(share: float) -> str:
    """The share as people configure it, rounded down to hundredths, so that it is passed."""
    return f"{math.floor(share * 100) / 100:g}"


def _ceiling(share: float) -> str:
    return f"{math.ceil(share * 100) / 100:g}"


def _signature(kept: Mapping[str, Any]) -> Signature:
    """A signature from the state, where every number is a float."""
    return {
        side: {
            name: TensorSpec(spec["dtype"], [None if size is None else int(size) for size in spec["shape"]])
            for name, spec in tensors.items()
        }
        for side, tensors in kept.items()
    }
