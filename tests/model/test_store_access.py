"""Tests of model.store_access."""

import os
from pathlib import Path

import pytest

from model.errors import ModelError
from model.store import ArtifactStore
from model.store_access import writing
from tests.model.test_store import store

__all__ = ["store"]


def test_closed_output_is_not_blamed_on_the_store(tmp_path: Path) -> None:
    """A broken pipe belongs to whoever printed."""
    with pytest.raises(BrokenPipeError), writing(tmp_path):
        raise BrokenPipeError


def test_store_below_a_file_is_refused(tmp_path: Path) -> None:
    """A path that cannot become a folder is named, with the remedy."""
    (tmp_path / "file").write_text("")

    with (
        pytest.raises(ModelError, match=r"file/store cannot be used: a file stands where a folder should be; choose"),
        ArtifactStore(tmp_path / "file" / "store").staging(),
    ):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="modes do not bind root")
def test_read_only_store_is_refused(store: ArtifactStore) -> None:
    """The message names the folder and the remedy."""
    store.folder.mkdir(mode=0o500)

    with pytest.raises(ModelError, match="this user may not write there"), store.staging():
        pass
