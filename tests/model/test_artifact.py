"""Tests of model.artifact; tests of model.store have what each kind of damage is called."""

from dataclasses import replace
from pathlib import Path

from model import manifest as manifests
from model.artifact import damage
from tests.model import samples


def test_an_artifact_is_whole_with_its_own_manifest_only(tmp_path: Path) -> None:
    """Its bytes may be right: a manifest of another digest, or one that lists other files, does not vouch for them."""
    made = samples.manifest(samples.artifact(tmp_path / "made"))
    name = f"artifact {made.digest[:12]}"
    manifests.write(tmp_path / "made" / "manifest.json", made)
    assert damage(tmp_path / "made", made) == ""

    manifests.write(tmp_path / "made" / "manifest.json", replace(made, digest="0" * 64))
    assert damage(tmp_path / "made", made) == f"{name}: its manifest.json belongs to another artifact"

    other = replace(made, digest="0" * 64)
    assert damage(tmp_path / "made", other) == "artifact 000000000000: its manifest lists other files"
