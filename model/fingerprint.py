"""A training's identity before it runs: sources, hyperparameters, data, packages that decide its result.

Standard library only, so that it is known at preview. The identity of the result is `model.digest`'s part.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from model import document
from model.datasource import DataSource
from model.errors import ModelError
from model.hyperparameters import Hyperparameters

DECIDING_SOURCES = ("dataset.py", "network.py", "train.py", "export.py")
# The TensorFlow distribution has two names; the CPU-only build is the smaller one.
DECIDING_PACKAGES = {
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "keras": ("keras",),
    "numpy": ("numpy",),
}


@dataclass(frozen=True)
class Parts:
    """What a fingerprint is made of.

    Attributes:
        sources: file name of each deciding source to the sha256 of its bytes.
        hyperparameters: field name to value.
        dataset: `name` (the data source's label) and `sha256`.
        packages: `tensorflow`, `keras`, `numpy` to their versions.
    """

    sources: Mapping[str, str]
    hyperparameters: Mapping[str, int | float]
    dataset: Mapping[str, str]
    packages: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        """Sha256, in hex, of the parts as JSON with sorted keys and no spaces."""
        canonical = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def to_json(self) -> str:
        """The parts as JSON text."""
        return document.dumps(self)

    @classmethod
    def from_json(cls, text: str) -> "Parts":
        """The parts read back; ModelError names what is malformed."""
        try:
            return document.decode(cls, document.parse(text))
        except ValueError as error:
            raise ModelError(f"these are not the parts of a fingerprint: {error}") from error


def parts(hyperparameters: Hyperparameters, data: DataSource) -> Parts:
    """The parts of the fingerprint of a training that would start now.

    Raises:
        ModelError: a deciding package is not installed.
    """
    here = Path(__file__).parent
    return Parts(
        sources={name: hashlib.sha256((here / name).read_bytes()).hexdigest() for name in DECIDING_SOURCES},
        hyperparameters=asdict(hyperparameters),
        dataset={"name": data.label, "sha256": data.sha256},
        packages={name: _installed(name, distributions) for name, distributions in DECIDING_PACKAGES.items()},
    )


def installed_tensorflow() -> str:
    """The version of TensorFlow that a training would use; ModelError where there is none."""
    return _installed("tensorflow", DECIDING_PACKAGES["tensorflow"])


def _installed(package: str, distributions: tuple[str, ...]) -> str:
    for distribution in distributions:
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    raise ModelError(f"{package} is not installed; install it: pip install -r requirements.txt")
