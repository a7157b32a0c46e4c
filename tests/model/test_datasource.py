"""Tests of model.datasource."""

import hashlib
from pathlib import Path

import pytest
import sklearn

from model import datasource
from model.errors import ModelError
from tests.model import samples


def test_digits_are_scikit_learns_file(tmp_path: Path) -> None:
    """The sha256 is that of the file from which load_digits reads."""
    source = datasource.locate("digits", tmp_path)

    shipped = Path(sklearn.__file__).parent / "datasets" / "data" / "digits.csv.gz"
    assert source.path == shipped
    assert source.sha256 == hashlib.sha256(shipped.read_bytes()).hexdigest()
    assert (source.name, source.label) == ("digits", "digits")


def test_mnist_is_known_without_download(tmp_path: Path) -> None:
    """Its sha256 is a constant and it has no local file yet."""
    source = datasource.locate("mnist", tmp_path)

    assert (source.label, source.sha256, source.path) == ("mnist", datasource.MNIST_SHA256, None)


def test_npz_path_is_relative_to_the_root(tmp_path: Path) -> None:
    """The label is the base name, so that a moved file is the same data."""
    path = samples.npz(tmp_path / "own.npz")

    relative = datasource.locate("own.npz", tmp_path)
    absolute = datasource.locate(str(path), Path("/"))

    assert relative.path == absolute.path == path
    assert relative.label == absolute.label == "own.npz"
    assert relative.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_unknown_dataset_names_the_choices(tmp_path: Path) -> None:
    """The message says what was given and what may be."""
    with pytest.raises(ModelError, match=r"'letters', but must be digits, mnist or the path of a file ending in \.npz"):
        datasource.locate("letters", tmp_path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    """The message holds the whole path."""
    with pytest.raises(ModelError, match=rf"{tmp_path}/none\.npz cannot be read: No such file"):
        datasource.locate("none.npz", tmp_path)
