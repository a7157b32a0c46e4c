"""Tests of model.dataset."""

import hashlib
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from model.dataset import Dataset, load
from model.datasource import DataSource, locate
from model.errors import ModelError
from tests.model import samples
from tests.model.conftest import WebServer


def read(path: Path) -> Dataset:
    """Load an .npz as a user would name it."""
    return load(locate(str(path), path.parent), path.parent / "cache", print)


def test_digits_are_shuffled_and_split(tmp_path: Path) -> None:
    """80 of 100 images train, each digit is on both sides, pixels are within [0, 1]."""
    digits = load(locate("digits", tmp_path), tmp_path, print)

    assert (digits.x_train.shape, digits.x_test.shape) == ((1438, 8, 8), (359, 8, 8))
    assert (digits.x_train.dtype.name, digits.y_train.dtype.name) == ("float32", "int64")
    assert (digits.x_train.min(), digits.x_train.max()) == (0, 1)
    assert set(digits.y_train) == set(digits.y_test) == set(range(10))
    assert digits.y_train[:10].tolist() != list(range(10))  # the order of the file


def test_shuffled_digits_keep_their_labels(tmp_path: Path) -> None:
    """Each image still stands beside the label that it has in scikit-learn's file."""
    digits = load(locate("digits", tmp_path), tmp_path, print)
    images, labels = load_digits(return_X_y=True)

    shuffled = zip([*digits.x_train, *digits.x_test], [*digits.y_train, *digits.y_test], strict=True)
    pairs = sorted((tuple((image * 16).ravel().tolist()), int(label)) for image, label in shuffled)
    assert pairs == sorted((tuple(image.tolist()), int(label)) for image, label in zip(images, labels, strict=True))


def test_digits_are_the_same_each_time(tmp_path: Path) -> None:
    """The split does not depend on any state."""
    one, two = (load(locate("digits", tmp_path), tmp_path, print) for _ in range(2))

    assert np.array_equal(one.x_test, two.x_test)
    assert np.array_equal(one.y_train, two.y_train)


def test_bytes_are_divided_by_255(tmp_path: Path) -> None:
    """uint8 images are read as MNIST's are."""
    images = np.full((60, 5, 4), 51, np.uint8)

    dataset = read(samples.npz(tmp_path / "own.npz", x_train=images))

    assert (dataset.x_train == np.float32(0.2)).all()
    assert (dataset.height, dataset.width) == (5, 4)


def test_floats_are_taken_as_they_are(tmp_path: Path) -> None:
    """Floats in [0, 1] keep their values; labels of any integer type become int64."""
    arrays = samples.arrays()
    path = samples.npz(
        tmp_path / "own.npz",
        x_train=arrays["x_train"].astype(np.float64),
        y_train=arrays["y_train"].astype(np.uint8),
    )

    dataset = read(path)

    assert np.array_equal(dataset.x_train, arrays["x_train"])
    assert np.array_equal(dataset.y_train, arrays["y_train"])
    assert (dataset.x_train.dtype.name, dataset.y_train.dtype.name) == ("float32", "int64")


def with_value(name: str, value: float) -> Any:
    """An array of the sample with one value replaced."""
    array = samples.arrays()[name].copy()
    array[(3,) * array.ndim] = value
    return array


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_test": None}, "has no array y_test; it needs x_train, y_train, x_test and y_test"),
        ({"x_train": np.zeros((60, 20), np.uint8)}, r"x_train has shape \(60, 20\), but must be \[N\]\[H\]\[W\]"),
        ({"x_test": np.zeros((30, 5, 5), np.uint8)}, r"x_test \(30, 5, 5\); heights and widths must be equal"),
        ({"x_train": np.zeros((0, 5, 4), np.uint8)}, r"x_train has shape \(0, 5, 4\), .* none of them 0"),
        ({"y_train": np.zeros((60, 1), int)}, r"y_train has shape \(60, 1\), but must be \[N\]"),
        ({"y_train": np.zeros(59, int)}, "x_train has 60 images, but y_train has 59 labels"),
        ({"y_train": np.zeros(0, int)}, r"y_train has shape \(0,\), but must be \[N\], not 0"),
        ({"y_train": np.arange(60)}, "y_train has labels from 0 to 59, but they must be from 0 to 9"),
        ({"y_test": with_value("y_test", -1)}, "y_test has labels from -1 to 9"),
        ({"y_test": np.zeros(30)}, "y_test is float64, but must be integers"),
        ({"x_train": with_value("x_train", np.nan)}, "x_train has pixels that are NaN or infinite"),
        ({"x_test": with_value("x_test", np.inf)}, "x_test has pixels that are NaN or infinite"),
        ({"x_train": with_value("x_train", -0.5)}, "x_train has pixels from -0.5 to 1, but floats must be from 0 to 1"),
        ({"x_train": with_value("x_train", 255)}, "x_train has pixels from .* to 255, but floats must be from 0 to 1"),
        ({"x_train": np.zeros((60, 5, 4), int)}, "x_train is int64, but must be uint8"),
        ({"x_train": np.full((60, 5, 4), None)}, "x_train cannot be read .* Python objects, which are never unpickled"),
    ],
)
def test_malformed_arrays_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    """One line names file, array, what was found and what it may be."""
    path = samples.npz(tmp_path / "own.npz", **changes)

    with pytest.raises(ModelError, match=f"^dataset own.npz.*{message}") as error:
        read(path)
    assert "\n" not in str(error.value)


class Bomb:
    """An object whose unpickling would be noticed."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.mark,))


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    """Neither an array of objects nor a pickle called .npz runs code."""
    mark = tmp_path / "mark"
    objects = samples.npz(tmp_path / "objects.npz", x_train=np.array([[[Bomb(mark)]]], dtype=object))
    pickled = tmp_path / "pickled.npz"
    pickled.write_bytes(pickle.dumps(Bomb(mark)))

    for path in (objects, pickled):
        with pytest.raises(ModelError):
            read(path)

    assert not mark.exists()
    with np.load(objects, allow_pickle=True) as archive:  # the bomb is real
        archive["x_train"]
    assert mark.exists()


@pytest.mark.parametrize("kept", [0, 10, 500, -30])
def test_truncated_file_is_refused(tmp_path: Path, kept: int) -> None:
    """Wherever the file ends."""
    path = samples.npz(tmp_path / "own.npz")
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(ModelError, match=r"dataset own\.npz is not an \.npz file, or a truncated one"):
        read(path)


def test_truncated_array_is_refused(tmp_path: Path) -> None:
    """An intact archive may hold half an array."""
    import zipfile  # noqa: PLC0415 - this test alone builds archives by hand

    buffer = io.BytesIO()
    np.save(buffer, samples.arrays()["x_train"])
    path = tmp_path / "own.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x_train.npy", buffer.getvalue()[:-100])

    with pytest.raises(ModelError, match=r"x_train cannot be read .* is it truncated"):
        read(path)


def test_file_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    """What is trained on is what the fingerprint names."""
    source = locate(str(samples.npz(tmp_path / "own.npz")), tmp_path)
    samples.npz(tmp_path / "own.npz", y_train=np.zeros(60, int))

    with pytest.raises(ModelError, match="changed while the training started"):
        load(source, tmp_path, print)


def test_mnist_is_downloaded_and_read(web_server: WebServer, tmp_path: Path) -> None:
    """A file as the public one, from a server on loopback in its place."""
    content = samples.npz(tmp_path / "public.npz", x_train=np.full((60, 5, 4), 255, np.uint8)).read_bytes()
    web_server.answers = [(200, content)]
    source = DataSource("mnist", "mnist", hashlib.sha256(content).hexdigest(), None)

    dataset = load(source, tmp_path / "cache", print, f"{web_server.url}/mnist.npz")

    assert (dataset.x_train == 1).all()
    assert (tmp_path / "cache" / "mnist.npz").read_bytes() == content


def test_mnist_with_wrong_checksum_is_refused(web_server: WebServer, tmp_path: Path) -> None:
    """Bytes that are not the public file's are not trained on."""
    web_server.answers = [(200, samples.npz(tmp_path / "other.npz").read_bytes())]

    with pytest.raises(ModelError, match=r"expected 731c5ac60275\.\.\.; not used"):
        load(locate("mnist", tmp_path), tmp_path / "cache", print, f"{web_server.url}/mnist.npz")
