"""`pulumi up` and `preview`: from nothing to a served model, no-ops, changes, destroy."""

import json
from pathlib import Path

import pytest

from model.manifest import Manifest
from tests.lifecycle.checkout import Checkout
from tests.lifecycle.client import Client
from tests.model.conftest import Trained

pytestmark = [pytest.mark.cli, pytest.mark.timeout(400)]


def test_first_up_trains_serves_and_checks(checkout: Checkout) -> None:
    """On a new stack a preview trains nothing; up trains, serves and checks; then nothing is left to do."""
    preview = checkout.succeeds("preview")
    assert "mymodel: will train on digits" in preview
    assert "+ 4 to create" in preview
    assert not (checkout.folder / ".artifacts").exists()

    up = checkout.succeeds("up", "--yes")
    assert "mymodel: epoch 5/5" in up
    assert "mymodel: 10 golden examples answered as trained by version 1" in up
    assert checkout.status() == {"1": "AVAILABLE"}

    assert "4 unchanged" in checkout.succeeds("preview", "--expect-no-changes")
    assert "4 unchanged" in checkout.succeeds("up", "--yes", "--expect-no-changes")
    assert "4 unchanged" in checkout.succeeds("refresh", "--yes", "--expect-no-changes")


def test_the_outputs_name_what_is_served(served: Checkout, trained: Trained) -> None:
    """The stack's outputs are those of the stored training, under the public names."""
    outputs = json.loads(served.succeeds("stack", "output", "--json"))
    manifest: Manifest = trained.found.manifest

    assert outputs["modelDigest"] == manifest.digest
    assert outputs["fingerprint"] == manifest.fingerprint
    assert outputs["accuracy"] == manifest.metrics.accuracy
    assert outputs["modelVersion"] == 1
    assert (served.folder / outputs["artifact"] / "model" / "saved_model.pb").is_file()


def test_a_changed_hyperparameter_retrains_and_swaps_without_losing_a_request(served: Checkout) -> None:
    """Epochs 5 -> 6: the preview says so and trains nothing; up serves version 2; a client at 50/s loses nothing."""
    served.configure(epochs="6")
    before = sorted(path.name for path in (served.folder / ".artifacts").iterdir())
    assert "mymodel: will retrain: epochs 5 -> 6" in served.succeeds("preview")
    assert sorted(path.name for path in (served.folder / ".artifacts").iterdir()) == before

    client = Client(served.output("predictUrl"))
    client.start()
    up = served.up()
    client.stop()

    assert "answered as trained by version 2" in up
    assert served.status() == {"2": "AVAILABLE", "1": "END"}
    assert client.lost == []
    assert client.answered > 100
    assert len(client.answers) == 2  # the old model's and the new one's


def test_a_change_back_takes_the_stored_model(served: Checkout) -> None:
    """A configuration that was trained before is taken from the store: preview knows its digest, up trains nothing."""
    first = served.output("modelDigest")
    served.configure(epochs="1", minAccuracy="0.1", maxAccuracyDrop="1")
    served.up()
    served.succeeds("config", "rm", "epochs")

    preview = served.succeeds("preview", "--diff")
    assert "takes model" in preview
    assert first in preview
    up = served.up()

    assert "epoch 1/" not in up
    assert (served.output("modelDigest"), served.output("modelVersion")) == (first, "3")


def test_a_comment_retrains_and_moves_nothing_else(served: Checkout) -> None:
    """A comment in train.py changes the fingerprint; the retrained model is the same, so nothing below it moves."""
    digest, fingerprint = served.output("modelDigest"), served.output("fingerprint")
    server = served.server().pid
    with (served.folder / "model" / "train.py").open("a", encoding="utf-8") as source:
        source.write("# a remark\n")

    assert "mymodel: will retrain: train.py changed" in served.succeeds("preview")
    up = served.up()

    assert "~ 1 updated" in up
    assert "3 unchanged" in up
    assert served.output("modelDigest") == digest
    assert served.output("fingerprint") != fingerprint
    assert (served.output("modelVersion"), served.server().pid) == ("1", server)


def test_a_no_op_imports_no_tensorflow(served: Checkout, tmp_path: Path) -> None:
    """Neither a preview nor an up that changes nothing imports TensorFlow, in any of its processes."""
    trap = tmp_path / "trap" / "tensorflow"
    trap.mkdir(parents=True)
    (trap / "__init__.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w').close()\n", encoding="utf-8")

    served.succeeds("preview", "--expect-no-changes", PYTHONPATH=str(trap.parent))
    served.succeeds("up", "--yes", "--expect-no-changes", PYTHONPATH=str(trap.parent))

    assert not (tmp_path / "imported").exists()


def test_destroy_leaves_nothing_but_the_store(served: Checkout) -> None:
    """After destroy no server runs, no file of it and no resource is left; the trained model stays."""
    digest = served.output("modelDigest")

    served.succeeds("destroy", "--yes")

    assert served.servers() == []
    assert not (served.folder / ".serving" / "local").exists()
    assert (served.folder / ".artifacts" / digest / "manifest.json").is_file()
    assert json.loads(served.succeeds("stack", "export"))["deployment"].get("resources", []) == []
