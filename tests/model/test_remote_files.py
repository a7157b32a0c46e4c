"""Tests of model.remote_files: what is said when a URL cannot be used. The rest is in test_files."""

import errno
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.spec import AbstractFileSystem

from model.errors import ModelError
from model.remote_files import RemoteFiles


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nosuch://bucket", "there is no file system nosuch://; choose a folder, s3://, gs:// or az://"),
        ("gs://bucket", "artifact store gs://bucket needs a package that is not installed: pip install gcsfs=="),
        ("az://bucket", "pip install adlfs=="),
        ("github://bucket", "artifact store github://bucket cannot be used: "),
    ],
)
def test_a_url_that_cannot_be_opened_is_one_line(url: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scheme, or the package that is missing, by name."""
    for name in ("gcsfs", "adlfs"):
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(ModelError) as refused:
        RemoteFiles(url)

    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError("Forbidden"), "it refuses these credentials (Forbidden); give other credentials, or choose"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "the disk is full; free some space"),
        (OSError(errno.EROFS, os.strerror(errno.EROFS)), "its file system is read-only; choose another store"),
        (FileNotFoundError("bucket"), "there is no such bucket, container or file (bucket); create it"),
        (TimeoutError("too\nslow"), "too slow; is it there and reachable?"),
        (ZeroDivisionError(), "ZeroDivisionError; is it there and reachable?"),
    ],
)
def test_a_refusal_is_one_line_with_what_to_do(error: Exception, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever exception the file system has for it."""

    def refuse(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(MemoryFileSystem, "pipe_file", refuse)
    with pytest.raises(ModelError) as refused:
        RemoteFiles("memory://store").replace("a", b"")

    assert str(refused.value).startswith("artifact store memory://store cannot be used: ")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_bucket_that_is_not_there_is_named(bucket: str) -> None:
    """It is not created: that is its owner's business."""
    with pytest.raises(ModelError, match="there is no such bucket"):
        RemoteFiles(f"{bucket}-not-there/models").create("a", b"")


def test_an_altered_upload_is_written_again(bucket: str, tmp_path: Path) -> None:
    """What is there with other bytes is replaced; the same bytes are left."""
    files = RemoteFiles(f"{bucket}/models")
    (tmp_path / "a").write_bytes(b"whole")
    files.create("a", b"who")

    files.upload(tmp_path / "a", "a")
    files.upload(tmp_path / "a", "a")

    assert files.read("a") == b"whole"


def test_a_file_system_says_whether_it_creates_exclusively(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that has only fsspec's fallback, which looks first and writes then, does not."""
    files = RemoteFiles("memory://store")
    assert files.creates_exclusively

    monkeypatch.setattr(MemoryFileSystem, "pipe_file", AbstractFileSystem.pipe_file)

    assert not files.creates_exclusively
