"""Three PNG pictures of a training, for people: curve, confusion matrix, sample predictions. Nothing reads them."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from model.dataset import CLASSES, Images, Labels
from model.evaluate import Logits
from model.manifest import Metrics
from model.picture import probabilities

INK, RIGHT, WRONG = "#222222", "#1b6ca8", "#c0392b"
DOTS_PER_INCH = 120
SAMPLES, SAMPLE_COLUMNS = 15, 5


def training_curve(history: dict[str, list[float]], path: Path) -> None:
    """Loss and accuracy by epoch, on training and on test images."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for key, label, color in ((name, "training", RIGHT), (f"val_{name}", "test", WRONG)):
            epochs = range(1, len(history[key]) + 1)
            axes.plot(
                epochs,
                history[key],
                color=color,
                marker="o",
                markersize=4,
                markevery=_every(epochs),
                label=label,
            )
        axes.set(title=name.capitalize(), xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.savefig(path, dpi=DOTS_PER_INCH)


def confusion_matrix(metrics: Metrics, path: Path) -> None:
    """Counts by true and predicted label; the colour is the share of the true label's images."""
    counts = np.array(metrics.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(6, 5.6), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (true, predicted), count in np.ndenumerate(counts):
        if count:
            color = "white" if shares[true, predicted] > 0.5 else INK
            axes.text(predicted, true, str(count), ha="center", va="center", color=color, fontsize=9)
    axes.set(xlabel="predicted", ylabel="true", xticks=range(CLASSES), yticks=range(CLASSES))
    axes.set_title(f"{counts.trace()} of {counts.sum()} test images right ({metrics.accuracy:.1%})")
    axes.spines[:].set_visible(False)
    figure.savefig(path, dpi=DOTS_PER_INCH)


def sample_predictions(images: Images, labels: Labels, logits: Logits, path: Path) -> None:
    """The first test images, with predicted label and probability; a wrong one is red and names the true label."""
    rows = -(-min(SAMPLES, len(labels)) // SAMPLE_COLUMNS)
    figure = Figure(figsize=(SAMPLE_COLUMNS * 1.6, rows * 1.9), layout="constrained")
    grid = figure.subplots(rows, SAMPLE_COLUMNS, squeeze=False).flat
    for index, axes in enumerate(grid):
        axes.set_axis_off()
        if index < len(labels):
            _sample(axes, images[index], int(labels[index]), probabilities(logits[index]))
    figure.savefig(path, dpi=DOTS_PER_INCH)


def _sample(axes: Axes, image: Any, label: int, probability: Any) -> None:
    predicted = int(probability.argmax())
    right = predicted == label
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=1)
    title = f"{predicted}  {probability[predicted]:.1%}" + ("" if right else f"\ntrue: {label}")
    axes.set_title(title, fontsize=10, color=INK if right else WRONG)


def _every(epochs: range) -> int:
    """Every how many epochs a curve gets a mark: at most about twenty."""
    return max(1, len(epochs) // 20)
