"""The SavedModels the tests serve, written by a child process: `python -m tests.serving.exported FOLDER`.

Owns the models; TensorFlow stays out of the process that runs the tests.
"""

import sys
from pathlib import Path
from typing import Any

HEIGHT = WIDTH = 8
CLASSES = 10


def export_all(folder: Path) -> None:
    """Write every model into a folder of its own: image-1, image-2, pair, text, slow."""
    import tensorflow as tf  # noqa: PLC0415 - only this child process needs TensorFlow

    floats = tf.float32
    weights = tf.reshape(tf.range(HEIGHT * WIDTH * CLASSES, dtype=floats), [HEIGHT * WIDTH, CLASSES]) / 640.0
    for version in (1, 2):
        _export(tf, folder / f"image-{version}", _image_model(tf, weights * version))
    pair = [tf.TensorSpec([None, 2], floats, name="a"), tf.TensorSpec([None], tf.int64, name="b")]
    _export(tf, folder / "pair", tf.function(lambda a, b: {"a_twice": a + a, "b_bytes": tf.as_string(b), "c": b}, pair))
    text = [tf.TensorSpec([None], tf.string, name="text")]
    _export(tf, folder / "text", tf.function(lambda text: {"length": tf.strings.length(text), "text": text}, text))
    _export(tf, folder / "slow", _slow_model(tf))
    _export_tensorflow_1(tf, folder / "tensorflow-1")


def _export_tensorflow_1(tf: Any, folder: Path) -> None:
    """A model as TensorFlow 1 wrote them: a graph with a session's variables, and two inputs."""
    old = tf.compat.v1
    with old.Graph().as_default(), old.Session() as session:
        first, second = old.placeholder(tf.float32, [None], "first"), old.placeholder(tf.float32, [None], "second")
        output = first * old.get_variable("weight", initializer=10.0) + second
        session.run(old.global_variables_initializer())
        old.saved_model.simple_save(session, str(folder), {"b": first, "a": second}, {"y": output})


def _image_model(tf: Any, weights: Any) -> Any:
    variable = tf.Variable(weights)

    def logits(image: Any) -> dict[str, Any]:
        return {"logits": tf.reshape(image, [-1, HEIGHT * WIDTH]) @ variable}

    return tf.function(logits, [tf.TensorSpec([None, HEIGHT, WIDTH], tf.float32, name="image")]), variable


def _slow_model(tf: Any) -> Any:
    """Answers with its input, after as many rounds of work as the input says (about 1 ms each)."""

    def rounds_done(rounds: Any) -> dict[str, Any]:
        def work(index: Any, matrix: Any) -> tuple[Any, Any]:
            return index + 1, tf.tanh(matrix @ matrix)

        start = (tf.constant(0), tf.ones([200, 200]))
        _, matrix = tf.while_loop(lambda index, _: index < rounds[0], work, start, parallel_iterations=1)
        return {"rounds": rounds + tf.cast(tf.reduce_sum(matrix) * 0.0, tf.int32)}

    return tf.function(rounds_done, [tf.TensorSpec([None], tf.int32, name="rounds")])


def _export(tf: Any, folder: Path, made: Any) -> None:
    module = tf.Module()
    function, *variables = made if isinstance(made, tuple) else (made,)
    module.variables_kept = variables
    module.serve = function
    tf.saved_model.save(module, str(folder), signatures={"serving_default": function})


if __name__ == "__main__":
    export_all(Path(sys.argv[1]))
