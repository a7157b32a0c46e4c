"""The no-op comparison: who is measured against whom, and what the document says."""

import shutil
from pathlib import Path

import pytest

from bench import noop
from bench.checkout import BARE_FILES, Checkout
from bench.pairing import Comparison

EVEN = Comparison((1.0, 1.0), (1.0, 1.0))
SLOW = Comparison((1.2, 1.4), (1.0, 1.0))


def test_the_document_has_ratios_targets_control_and_command() -> None:
    """It judges up and preview, states the control, and says how to repeat it."""
    found = {"up": EVEN, "preview": SLOW, "up A/A": EVEN, "preview A/A": EVEN}

    text = noop.document(found, imported=False, pairs=2, on="2 cores")

    assert "| `up` / the bare program's | 1.00 (1.00-1.00) | ratio <= 1.15: met |" in text
    assert "| `preview` / the bare program's | 1.30 (1.20-1.40) | ratio <= 1.15: MISSED |" in text
    assert "| control: bare `up` / bare `up` | 1.00 (1.00-1.00) | - |" in text
    assert "TensorFlow imported in `up` or `preview`: no." in text
    assert "`.venv/bin/python -m bench noop --pairs 2`" in text
    assert text.endswith("Machine: 2 cores\n")


@pytest.mark.cli
@pytest.mark.timeout(240)
def test_an_import_of_tensorflow_is_noticed(bare: Checkout, cli: Path, tmp_path: Path) -> None:
    """A program whose provider imports it is told from one that does not."""
    guilty = Checkout.make(tmp_path / "guilty", BARE_FILES, cli)
    guilty.pulumi("up", "--yes", "--skip-preview")
    with (guilty.folder / "bench" / "bare" / "resources.py").open("a", encoding="utf-8") as source:
        source.write("import tensorflow\n")

    assert noop.imports_tensorflow(guilty, tmp_path / "first")
    assert not noop.imports_tensorflow(bare, tmp_path / "second")
    shutil.rmtree(guilty.folder)
