"""Bad models, each stopped by the gate that is there for it, while the model that serves loses no request."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model import datasource
from model.dataset import load
from tests.lifecycle.checkout import Checkout
from tests.lifecycle.client import Client

pytestmark = [pytest.mark.cli, pytest.mark.timeout(400)]

NAN_WEIGHTS = """

_train = train


def train(hyperparameters, dataset, progress):
    run = _train(hyperparameters, dataset, progress)
    run.model.weights[0].assign(run.model.weights[0] * float("nan"))
    return run
"""
TRUNCATED_VARIABLES = """

_export = export


def export(model, height, width, folder):
    signature = _export(model, height, width, folder)
    with next((folder / "variables").glob("*.data*")).open("r+b") as file:
        file.truncate(100)
    return signature
"""
DOUBLES = {
    "], tf.float32, name=INPUT)": "], tf.float64, name=INPUT)",
    "model(image,": "model(tf.cast(image, tf.float32),",
}

Spoil = Callable[[Checkout], None]


def appended(source: str, text: str) -> Spoil:
    """Add to the end of a source of the model."""

    def spoil(checkout: Checkout) -> None:
        path = checkout.folder / "model" / source
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")

    return spoil


def replaced(source: str, changes: dict[str, str]) -> Spoil:
    """Change a source of the model."""

    def spoil(checkout: Checkout) -> None:
        path = checkout.folder / "model" / source
        text = path.read_text(encoding="utf-8")
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")

    return spoil


def relabelled(change: Callable[[np.ndarray], np.ndarray], **gates: str) -> Spoil:
    """Train on other labels; the test images keep theirs. Other gates than the one in question may be opened."""

    def spoil(checkout: Checkout) -> None:
        digits = load(datasource.locate("digits", checkout.folder), checkout.folder, print)
        np.savez(
            checkout.folder / "bad.npz",
            x_train=digits.x_train,
            y_train=change(digits.y_train),
            x_test=digits.x_test[:300],
            y_test=digits.y_test[:300],
        )
        checkout.configure(dataset="bad.npz", **gates)

    return spoil


def shuffled(labels: np.ndarray) -> np.ndarray:
    """The same labels in another order: nothing can be learned from them."""
    return np.random.default_rng(0).permutation(labels)


def swapped(labels: np.ndarray) -> np.ndarray:
    """Every 3 is called an 8."""
    return np.where(labels == 3, 8, labels)


BAD: dict[str, tuple[Spoil, str]] = {
    "NaN weights": (appended("train.py", NAN_WEIGHTS), "finite numbers: 1 of the exported model's 4 weight tensors"),
    "truncated variables": (appended("export.py", TRUNCATED_VARIABLES), "the SavedModel cannot be loaded and asked: "),
    "another dtype": (
        replaced("export.py", DOUBLES),
        "against allowSignatureChange false: input image was float32 [any, 8, 8] and is float64 [any, 8, 8]",
    ),
    "shuffled labels": (relabelled(shuffled), " is below minAccuracy 0.9"),
    "one class swapped": (
        relabelled(swapped, minAccuracy="0", maxAccuracyDrop="1", minClassAccuracy="0.5"),
        "accuracy 0.0000 on label 3 is below minClassAccuracy 0.5",
    ),
}


def test_every_bad_model_is_stopped_by_its_gate(served: Checkout) -> None:
    """Each `up` fails by the gate named for it, with what serves untouched; a client at 50/s loses nothing."""
    digest, before = served.output("modelDigest"), served.server()
    client = Client(served.output("predictUrl"))
    client.start()
    said = {what: _stopped(served, spoil) for what, (spoil, _) in BAD.items()}
    client.stop()

    for what, (_, gate) in BAD.items():
        assert gate in said[what], f"{what}: {said[what]}"
    assert (served.output("modelDigest"), served.server(), served.status()) == (digest, before, {"1": "AVAILABLE"})
    assert client.lost == []
    assert len(client.answers) == 1  # only ever the old model's


def _stopped(served: Checkout, spoil: Spoil) -> str:
    """What an `up` says that must fail; the checkout is then as it was."""
    kept = {path: path.read_bytes() for path in _files(served)}
    spoil(served)
    try:
        return served.fails("up", "--yes", "--skip-preview")
    finally:
        for path, content in kept.items():
            path.write_bytes(content)


def _files(served: Checkout) -> list[Path]:
    return [*(served.folder / "model").glob("*.py"), served.folder / "Pulumi.local.yaml"]


def test_the_serving_model_is_measured_once(served: Checkout) -> None:
    """New test images: the first up measures the serving model on them; a preview then knows without TensorFlow."""
    relabelled(swapped, minAccuracy="0")(served)
    first = served.fails("up", "--yes", "--skip-preview")
    preview = served.fails("preview")

    assert "which serves, on the new test images" in first
    assert "loading TensorFlow" in first
    for said in (first, preview):
        assert "maxAccuracyDrop is 0.05" in said
    assert "loading TensorFlow" not in preview
    served.configure(maxAccuracyDrop="0.5")
    assert "answered as trained by version 2" in served.up()
