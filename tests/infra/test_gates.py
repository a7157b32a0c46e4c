"""The gates' rules and the words of a refusal."""

from dataclasses import replace
from pathlib import Path

import pytest

from infra import gates
from infra.gates import KEYS, Gates, Refusal, Serving
from model.manifest import Manifest, Metrics, TensorSpec
from tests.model import samples

GATES = Gates(
    min_accuracy=0.9,
    max_accuracy_drop=0.05,
    min_class_accuracy=0.5,
    allow_signature_change=False,
    max_model_megabytes=1,
)
MEGABYTE = 10**6


@pytest.fixture
def new(tmp_path: Path) -> Manifest:
    """A model that passes every gate by itself, each just so."""
    made = samples.manifest(samples.artifact(tmp_path / "artifact"))
    return replace(made, metrics=Metrics(0.9, 0.3, {"0": 1.0, "7": 0.5}, []))


def serving(new: Manifest, accuracy: float = 0.9, dtype: str = "float32") -> Serving:
    """What serves: another model with this accuracy and dtype."""
    inputs = {"image": TensorSpec(dtype, [None, 8, 8])}
    return Serving("cd" * 32, "11", accuracy, {"inputs": inputs, "outputs": new.signature["outputs"]})


def told(refusals: list[Refusal]) -> str:
    """The one refusal, as people read it; its gate comes first."""
    (refusal,) = refusals
    return f"{refusal.gate}! {refusal.text('m', 'ab' * 32)}"


def test_a_model_that_reaches_every_gate_passes(new: Manifest) -> None:
    """Exactly what is wanted is enough."""
    assert gates.refusals(GATES, new, MEGABYTE) == []
    assert gates.breaks(GATES, new, serving(new)) == []
    assert gates.drops(GATES, new, serving(new), 0.95) == []


def test_an_accuracy_below_the_floor(new: Manifest) -> None:
    """Both figures, what stays, and the commands that change one or the other."""
    bad = replace(new, metrics=replace(new.metrics, accuracy=0.8999))

    assert told(gates.refusals(GATES, bad, 1)) == (
        "minAccuracy! m: accuracy 0.8999 is below minAccuracy 0.9, so model abababababab is not let through and what "
        "serves now keeps serving; train it better (pulumi config set epochs 10) or accept it (pulumi config set "
        "minAccuracy 0.89)"
    )


def test_the_worst_label_decides(new: Manifest) -> None:
    """One label below its floor is enough, and it is named."""
    bad = replace(new, metrics=replace(new.metrics, per_class={"0": 1.0, "3": 0.126, "7": 0.4}))
    said = told(gates.refusals(GATES, bad, 1))

    assert said.startswith("minClassAccuracy! m: accuracy 0.1260 on label 3 is below minClassAccuracy 0.5")
    assert said.endswith("(pulumi config set minClassAccuracy 0.12)")


def test_a_model_that_is_too_big(new: Manifest) -> None:
    """The size in megabytes, and the limit that would take it."""
    said = told(gates.refusals(GATES, new, MEGABYTE + 1))

    assert said.startswith("maxModelMegabytes! m: its 1.0 MB are above maxModelMegabytes 1")
    assert said.endswith("(pulumi config set maxModelMegabytes 2)")


def test_several_gates_are_told_together(new: Manifest) -> None:
    """Every gate that is not passed is told, so that none is a surprise later."""
    bad = replace(new, metrics=Metrics(0.1, 9.0, {"0": 0.0}, []))

    assert [refusal.gate for refusal in gates.refusals(GATES, bad, 2 * MEGABYTE)] == [
        "minAccuracy",
        "minClassAccuracy",
        "maxModelMegabytes",
    ]


def test_a_model_worse_than_the_one_that_serves(new: Manifest) -> None:
    """More than the allowed drop on the same images is refused, with all three figures."""
    said = told(gates.drops(GATES, new, serving(new), 0.9501))

    assert "accuracy 0.9000 is 0.0501 below the 0.9501 of model cdcdcdcdcdcd, which serves" in said
    assert "maxAccuracyDrop is 0.05" in said
    assert said.endswith("(pulumi config set maxAccuracyDrop 0.06)")


def test_a_broken_signature(new: Manifest) -> None:
    """Another dtype is refused with both, unless it is allowed; an unknown signature refuses nothing."""
    assert "input image was uint8 [any, 8, 8] and is float32" in told(
        gates.breaks(GATES, new, serving(new, 0.9, "uint8"))
    )
    assert gates.breaks(replace(GATES, allow_signature_change=True), new, serving(new, 0.9, "uint8")) == []
    assert gates.breaks(GATES, new, replace(serving(new), signature=None)) == []


def test_only_a_model_that_takes_the_images_is_measured(new: Manifest) -> None:
    """Neither one of another input, nor any where every drop is allowed."""
    assert gates.is_comparable(GATES, new, serving(new))
    assert not gates.is_comparable(GATES, new, serving(new, 0.9, "uint8"))
    assert not gates.is_comparable(replace(GATES, max_accuracy_drop=1.0), new, serving(new))


def test_gates_are_read_from_inputs() -> None:
    """The inputs of a resource hold each gate under its configuration key."""
    inputs = {
        "minAccuracy": 0.9,
        "maxAccuracyDrop": 0.05,
        "minClassAccuracy": 0.5,
        "allowSignatureChange": False,
        "maxModelMegabytes": 1.0,
        "epochs": 5.0,
    }

    assert Gates.of(inputs) == GATES
    assert inputs.keys() - {"epochs"} == KEYS


def test_the_state_tells_what_serves(new: Manifest) -> None:
    """A TrainedModel's outputs, whose numbers are floats, give what the manifest gives; old ones have no signature."""
    state = {
        "digest": new.digest,
        "datasetSha256": "11",
        "accuracy": 0.9,
        "signature": {
            "inputs": {"image": {"dtype": "float32", "shape": [None, 8.0, 8.0]}},
            "outputs": {"logits": {"dtype": "float32", "shape": [None, 10.0]}},
        },
    }

    assert Serving.of_state(state) == Serving.of_manifest(new)
    assert Serving.of_state(state | {"signature": None}).signature is None
