"""Tests of model.manifest."""

import errno
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from model import manifest
from model.errors import ModelError
from tests.model import samples


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A manifest's file."""
    path = tmp_path / "manifest.json"
    manifest.write(path, samples.manifest(samples.artifact(tmp_path / "artifact")))
    return path


def test_what_is_written_is_read(written: Path, tmp_path: Path) -> None:
    """Nothing is lost, and nothing lies aside."""
    assert manifest.read(written) == samples.manifest(tmp_path / "artifact")
    assert {path.name for path in tmp_path.iterdir()} == {"manifest.json", "artifact"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "has schema 2, but this program reads 1"),
        ({"digest": "../../etc"}, "its digest or fingerprint is not one"),
        ({"fingerprint": "0" * 64}, "its digest or fingerprint is not one"),
        ({"metrics": {}}, r"Manifest\.metrics has no "),
        ({"duration_seconds": "long"}, r"Manifest\.duration_seconds is a str"),
    ],
)
def test_malformed_manifest_is_refused(written: Path, change: dict[str, Any], message: str) -> None:
    """The message names the file and what is wrong in it."""
    written.write_text(json.dumps({**asdict(manifest.read(written)), **change}))

    with pytest.raises(ModelError, match=message) as error:
        manifest.read(written)
    assert str(written) in str(error.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b"[" * 100_000])
def test_what_is_no_manifest_is_refused(written: Path, content: bytes) -> None:
    """Truncated or foreign bytes are malformed, never a traceback."""
    written.write_bytes(content)

    with pytest.raises(ModelError, match="is malformed"):
        manifest.read(written)


def test_missing_manifest_is_named(tmp_path: Path) -> None:
    """The message holds the path."""
    with pytest.raises(ModelError, match=r"none\.json cannot be read"):
        manifest.read(tmp_path / "none.json")


def test_full_disk_leaves_the_old_manifest(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed write leaves neither half a manifest nor a file aside."""
    before = written.read_bytes()
    full = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(full))

    with pytest.raises(OSError, match="No space left"):
        manifest.write(written, manifest.read(written))

    assert written.read_bytes() == before
    assert sorted(path.name for path in written.parent.iterdir()) == ["artifact", "manifest.json"]
