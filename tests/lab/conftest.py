"""The Pulumi CLI for the tests that are marked `cli`."""

import os
from pathlib import Path

import pytest

from lab import pulumi_cli


@pytest.fixture(scope="session")
def cli() -> Path:
    """The folder that holds the Pulumi CLI; `make test` has fetched or built it before."""
    return pulumi_cli.obtain(os.environ, pulumi_cli.cache_folder(os.environ))
