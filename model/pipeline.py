"""From a dataset to a complete artifact: train, export, evaluate, draw, describe.

Importing it imports TensorFlow: only a training process does. What each step does is its own module's part;
where the artifact is kept is the store's.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from model import evaluate, fingerprint, plots, provenance
from model.dataset import Dataset
from model.datasource import DataSource
from model.digest import digest_of, file_digests
from model.errors import ModelError
from model.export import export
from model.hyperparameters import Hyperparameters
from model.manifest import Manifest, Metrics
from model.train import configure_process, train

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Training:
    """What to train, and the fingerprint under which it was asked for."""

    hyperparameters: Hyperparameters
    source: DataSource
    fingerprint: str


def produce(training: Training, dataset: Dataset, staged: Path, progress: Callable[[str], None]) -> Manifest:
    """Train and write `model/` and the pictures to the folder `staged`; the manifest is returned, not written.

    The bytes of the export are reproducible if this process has not used TensorFlow before.

    Raises:
        ModelError: the sources changed or the training failed.
        OSError: the folder cannot be written.
    """
    started = time.monotonic()
    parts = fingerprint.parts(training.hyperparameters, training.source)
    if parts.fingerprint != training.fingerprint:
        raise ModelError("the sources of the model changed while the training started; run the same command again")
    configure_process()
    run = train(training.hyperparameters, dataset, progress)
    progress("exporting and evaluating")
    signature = export(run.model, dataset.height, dataset.width, staged / "model")
    files = file_digests(staged / "model")
    logits = evaluate.answers(staged / "model", dataset.x_test)
    evaluate.require_finite(staged / "model", logits)
    metrics = evaluate.metrics(logits, dataset.y_test)
    _draw(run.history, metrics, dataset, logits, staged)
    revision, dirty = provenance.source_revision(ROOT)
    return Manifest(
        digest=digest_of(files),
        fingerprint=parts.fingerprint,
        parts=parts,
        files=files,
        metrics=metrics,
        signature=signature,
        golden=evaluate.golden_examples(dataset.x_test, dataset.y_test, logits),
        packages=provenance.packages(),
        duration_seconds=round(time.monotonic() - started, 3),
        source_revision=revision,
        dirty=dirty,
        cpu=provenance.cpu(),
        history=run.history,
        created=datetime.now(UTC).isoformat(),
    )


def _draw(
    history: dict[str, list[float]], metrics: Metrics, dataset: Dataset, logits: evaluate.Logits, folder: Path
) -> None:
    plots.training_curve(history, folder / "training-curve.png")
    plots.confusion_matrix(metrics, folder / "confusion-matrix.png")
    plots.sample_predictions(dataset.x_test, dataset.y_test, logits, folder / "predictions.png")
