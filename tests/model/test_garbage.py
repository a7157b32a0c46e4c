"""Tests of model.garbage."""

import json
from pathlib import Path

import pytest

from model import garbage
from model.errors import ModelError
from model.garbage import Inventory
from model.store import ArtifactStore, Damaged
from tests.model.test_store import damage, listing, publish, store

__all__ = ["store"]


def test_an_inventory_has_artifacts_and_records(store: ArtifactStore) -> None:
    """Sizes in bytes with manifest and pictures; unreadable records too; what else lies there is no artifact."""
    kept = publish(store)
    second = publish(store, epochs=6)
    (store.folder / "fingerprints" / "broken.json").write_text("{")
    store.files.create("verdicts/abc.json", b"{}")
    (store.folder / "logs").mkdir()

    inventory = Inventory.of(store)

    manifest = (store.folder / kept.digest / "manifest.json").stat().st_size
    assert inventory.sizes == {kept.digest: len("graph" + "weights" + "picture") + manifest}
    assert {key: type(record) for key, record in inventory.records.items()} == {
        kept.fingerprint: type(kept),
        second.fingerprint: type(kept),
        "broken": Damaged,
    }
    assert not inventory.in_use


def test_what_is_not_named_is_unreferred(store: ArtifactStore) -> None:
    """By whole digests and by starts of them."""
    first, second = publish(store), publish(store, "other weights", epochs=6)
    inventory = Inventory.of(store)

    assert inventory.unreferred([]) == sorted([first.digest, second.digest])
    assert inventory.unreferred([first.digest]) == [second.digest]
    assert inventory.unreferred([first.digest[:6], second.digest[:6]]) == []


def test_an_artifact_that_is_being_made_stays(store: ArtifactStore) -> None:
    """It has no record yet: while somebody trains it is left, afterwards it is garbage like any other."""
    made = publish(store)
    (store.folder / "fingerprints" / f"{made.fingerprint}.json").unlink()
    lease = "leases/0-1.json"
    store.files.create(lease, b"")

    assert Inventory.of(store).unreferred([]) == []
    store.files.remove(lease)
    assert Inventory.of(store).unreferred([]) == [made.digest]


def test_removal_takes_all_records_and_files_of_one_artifact(store: ArtifactStore) -> None:
    """Others stay whole; a damaged one can be removed as well."""
    first, second = publish(store), publish(store, "other weights", epochs=6)
    publish(store, epochs=7)
    damage(store.folder / first.digest, "missing")

    garbage.remove(store, Inventory.of(store), first.digest)

    assert {path.split("/")[0] for path in listing(store)} == {second.digest, "fingerprints"}
    assert store.trainings() == [second]
    assert not (store.folder / first.digest).exists()


def test_an_exported_stack_names_its_digests(tmp_path: Path) -> None:
    """Wherever in the state they stand; longer and shorter runs of digits are none."""
    outputs = {"digest": "a" * 64, "image": f"host/m@sha256:{'b' * 64}", "launch": "c" * 32, "odd": "d" * 65}
    (tmp_path / "dev.json").write_text(json.dumps({"version": 3, "deployment": {"resources": [{"outputs": outputs}]}}))

    assert garbage.in_stack_export(tmp_path / "dev.json") == {"a" * 64, "b" * 64}


@pytest.mark.parametrize("text", ["", "{}", "[]", "error: no stack named 'dev' found"])
def test_what_is_no_export_is_refused(tmp_path: Path, text: str) -> None:
    """A command that failed wrote it: nothing may be removed because it names no digest."""
    (tmp_path / "dev.json").write_text(text)

    with pytest.raises(ModelError, match=r"dev.json is no export of a stack; write it anew: pulumi stack export"):
        garbage.in_stack_export(tmp_path / "dev.json")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """It may be a slip in its name."""
    with pytest.raises(ModelError, match=r"dev.json cannot be read"):
        garbage.in_stack_export(tmp_path / "dev.json")


def test_pins_are_found_in_a_stacks_file(tmp_path: Path) -> None:
    """Model and image digests alike: an image's names no artifact."""
    (tmp_path / "Pulumi.prod.yaml").write_text(f"config:\n  m:modelDigest: {'a' * 64}\n  m:epochs: 5\n")

    assert garbage.in_text(tmp_path / "Pulumi.prod.yaml") == {"a" * 64}
