"""How an exported SavedModel does on images: its answers, metrics and golden examples.

Asks the export, never the Keras model it came from: what is measured is what will be served.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from model.dataset import CLASSES, Images, Labels
from model.errors import ModelError
from model.export import INPUT, OUTPUT, SIGNATURE
from model.manifest import GoldenExample, Metrics

BATCH = 1000  # bounds memory; answers do not depend on it beyond the last bits
GOLDEN_EXAMPLES = 10

Logits = npt.NDArray[np.float32]


def answers(savedmodel: Path, images: Images) -> Logits:
    """The logits [N][10] that the SavedModel in this folder gives for images [N][H][W].

    Raises:
        ModelError: its files cannot be loaded, or it does not take such images.
    """
    try:
        serve = tf.saved_model.load(str(savedmodel)).signatures[SIGNATURE]
        dtype = serve.structured_input_signature[1][INPUT].dtype
        batches = [tf.cast(images[start : start + BATCH], dtype) for start in range(0, len(images), BATCH)]
        return np.concatenate([serve(**{INPUT: batch})[OUTPUT].numpy() for batch in batches])
    except Exception as error:  # TensorFlow turns its own states into exceptions of every kind
        reason = str(error).partition("\n")[0]
        raise ModelError(f"the SavedModel cannot be loaded and asked: {reason}") from error


def require_finite(savedmodel: Path, logits: Logits) -> None:
    """Refuse a model that holds or answers something else than numbers: no figure of it would mean anything.

    A relu turns NaN into 0, so the answers alone do not tell.

    Raises:
        ModelError: a weight or an answer is NaN or infinite.
    """
    checkpoint = tf.train.load_checkpoint(str(savedmodel / "variables" / "variables"))
    floats = [name for name, dtype in checkpoint.get_variable_to_dtype_map().items() if dtype.is_floating]
    weights = sum(not np.isfinite(checkpoint.get_tensor(name)).all() for name in floats)
    answered = int((~np.isfinite(logits)).any(axis=1).sum())
    if weights or answered:
        raise ModelError(
            f"finite numbers: {weights} of the exported model's {len(floats)} weight tensors and {answered} of its "
            f"{len(logits)} answers on the test images hold NaN or infinity, so it is not stored and what serves now "
            "keeps serving; look at what made them (learningRate, the network)"
        )


def metrics(logits: Logits, labels: Labels) -> Metrics:
    """Accuracy, softmax cross-entropy and confusion of logits [N][10] against labels [N]."""
    confusion = np.zeros((CLASSES, CLASSES), np.int64)
    np.add.at(confusion, (labels, logits.argmax(axis=1)), 1)
    totals = confusion.sum(axis=1)
    return Metrics(
        accuracy=float(confusion.trace() / len(labels)),
        loss=float(_cross_entropy(logits.astype(np.float64), labels)),
        per_class={str(c): float(confusion[c, c] / totals[c]) for c in range(CLASSES) if totals[c]},
        confusion=confusion.tolist(),
    )


def golden_examples(images: Images, labels: Labels, logits: Logits) -> list[GoldenExample]:
    """Ten of the images with the model's answers: the first of each label, then the first others."""
    first_of_each = np.unique(labels, return_index=True)[1].tolist()
    others = [index for index in range(len(labels)) if index not in first_of_each]
    chosen = (first_of_each + others)[:GOLDEN_EXAMPLES]
    return [GoldenExample(images[i].tolist(), int(labels[i]), logits[i].tolist()) for i in chosen]


def _cross_entropy(logits: npt.NDArray[np.float64], labels: Labels) -> np.float64:
    shifted = logits - logits.max(axis=1, keepdims=True)
    true = np.take_along_axis(shifted, labels[:, np.newaxis], axis=1)[:, 0]
    loss: np.float64 = (np.log(np.exp(shifted).sum(axis=1)) - true).mean()
    return loss
