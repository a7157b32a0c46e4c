"""Tests of model.fingerprint."""

import ast
import hashlib
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from model import fingerprint
from model.datasource import DataSource, locate
from model.errors import ModelError
from model.hyperparameters import Hyperparameters
from tests.model.command_line import ROOT

DATA = DataSource("digits", "digits", "ab", None)
# They can stop a training but not change its result: hyperparameters and data are in the fingerprint themselves,
# a download is checked against its sha256, and of the manifest only the names of types are used.
CANNOT_DECIDE = {"errors", "hyperparameters", "datasource", "download", "manifest"}
LIGHT = "errors hyperparameters datasource document fingerprint digest manifest store lifeline provenance"


def test_fingerprint_is_the_hash_of_canonical_json() -> None:
    """Sorted keys, no spaces: others can compute it."""
    parts = fingerprint.parts(Hyperparameters(), DATA)

    canonical = json.dumps(json.loads(parts.to_json()), sort_keys=True, separators=(",", ":"))
    assert parts.fingerprint == hashlib.sha256(canonical.encode()).hexdigest()


def test_parts_are_what_decides() -> None:
    """Sources by their bytes, hyperparameters, data, and the versions of the imported packages."""
    parts = fingerprint.parts(Hyperparameters(epochs=7), DATA)

    source = (ROOT / "model" / "train.py").read_bytes()
    assert parts.sources["train.py"] == hashlib.sha256(source).hexdigest()
    assert set(parts.sources) == set(fingerprint.DECIDING_SOURCES)
    assert parts.hyperparameters == asdict(Hyperparameters(epochs=7))
    assert parts.dataset == {"name": "digits", "sha256": "ab"}
    assert parts.packages == {"tensorflow": tf.__version__, "keras": keras.__version__, "numpy": np.__version__}


def test_each_choice_changes_it(tmp_path: Path) -> None:
    """Another hyperparameter, seed or dataset is another training; the dataset's place is not."""
    default = fingerprint.parts(Hyperparameters(), DATA).fingerprint
    moved = fingerprint.parts(Hyperparameters(), DataSource("x/digits", "digits", "ab", tmp_path)).fingerprint
    others = {
        fingerprint.parts(Hyperparameters(epochs=6), DATA).fingerprint,
        fingerprint.parts(Hyperparameters(seed=1), DATA).fingerprint,
        fingerprint.parts(Hyperparameters(), locate("digits", tmp_path)).fingerprint,
    }

    assert moved == default
    assert len(others | {default}) == 4


def test_parts_survive_json() -> None:
    """What is read back has the same fingerprint."""
    parts = fingerprint.parts(Hyperparameters(), DATA)

    assert fingerprint.Parts.from_json(parts.to_json()) == parts


def test_malformed_parts_are_refused() -> None:
    """The message names what is missing."""
    with pytest.raises(ModelError, match="Parts has no dataset"):
        fingerprint.Parts.from_json('{"sources": {}, "hyperparameters": {}, "packages": {}}')


def test_missing_tensorflow_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without TensorFlow has no fingerprint."""
    monkeypatch.setitem(fingerprint.DECIDING_PACKAGES, "tensorflow", ("no-such-distribution",))

    with pytest.raises(ModelError, match=r"tensorflow is not installed; install it: pip install -r requirements\.txt"):
        fingerprint.parts(Hyperparameters(), DATA)


@pytest.mark.parametrize("name", fingerprint.DECIDING_SOURCES)
def test_deciding_sources_import_nothing_else_that_decides(name: str) -> None:
    """A module of this package that a deciding source imports either decides as well or cannot."""
    tree = ast.parse((ROOT / "model" / name).read_text())
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imported = {node.module.partition(".")[2] for node in froms if node.module and node.module.startswith("model.")}

    assert not [node for node in froms if node.module == "model" or node.level]
    assert imported <= CANNOT_DECIDE | {Path(source).stem for source in fingerprint.DECIDING_SOURCES}


def test_what_a_preview_needs_imports_nothing_heavy() -> None:
    """The program can know fingerprint and store without NumPy, requests or TensorFlow."""
    program = f"import sys, {', '.join('model.' + name for name in LIGHT.split())}; print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    modules = {name.partition(".")[0] for name in printed.stdout.split()}
    assert not modules & {"numpy", "requests", "sklearn", "matplotlib", "keras", "tensorflow"}
