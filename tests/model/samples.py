"""Small data and artifacts for the tests of model/; made here, without TensorFlow."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.digest import digest_of, file_digests
from model.fingerprint import Parts
from model.manifest import GoldenExample, Manifest, Metrics, TensorSpec

Arrays = dict[str, npt.NDArray[Any]]


def arrays(train: int = 60, test: int = 30, height: int = 5, width: int = 4) -> Arrays:
    """Images whose brightest row and column tell their label, so that they can be learned."""
    random = np.random.default_rng(1)
    made: Arrays = {}
    for part, count in (("train", train), ("test", test)):
        labels = np.arange(count) % 10
        images = random.uniform(0, 0.3, (count, height, width))
        images[np.arange(count), labels % height, labels // height] = 1
        made |= {f"x_{part}": images.astype(np.float32), f"y_{part}": labels}
    return made


def npz(path: Path, **changes: Any) -> Path:
    """Write `arrays()` to `path`, some of them replaced, or left out where the change is None."""
    chosen = {**arrays(), **changes}
    np.savez(path, **{name: array for name, array in chosen.items() if array is not None})
    return path


def artifact(folder: Path, content: str = "weights") -> Path:
    """Write files as a SavedModel has them, and a picture, to `folder`."""
    (folder / "model" / "variables").mkdir(parents=True)
    (folder / "model" / "saved_model.pb").write_text("graph")
    (folder / "model" / "variables" / "variables.index").write_text(content)
    (folder / "training-curve.png").write_text("picture")
    return folder


def manifest(folder: Path, epochs: int = 5, **changes: Any) -> Manifest:
    """A manifest of the artifact in `folder`."""
    parts = Parts({"train.py": "00"}, {"epochs": epochs}, {"name": "digits", "sha256": "11"}, {"keras": "3"})
    files = file_digests(folder / "model")
    made = Manifest(
        digest=digest_of(files),
        fingerprint=parts.fingerprint,
        parts=parts,
        files=files,
        metrics=Metrics(0.5, 1.25, {"0": 0.5}, [[1, 1], [0, 0]]),
        signature={
            "inputs": {"image": TensorSpec("float32", [None, 8, 8])},
            "outputs": {"logits": TensorSpec("float32", [None, 10])},
        },
        golden=[GoldenExample([[0.5]], 0, [1.5])],
        packages={"python": "3.11"},
        duration_seconds=1.5,
        source_revision=None,
        dirty=None,
        cpu={"machine": "x86_64", "features": ["avx2"]},
        history={"loss": [2.0, 1.0]},
        created="2026-01-01T00:00:00+00:00",
    )
    return replace(made, **changes)
