"""Where the data comes from: a dataset's name turned into a label and the sha256 of its bytes.

Standard library only, so that a fingerprint can be computed without NumPy. `model.dataset` reads the data.
"""

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from model.errors import ModelError

DIGITS = "digits"
MNIST = "mnist"
# TensorFlow's public mnist.npz, as tf.keras.datasets.mnist.load_data downloads it.
MNIST_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
MNIST_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


@dataclass(frozen=True)
class DataSource:
    """A dataset that was found.

    Attributes:
        name: as configured: `digits`, `mnist` or a path ending in .npz.
        label: `digits`, `mnist` or the file's base name; this stands in the fingerprint, the path does not.
        sha256: of the bytes that hold the data.
        path: the local file; None for `mnist`, which is downloaded when it is first read.
    """

    name: str
    label: str
    sha256: str
    path: Path | None


def locate(name: str, root: Path) -> DataSource:
    """Find the dataset called `name`; a relative .npz path is relative to the folder `root`.

    Raises:
        ModelError: no such dataset, or its file is missing or unreadable.
    """
    if name == MNIST:
        return DataSource(MNIST, MNIST, MNIST_SHA256, None)
    if name == DIGITS:
        path = _digits_file()
        return DataSource(DIGITS, DIGITS, _sha256(path), path)
    if name.endswith(".npz"):
        path = root / Path(name).expanduser()
        return DataSource(name, path.name, _sha256(path), path)
    raise ModelError(f"dataset is {name!r}, but must be digits, mnist or the path of a file ending in .npz")


def _digits_file() -> Path:
    """The file that scikit-learn's load_digits reads; scikit-learn, slow to import, is not imported."""
    spec = find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise ModelError("dataset digits needs scikit-learn; install it: pip install -r requirements.txt")
    return Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"dataset {path} cannot be read: {error.strerror}; correct the path") from error
