"""Tests of model.store_url."""

import pytest

from model import store_url


@pytest.mark.parametrize(
    "url", ["s3://bucket/models", "gs://bucket", "az://container/a/b", "memory://models", "file:///srv/models"]
)
def test_a_proper_url_has_no_problem(url: str) -> None:
    """Whichever file system; and it is shown as it is."""
    assert store_url.is_url(url)
    assert store_url.problem(url) == ""
    assert store_url.shown(url) == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("s3://key:secret@bucket/models", "may hold a credential"),
        ("s3://secret@bucket", "may hold a credential"),
        ("az://container?sig=secret", "may hold a credential"),
        ("s3://bucket#secret", "may hold a credential"),
        ("simplecache::s3://secret", "is not the URL of a store"),
        ("memory://secret::file:///x", "chains several file systems"),
        ("://secret", "is not the URL of a store"),
        ("S3://secret", "is not the URL of a store"),
        ("s3://secret models", "is not the URL of a store"),
        ("s3://", "names no bucket"),
        ("file://server/secret", "names no folder of this machine"),
        ("file://", "names no folder of this machine"),
    ],
)
def test_another_one_has_a_problem_and_is_not_shown(url: str, reason: str) -> None:
    """What could be a credential does not come into a message."""
    assert reason in store_url.problem(url)
    assert "secret" not in store_url.shown(url)


def test_a_folder_is_no_url() -> None:
    """It is shown as it is, and no scheme is looked for in it."""
    assert not store_url.is_url("../models@home")
    assert store_url.shown("../models@home") == "../models@home"


def test_a_file_url_names_a_folder() -> None:
    """With its escapes undone; other schemes name none."""
    assert store_url.local_folder("file:///srv/my%20models") == "/srv/my models"
    assert store_url.local_folder("s3://bucket") is None
