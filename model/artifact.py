"""An artifact in a folder: `model/`, `manifest.json` and pictures, checked against a manifest.

Owns what makes its bytes those of the manifest, and what a store answers about it. Does not own where it is kept.
"""

from dataclasses import dataclass
from pathlib import Path

from model import manifest as manifests
from model.digest import digest_of, file_digests
from model.errors import ModelError
from model.manifest import Manifest


@dataclass(frozen=True)
class Found:
    """A training whose artifact is there, its bytes verified; `path` is `<store>/<digest>`."""

    manifest: Manifest
    path: Path


@dataclass(frozen=True)
class Damaged:
    """A recorded training whose artifact cannot be used; `digest` is empty where the record is unreadable."""

    reason: str
    digest: str


def damage(path: Path, manifest: Manifest) -> str:
    """What is wrong with the artifact in `path`, in words; empty if its bytes are those of the manifest."""
    name = f"artifact {manifest.digest[:12]}"
    if not path.is_dir():
        return f"{name} is gone"
    try:
        if manifests.read(path / "manifest.json").digest != manifest.digest:
            return f"{name}: its manifest.json belongs to another artifact"
        found = file_digests(path / "model")
    except (ModelError, OSError) as error:
        return f"{name}: {error}"
    for file in sorted(manifest.files.keys() | found.keys()):
        if file not in found:
            return f"{name}: {file} is missing"
        if file not in manifest.files:
            return f"{name}: {file} does not belong there"
        if found[file] != manifest.files[file]:
            return f"{name}: {file} was altered"
    return "" if digest_of(found) == manifest.digest else f"{name}: its manifest lists other files"
