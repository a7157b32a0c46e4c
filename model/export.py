"""The export: a trained network as a SavedModel whose bytes depend on nothing but the network.

Decides the result of a training. Keras' own `model.export` orders graph nodes differently from run to run, and a
module that holds Keras objects does not load in a TensorFlow 1 session, which is how TensorFlow Serving loads.
"""

import errno
import shutil
from pathlib import Path

import keras
import tensorflow as tf

from model.manifest import Signature, TensorSpec

SIGNATURE = "serving_default"
INPUT = "image"
OUTPUT = "logits"


def export(model: keras.Model, height: int, width: int, folder: Path) -> Signature:
    """Write the SavedModel of `model` to `folder`, which is created, and return its signature.

    `serving_default` maps `image` [batch][height][width] float32 to `logits` [batch][10] float32.

    Raises:
        OSError: the folder cannot be written; ENOSPC when the disk is full.
    """
    module = tf.Module()
    # The plain tf.Variables, in a list: their order and names in the checkpoint are then fixed.
    module.variables_in_order = [weight.value for weight in model.weights]
    specification = tf.TensorSpec([None, height, width], tf.float32, name=INPUT)

    def answer(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {OUTPUT: model(image, training=False)}

    module.serve = serve = tf.function(answer, input_signature=[specification])
    try:
        tf.saved_model.save(module, str(folder), signatures={SIGNATURE: serve})
    except tf.errors.ResourceExhaustedError as error:
        raise OSError(errno.ENOSPC, "No space left on device", str(folder)) from error
    _keep_what_is_reproducible(folder)
    output = serve.get_concrete_function().structured_outputs[OUTPUT]
    return {
        "inputs": {INPUT: TensorSpec(specification.dtype.name, specification.shape.as_list())},
        "outputs": {OUTPUT: TensorSpec(output.dtype.name, output.shape.as_list())},
    }


def _keep_what_is_reproducible(folder: Path) -> None:
    """Remove the random UUID, and the empty folder that stores without folders lose; set modes for image layers."""
    (folder / "fingerprint.pb").unlink()
    shutil.rmtree(folder / "assets")
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
