"""The model that is served in the measurement, and the loop that runs it without any server.

Owns both; each is a child process (`python -m bench.serving_model export FOLDER`, `... loop VERSION_FOLDER`), because
they need TensorFlow and what measures them should not.
"""

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.serving_traffic import SIZES


def export(folder: Path) -> None:
    """Write the quickstart's network, untrained, to `<folder>/<size>/1` for each image size."""
    import tensorflow as tf  # noqa: PLC0415 - only this child process needs it

    for size in SIZES:
        module = tf.Module()
        normal = tf.random.stateless_normal
        module.weights = [
            tf.Variable(normal([size * size, 128], [1, 2]) / 10),
            tf.Variable(normal([128, 10], [3, 4]) / 10),
        ]
        signature = [tf.TensorSpec([None, size, size], tf.float32, name="image")]
        module.serve = tf.function(_network(tf, module.weights, size), signature)
        target = str(folder / str(size) / "1")
        tf.saved_model.save(module, target, signatures={"serving_default": module.serve})


def _network(tf: Any, weights: Sequence[Any], size: int) -> Any:
    def logits(image: Any) -> dict[str, Any]:
        hidden = tf.nn.relu(tf.reshape(image, [-1, size * size]) @ weights[0])
        return {"logits": hidden @ weights[1]}

    return logits


def loop(version: Path) -> None:
    """Answer requests without a server: for each line on standard input, a body's file and how often, print the rate.

    It is what a prediction costs in plain Python: `json.loads`, NumPy, the SavedModel's signature as TensorFlow 2 gives
    it, `json.dumps`, in one thread.
    """
    import numpy as np  # noqa: PLC0415 - only this child process needs them
    import tensorflow as tf  # noqa: PLC0415

    loaded = tf.saved_model.load(str(version))
    predict = loaded.signatures["serving_default"]
    for line in sys.stdin:
        file, count = json.loads(line)
        body = Path(file).read_bytes()
        started = time.perf_counter()
        for _ in range(count):
            images = np.array(json.loads(body)["instances"], np.float32)
            logits = predict(image=tf.constant(images))["logits"].numpy()
            json.dumps({"predictions": logits.tolist()})
        print(count / (time.perf_counter() - started), flush=True)


def main(arguments: Sequence[str]) -> None:
    """Be the child process that the arguments ask for."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    work, folder = arguments
    {"export": export, "loop": loop}[work](Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
