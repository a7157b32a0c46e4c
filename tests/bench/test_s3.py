"""The S3-compatible server of the measurements."""

import os

import pytest

from bench import s3
from model.remote_files import RemoteFiles


@pytest.mark.timeout(60)
def test_it_keeps_files_while_it_is_served() -> None:
    """Clients are led to it by the environment, which is as before at the end."""
    before = dict(os.environ)

    with s3.served() as url:
        files = RemoteFiles(url)
        assert files.create("a", b"content")
        assert files.read("a") == b"content"

    assert dict(os.environ) == before
