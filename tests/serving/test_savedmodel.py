"""SavedModels in memory, with the real TensorFlow."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from serving.errors import Code, StatusError
from serving.savedmodel import SavedModel, example_inputs, load
from tests.serving.exported import HEIGHT, WIDTH


@pytest.fixture(scope="module")
def image(exported: Path) -> SavedModel:
    """The image model, loaded."""
    return load(exported / "image-1")


def test_signature(image: SavedModel) -> None:
    """Inputs are known by alias, with element type and shape."""
    signature = image.signatures["serving_default"]
    assert {name: dtype.name for name, dtype in signature.inputs.items()} == {"image": "float"}
    assert signature.shapes == {"image": (-1, HEIGHT, WIDTH)}
    assert image.signatures["__saved_model_init_op"].inputs == {}


def test_metadata_is_protobufs_json(image: SavedModel) -> None:
    """Metadata has defaults printed, sizes as strings and types by name."""
    found = image.metadata["serving_default"]
    assert found["method_name"] == "tensorflow/serving/predict"
    assert found["inputs"]["image"] == {
        "name": "serving_default_image:0",
        "dtype": "DT_FLOAT",
        "tensor_shape": {
            "dim": [{"size": size, "name": ""} for size in ("-1", str(HEIGHT), str(WIDTH))],
            "unknown_rank": False,
        },
    }
    assert image.metadata["__saved_model_init_op"]["outputs"]["__saved_model_init_op"]["dtype"] == "DT_INVALID"


def test_runs(image: SavedModel) -> None:
    """A run gives the graph's outputs by alias."""
    outputs = image.run("serving_default", {"image": np.ones([3, HEIGHT, WIDTH], np.float32)})
    assert outputs["logits"].shape == (3, 10)
    assert outputs["logits"][0, 0] == pytest.approx(31.5)


def test_shape_is_not_held_against_the_signature(image: SavedModel) -> None:
    """Tensors of another shape run when the graph can take them, as in TensorFlow Serving."""
    outputs = image.run("serving_default", {"image": np.ones([HEIGHT * WIDTH], np.float32)})
    assert outputs["logits"].shape == (1, 10)


def test_graph_refuses(image: SavedModel) -> None:
    """What the graph refuses has TensorFlow's code and the op's message, without Python's wrapping."""
    with pytest.raises(StatusError) as caught:
        image.run("serving_default", {"image": np.ones([1, 3], np.float32)})
    assert caught.value.code is Code.INVALID_ARGUMENT
    assert caught.value.message.startswith("Input to reshape is a tensor with 3 values, but the requested shape")
    assert caught.value.message.endswith("]]")


def test_several_inputs_and_outputs(exported: Path) -> None:
    """Inputs and outputs go by alias, whatever their order."""
    model = load(exported / "pair")
    outputs = model.run("serving_default", {"b": np.array([7]), "a": np.array([[1, 2]], np.float32)})
    assert {name: value.tolist() for name, value in outputs.items()} == {
        "a_twice": [[2.0, 4.0]],
        "b_bytes": [b"7"],
        "c": [7],
    }


def test_model_of_tensorflow_1(exported: Path) -> None:
    """A SavedModel of TensorFlow 1 is loaded, and its inputs go by alias."""
    inputs = {"a": np.array([1], np.float32), "b": np.array([2], np.float32)}
    assert load(exported / "tensorflow-1").run("serving_default", inputs)["y"].tolist() == [21.0]


def test_strings(exported: Path) -> None:
    """Strings go in and come out as bytes."""
    outputs = load(exported / "text").run("serving_default", {"text": np.array([b"\xff", b"abc"], np.object_)})
    assert outputs["text"].tolist() == [b"\xff", b"abc"]
    assert outputs["length"].tolist() == [1, 3]


def test_example_inputs_run(image: SavedModel) -> None:
    """Zeros of the signature's shape, open sizes 1, can be run."""
    example = example_inputs(image.signatures["serving_default"])
    assert example["image"].shape == (1, HEIGHT, WIDTH)
    assert image.run("serving_default", example)["logits"].tolist() == [[0.0] * 10]


def test_nothing_there(tmp_path: Path) -> None:
    """A directory without a SavedModel is NOT_FOUND, with its path."""
    with pytest.raises(StatusError, match=f"^NOT_FOUND: Could not find SavedModel .* path: {tmp_path}$"):
        load(tmp_path)


def test_no_protobuf(tmp_path: Path) -> None:
    """A file that is no SavedModel is DATA_LOSS."""
    (tmp_path / "saved_model.pb").write_bytes(b"no protobuf")
    with pytest.raises(StatusError, match=f"^DATA_LOSS: Can't parse {tmp_path}/saved_model.pb as binary proto$"):
        load(tmp_path)


def test_variables_missing(exported: Path, tmp_path: Path) -> None:
    """A half copied model, without its variables, is not served."""
    (tmp_path / "saved_model.pb").write_bytes((exported / "image-1" / "saved_model.pb").read_bytes())
    with pytest.raises(StatusError):
        load(tmp_path)


def test_other_tags(exported: Path) -> None:
    """Tags that no meta graph has are NOT_FOUND."""
    with pytest.raises(StatusError, match=r"^NOT_FOUND: Could not find meta graph def matching supplied tags"):
        load(exported / "image-1", ("serve", "tpu"))


def test_slow_run_holds_up_no_other(exported: Path) -> None:
    """While one model runs for long, another is loaded and run: operations run in the thread that asks."""
    slow = load(exported / "slow")
    slow.run("serving_default", {"rounds": np.array([1], np.int32)})
    rounds, seconds = 100, 0.0
    while seconds < 1.0:
        rounds, started = rounds * 2, time.monotonic()
        slow.run("serving_default", {"rounds": np.array([rounds], np.int32)})
        seconds = time.monotonic() - started
    work = threading.Thread(target=slow.run, args=("serving_default", {"rounds": np.array([rounds * 6], np.int32)}))
    work.start()
    time.sleep(0.1)
    outputs = load(exported / "image-1").run("serving_default", {"image": np.ones([1, HEIGHT, WIDTH], np.float32)})
    assert work.is_alive()
    assert outputs["logits"].shape == (1, 10)
    work.join()


def test_closed_model_does_not_run(exported: Path) -> None:
    """A closed model has given back its session."""
    model = load(exported / "image-1")
    example = {"image": np.ones([1, HEIGHT, WIDTH], np.float32)}
    model.run("serving_default", example)
    model.close()
    with pytest.raises(StatusError, match=r"^CANCELLED: Session has been closed"):
        model.run("serving_default", example)


def test_keras_export(tmp_path: Path) -> None:
    """What Keras' own export writes is found with its variables."""
    code = (
        "import sys, keras\n"
        "model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1, kernel_initializer='ones')])\n"
        "model.export(sys.argv[1])"
    )
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "1")], check=True, capture_output=True, timeout=240, env=environment
    )
    model = load(tmp_path / "1")
    (alias,) = model.signatures["serving_default"].inputs
    (answer,) = model.run("serving_default", {alias: np.array([[1, 2]], np.float32)}).values()
    assert answer.tolist() == [[3.0]]
