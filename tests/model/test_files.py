"""Tests of model.files: one contract for a folder, S3 and memory."""

import threading
import uuid
from pathlib import Path

import pytest

from model.files import Files, FolderFiles
from model.remote_files import RemoteFiles


@pytest.fixture(params=["folder", "s3", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    """An empty place of each kind."""
    if request.param == "folder":
        return FolderFiles(tmp_path / "store")
    place = request.getfixturevalue("bucket") if request.param == "s3" else "memory:/"
    return RemoteFiles(f"{place}/{uuid.uuid4().hex}")


def test_the_first_content_stays(files: Files) -> None:
    """A file is created once; `replace` writes it whatever is there."""
    assert files.read("a/b.json") is None
    assert files.create("a/b.json", b"first")
    assert not files.create("a/b.json", b"second")
    assert files.read("a/b.json") == b"first"

    files.replace("a/b.json", b"third")
    files.replace("c.json", b"new")

    assert files.read("a/b.json") == b"third"
    assert files.tree("") == {"a/b.json": 5, "c.json": 3}
    assert files.tree("a") == {"b.json": 5}


def test_what_is_removed_is_gone(files: Files) -> None:
    """One file or a whole folder; what is not there is removed already."""
    for path in ("a/b", "a/c/d", "e", ".hidden/f"):
        files.create(path, b"")

    files.remove("e")
    files.remove("e")
    assert files.tree("") == {"a/b": 0, "a/c/d": 0}
    files.remove_tree("a")
    files.remove_tree("a")

    assert files.tree("") == files.tree("nothing") == {}


def test_of_many_writers_one_creates(tmp_path: Path) -> None:
    """Ten threads create one file in a folder: one succeeds, and its content is what is read."""
    files = FolderFiles(tmp_path)
    won: list[int] = []
    start = threading.Barrier(10)

    def create(number: int) -> None:
        start.wait(30)
        if files.create("lease", str(number).encode()):
            won.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [files.read("lease")] == [str(number).encode() for number in won]


def test_a_file_that_cannot_be_finished_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk: neither the file nor what was written aside."""

    def refuse(path: Path, _: bytes) -> None:
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(OSError, match="No space"):
        FolderFiles(tmp_path).create("a", b"content")

    assert list(tmp_path.iterdir()) == []
