"""Tests of model.digest."""

import os
import subprocess
from pathlib import Path

import pytest

from model.digest import digest_of, file_digests, tree_digest
from model.errors import ModelError
from tests.model import samples

COREUTILS = "find . -type f | sed 's,^\\./,,' | LC_ALL=C sort | xargs sha256sum | sha256sum"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tree whose bytewise order differs from that of its path parts."""
    made = samples.artifact(tmp_path / "artifact") / "model"
    (made / "variables-more").write_text("-")
    (made / "Zebra").write_text("Z")
    return made


def test_digest_is_what_coreutils_print(folder: Path) -> None:
    """A person can check it without this project."""
    printed = subprocess.run(COREUTILS, shell=True, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S602

    assert tree_digest(folder) == printed.stdout.split()[0]


def test_times_modes_and_empty_folders_do_not_count(folder: Path) -> None:
    """Only paths and bytes are the model."""
    before = tree_digest(folder)

    (folder / "assets").mkdir()
    (folder / "Zebra").chmod(0o600)
    os.utime(folder / "Zebra", (0, 0))

    assert tree_digest(folder) == before


def test_a_byte_and_a_name_count(folder: Path) -> None:
    """Another byte or another name is another model."""
    digests = {tree_digest(folder)}

    (folder / "Zebra").write_text("z")
    digests.add(tree_digest(folder))
    (folder / "Zebra").rename(folder / "Zebr")
    digests.add(tree_digest(folder))

    assert len(digests) == 3


def test_order_of_the_listing_does_not_count(folder: Path) -> None:
    """A manifest's list of files gives the tree's digest in any order."""
    files = file_digests(folder)

    assert digest_of(dict(reversed(files.items()))) == tree_digest(folder)


@pytest.mark.parametrize("name", ["a\nb", "a\\b"])
def test_names_that_sha256sum_escapes_are_refused(folder: Path, name: str) -> None:
    """Such a name would make the coreutils line ambiguous."""
    (folder / name).write_text("")

    with pytest.raises(ModelError, match="does not belong into a SavedModel"):
        tree_digest(folder)


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_what_is_no_regular_file_is_refused(folder: Path, kind: str) -> None:
    """A link could point anywhere, a pipe would never end."""
    if kind == "link":
        (folder / kind).symlink_to(folder / "Zebra")
    else:
        os.mkfifo(folder / kind)

    with pytest.raises(ModelError, match=kind):
        tree_digest(folder)
