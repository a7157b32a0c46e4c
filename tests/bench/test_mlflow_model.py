"""The SavedModel as an MLflow model, with a stand-in for MLflow that keeps what it is given."""

import json
import subprocess
import sys
from pathlib import Path

from bench.mlflow_server import SAVE

# MLflow saves a module of TensorFlow with TensorFlow, and calls it with a batch when it has loaded it again.
STAND_IN = {
    "__init__.py": "",
    "types.py": "def TensorSpec(dtype, shape): return [str(dtype), list(shape)]\ndef Schema(inputs): return inputs\n",
    "models.py": "def ModelSignature(inputs): return inputs\n",
    "tensorflow.py": """
import json, tensorflow as tf
def save_model(module, target, signature):
    tf.saved_model.save(module, target)
    batch = tf.ones([2, 3])
    with open(target + "/found.json", "w") as file:
        json.dump([signature, tf.saved_model.load(target)(batch).numpy().tolist()], file)
""",
}
EXPORT = """
import sys, tensorflow as tf
module = tf.Module()
module.weight = tf.Variable(2.0)
serve = lambda x: {"y": x * module.weight}
module.serve = tf.function(serve, input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
tf.saved_model.save(module, sys.argv[1], signatures=module.serve)
"""


def test_saved_with_the_models_own_signature(tmp_path: Path) -> None:
    """MLflow is given a module that answers as the SavedModel does, and the shape of its one input."""
    package = tmp_path / "mlflow"
    package.mkdir()
    for name, text in STAND_IN.items():
        (package / name).write_text(text)
    save = "import runpy\nsys.path.insert(0, sys.argv[3])\nrunpy.run_path(sys.argv[4], run_name='__main__')"
    arguments = [str(path) for path in (tmp_path / "1", tmp_path / "saved", tmp_path, SAVE)]
    command = [sys.executable, "-c", EXPORT + save, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "saved" / "found.json").read_text()) == [[["float32", [-1, 3]]], [[2.0] * 3] * 2]
