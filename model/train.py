"""Training: fits the network to a dataset so that equal inputs give equal weights.

Decides the result of a training. What is done with the trained network (export, metrics) stands elsewhere.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from model.dataset import Dataset
from model.errors import ModelError
from model.hyperparameters import Hyperparameters
from model.network import build

# Thread counts are written into the exported graph, so they must not depend on the machine's cores.
INTRA_OP_THREADS = 2
INTER_OP_THREADS = 2
PROGRESS_LINES = 20
PROGRESS_SECONDS = 5


@dataclass(frozen=True)
class TrainingRun:
    """A trained Keras model and its per-epoch `loss`, `accuracy`, `val_loss` and `val_accuracy` (test images)."""

    model: keras.Model
    history: dict[str, list[float]]


def configure_process() -> None:
    """Hide GPUs and pin thread counts; to be called before TensorFlow computes anything in this process."""
    tf.config.set_visible_devices([], "GPU")
    tf.config.threading.set_intra_op_parallelism_threads(INTRA_OP_THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(INTER_OP_THREADS)


def train(
    hyperparameters: Hyperparameters,
    dataset: Dataset,
    progress: Callable[[str], None],
) -> TrainingRun:
    """Train the network; `progress` gets a line per epoch, or about twenty in all if there are more epochs.

    Equal arguments give equal weights on CPUs of one family.

    Raises:
        ModelError: the loss is no longer a number; the message names the epoch and a smaller learning rate.
    """
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(hyperparameters.seed)
    model = build(dataset.height, dataset.width, hyperparameters)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=hyperparameters.learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    fitted = model.fit(
        dataset.x_train,
        dataset.y_train,
        validation_data=(dataset.x_test, dataset.y_test),
        epochs=hyperparameters.epochs,
        batch_size=hyperparameters.batch_size,
        verbose=0,
        callbacks=[_reporter(hyperparameters, math.ceil(len(dataset.y_train) / hyperparameters.batch_size), progress)],
    )
    return TrainingRun(model, {name: [float(v) for v in values] for name, values in fitted.history.items()})


def _reporter(
    hyperparameters: Hyperparameters, batches: int, progress: Callable[[str], None]
) -> keras.callbacks.Callback:
    epochs = hyperparameters.epochs
    every = math.ceil(epochs / PROGRESS_LINES)
    current, said = 0, time.monotonic()

    def after_batch(batch: int, logs: dict[str, Any]) -> None:  # noqa: ARG001 - Keras passes it by name
        nonlocal said
        if time.monotonic() - said > PROGRESS_SECONDS:
            said = time.monotonic()
            progress(f"epoch {current + 1}/{epochs}: batch {batch + 1} of {batches}")

    def after_epoch(epoch: int, logs: dict[str, Any]) -> None:
        nonlocal current, said
        current = epoch + 1
        loss = logs["loss"] + logs["val_loss"]  # not finite if one of them is not
        if not math.isfinite(loss):
            found, lower = "NaN" if math.isnan(loss) else "infinite", f"{hyperparameters.learning_rate / 10:g}"
            raise ModelError(
                f"loss is {found} at epoch {current}; lower learningRate: pulumi config set learningRate {lower} "
                f"(or --learning-rate {lower})",
            )
        if current % every == 0 or current == epochs:
            said = time.monotonic()
            progress(
                f"epoch {current}/{epochs}: loss {logs['loss']:.4f}, accuracy {logs['accuracy']:.4f}, "
                f"on test images {logs['val_accuracy']:.4f}",
            )

    return keras.callbacks.LambdaCallback(on_epoch_end=after_epoch, on_train_batch_end=after_batch)
