"""Tests of model.plots: that the pictures are there and show something; how they look is for people to judge."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model import plots
from model.evaluate import metrics
from tests.model.conftest import Trained

LOGITS = np.eye(10, dtype=np.float32)[[1, 2, 3]]


def colours(path: Path) -> int:
    """How many colours a picture has; a blank one has 1."""
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0))


@pytest.mark.parametrize("name", ["training-curve", "confusion-matrix", "predictions"])
def test_trained_artifact_has_pictures(trained: Trained, name: str) -> None:
    """Each is a PNG beside the model, with more than a blank page."""
    assert colours(trained.found.path / f"{name}.png") > 20


@pytest.mark.parametrize("epochs", [1, 500])
def test_curves_of_any_length(tmp_path: Path, epochs: int) -> None:
    """One epoch is a point, many are a line."""
    names = ("loss", "accuracy", "val_loss", "val_accuracy")

    plots.training_curve({name: list(np.linspace(1, 0, epochs)) for name in names}, tmp_path / "c.png")

    assert colours(tmp_path / "c.png") > 20


def test_missing_labels_and_few_images(tmp_path: Path) -> None:
    """Labels without images and less images than places leave room, no error."""
    labels = np.array([1, 2, 4])

    plots.confusion_matrix(metrics(LOGITS, labels), tmp_path / "m.png")
    plots.sample_predictions(np.ones((3, 6, 4), np.float32), labels, LOGITS, tmp_path / "p.png")

    assert colours(tmp_path / "m.png") > 20
    with Image.open(tmp_path / "p.png") as picture:  # the third answer is wrong, and red
        red, green, blue = np.asarray(picture.convert("RGB")).astype(int).transpose(2, 0, 1)
    assert ((red - green > 100) & (red - blue > 100)).any()
