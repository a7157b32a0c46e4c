"""The data as arrays: reads a located data source, refuses what is malformed, scales pixels to [0, 1].

Decides the result of a training. Finding a source is `model.datasource`'s part, downloading `model.download`'s.
TensorFlow is not needed here.
"""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.npyio import NpzFile

from model.datasource import DIGITS, MNIST_URL, DataSource
from model.download import fetch
from model.errors import ModelError

CLASSES = 10
TEST_FRACTION = 0.2
# In the order of its file, scikit-learn's digits split by writer: 5 epochs then reach 0.86 instead of 0.94.
SHUFFLE_SEED = 0
DIGITS_MAXIMUM = 16  # pixels of scikit-learn's digits are counts from 0 to 16

Images = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Dataset:
    """Images [N][H][W], float32 in [0, 1], and labels [N], int64 from 0 to 9, for training and for testing."""

    x_train: Images
    y_train: Labels
    x_test: Images
    y_test: Labels

    @property
    def height(self) -> int:
        """Rows of an image."""
        return int(self.x_train.shape[1])

    @property
    def width(self) -> int:
        """Columns of an image."""
        return int(self.x_train.shape[2])


def load(source: DataSource, cache: Path, progress: Callable[[str], None], mnist_url: str = MNIST_URL) -> Dataset:
    """Read a data source; `mnist` is downloaded to the folder `cache` first, unless it is there.

    A user's .npz holds x_train and x_test [N][H][W], either uint8 (divided by 255) or floats already in [0, 1],
    and y_train and y_test [N], integers from 0 to 9. Nothing in it is unpickled.

    Raises:
        ModelError: the data is out of reach, malformed, or no longer what was located; the message names the array.
    """
    if source.name == DIGITS:
        return _digits()
    path = source.path or fetch(mnist_url, source.sha256, cache, progress)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"dataset {path} cannot be read: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != source.sha256:
        raise ModelError(f"dataset {path} changed while the training started; run the same command again")
    return _from_npz(content, source.label)


def _digits() -> Dataset:
    from sklearn.datasets import load_digits  # noqa: PLC0415 - takes a second, and only this dataset needs it

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(SHUFFLE_SEED).permutation(len(labels))
    x = (images[order].reshape(-1, 8, 8) / DIGITS_MAXIMUM).astype(np.float32)
    y = labels[order].astype(np.int64)
    split = round(len(y) * (1 - TEST_FRACTION))
    return Dataset(x[:split], y[:split], x[split:], y[split:])


def _from_npz(content: bytes, label: str) -> Dataset:
    try:
        archive = NpzFile(io.BytesIO(content), allow_pickle=False)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ModelError(f"dataset {label} is not an .npz file, or a truncated one: {error}") from error
    with archive:
        x_train, y_train = _pair(archive, label, "train")
        x_test, y_test = _pair(archive, label, "test")
    if x_train.shape[1:] != x_test.shape[1:]:
        raise ModelError(
            f"dataset {label}: x_train has shape {x_train.shape}, x_test {x_test.shape}; "
            "heights and widths must be equal",
        )
    return Dataset(x_train, y_train, x_test, y_test)


def _pair(archive: NpzFile, label: str, part: str) -> tuple[Images, Labels]:
    x = _images(_array(archive, label, f"x_{part}"), f"dataset {label}: x_{part}")
    y = _labels(_array(archive, label, f"y_{part}"), f"dataset {label}: y_{part}")
    if len(x) != len(y):
        raise ModelError(f"dataset {label}: x_{part} has {len(x)} images, but y_{part} has {len(y)} labels")
    return x, y


def _array(archive: NpzFile, label: str, name: str) -> npt.NDArray[Any]:
    if name not in archive.files:
        raise ModelError(f"dataset {label} has no array {name}; it needs x_train, y_train, x_test and y_test")
    try:
        array = archive[name]
    except (OSError, ValueError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelError(
            f"dataset {label}: {name} cannot be read ({error}); is it truncated, or made of Python objects, "
            "which are never unpickled? Save it again as numbers",
        ) from error
    if not isinstance(array, np.ndarray):
        raise ModelError(f"dataset {label}: {name} is not an array; save it again with numpy.savez")
    return array


def _images(x: npt.NDArray[Any], name: str) -> Images:
    if x.ndim != 3 or 0 in x.shape:
        raise ModelError(f"{name} has shape {x.shape}, but must be [N][H][W], none of them 0")
    if x.dtype == np.uint8:
        return (x / 255).astype(np.float32)
    if x.dtype.kind != "f":
        raise ModelError(f"{name} is {x.dtype}, but must be uint8 (0 to 255) or a float (0 to 1)")
    if not np.isfinite(x).all():
        raise ModelError(f"{name} has pixels that are NaN or infinite")
    if x.min() < 0 or x.max() > 1:
        raise ModelError(f"{name} has pixels from {x.min():g} to {x.max():g}, but floats must be from 0 to 1")
    return x.astype(np.float32)


def _labels(y: npt.NDArray[Any], name: str) -> Labels:
    if y.ndim != 1 or 0 in y.shape:
        raise ModelError(f"{name} has shape {y.shape}, but must be [N], not 0")
    if y.dtype.kind not in "iu":
        raise ModelError(f"{name} is {y.dtype}, but must be integers")
    if y.min() < 0 or y.max() >= CLASSES:
        raise ModelError(f"{name} has labels from {y.min()} to {y.max()}, but they must be from 0 to 9")
    return y.astype(np.int64)
