"""A SavedModel as an MLflow model: `python mlflow_model.py VERSION_FOLDER TARGET`, run by the Python that has MLflow.

Owns that step of `mlflow_server`. The graph is saved as a module of TensorFlow, with the signature MLflow asks for, so
that a request calls it directly; a Keras model's requests go through `Model.predict`, which takes far longer.
"""

import sys
from typing import Any

import mlflow.models  # type: ignore[import-not-found]  # this file runs where MLflow is
import mlflow.tensorflow  # type: ignore[import-not-found]
import mlflow.types  # type: ignore[import-not-found]
import numpy as np
import tensorflow as tf


def save(version: str, target: str) -> None:
    """Write the default signature of a version folder, with its one input and one output, as an MLflow model."""
    loaded = tf.saved_model.load(version)
    signature = loaded.signatures["serving_default"]
    ((alias, images),) = signature.structured_input_signature[1].items()

    class Served(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
        """The signature as a module that is called with a batch of images."""

        def __init__(self) -> None:
            super().__init__()
            self.loaded = loaded

        @tf.function(input_signature=[tf.TensorSpec(images.shape, images.dtype)])  # type: ignore[untyped-decorator]
        def __call__(self, batch: Any) -> Any:
            (logits,) = signature(**{alias: batch}).values()
            return logits

    batch = mlflow.types.TensorSpec(np.dtype(np.float32), (-1, *images.shape[1:]))
    inputs = mlflow.models.ModelSignature(inputs=mlflow.types.Schema([batch]))
    mlflow.tensorflow.save_model(Served(), target, signature=inputs)


if __name__ == "__main__":
    save(*sys.argv[1:3])
