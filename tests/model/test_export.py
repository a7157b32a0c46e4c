"""Tests of model.export; some look at the session's trained artifact."""

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from model.digest import tree_digest
from model.evaluate import answers
from model.export import export
from model.hyperparameters import Hyperparameters
from model.manifest import TensorSpec
from model.network import build
from model.store import writing
from tests.model.command_line import ROOT, run
from tests.model.conftest import Trained

IMAGES = np.random.default_rng(0).uniform(size=(7, 3, 5)).astype(np.float32)


@pytest.fixture
def network() -> keras.Model:
    """An untrained network for 3 x 5 images."""
    keras.utils.set_random_seed(1)
    return build(3, 5, Hyperparameters(hidden_units=4))


def test_export_answers_as_the_network_does(network: keras.Model, tmp_path: Path) -> None:
    """The same logits, without dropout, for any batch size."""
    signature = export(network, 3, 5, tmp_path / "model")

    expected = network(IMAGES, training=False).numpy()
    assert np.allclose(answers(tmp_path / "model", IMAGES), expected, rtol=1e-5, atol=1e-5)
    assert np.allclose(answers(tmp_path / "model", IMAGES[:1]), expected[:1], rtol=1e-5, atol=1e-5)
    assert signature == {
        "inputs": {"image": TensorSpec("float32", [None, 3, 5])},
        "outputs": {"logits": TensorSpec("float32", [None, 10])},
    }


def test_export_holds_nothing_random(network: keras.Model, tmp_path: Path) -> None:
    """No fingerprint.pb, no empty folder; modes do not depend on the umask."""
    export(network, 3, 5, tmp_path / "model")

    found = {path.relative_to(tmp_path / "model").as_posix(): path for path in (tmp_path / "model").rglob("*")}
    assert set(found) == {
        "saved_model.pb",
        "variables",
        "variables/variables.index",
        "variables/variables.data-00000-of-00001",
    }
    modes = {name: path.stat().st_mode & 0o777 for name, path in found.items()}
    assert modes.pop("variables") == 0o755
    assert set(modes.values()) == {0o644}


def test_tensorflow_1_session_loads_and_answers(trained: Trained) -> None:
    """TensorFlow Serving loads so; the answers are the manifest's golden ones."""
    golden = trained.found.manifest.golden
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], str(trained.found.path / "model"))
        signature = loaded.signature_def["serving_default"]
        images = [example.image for example in golden]
        logits = session.run(signature.outputs["logits"].name, {signature.inputs["image"].name: images})

    assert np.allclose(logits, [example.logits for example in golden], rtol=1e-5, atol=1e-5)
    assert [dimension.size for dimension in signature.inputs["image"].tensor_shape.dim] == [-1, 8, 8]


def test_same_bytes_in_another_process_and_folder(trained: Trained, tmp_path: Path) -> None:
    """Neither the working folder, the store's path nor the hash seed reach the files."""
    done = run(
        "train",
        "--dataset",
        "digits",
        "--store",
        tmp_path / "s",
        root=tmp_path,
        PYTHONPATH=str(ROOT),
        PYTHONHASHSEED="5",
    )

    assert (done.returncode, done.stderr) == (0, "")
    digest = trained.found.manifest.digest
    assert tree_digest(tmp_path / "s" / digest / "model") == tree_digest(trained.found.path / "model") == digest


def test_comment_changes_the_fingerprint_but_not_the_digest(trained: Trained, tmp_path: Path) -> None:
    """A copy of the sources with a remark more trains again and gives the same bytes."""
    shutil.copytree(ROOT / "model", tmp_path / "model", ignore=shutil.ignore_patterns("__pycache__"))
    source = tmp_path / "model" / "train.py"
    source.write_text(f"# A remark.\n{source.read_text()}\n# Another one.\n")

    done = run("train", "--dataset", "digits", "--store", tmp_path / "store", root=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    records = [path.stem for path in (tmp_path / "store" / "fingerprints").iterdir()]
    assert records != [trained.found.manifest.fingerprint]
    assert (tmp_path / "store" / trained.found.manifest.digest / "manifest.json").exists()


def test_full_disk_is_named(network: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorFlow's own error becomes the one that the store explains."""

    def refuse(*_: object, **__: object) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "variables_temp/part-00000; No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", refuse)

    with pytest.raises(Exception, match="cannot be used: the disk is full; free some space"), writing(tmp_path):
        export(network, 3, 5, tmp_path / "model")
