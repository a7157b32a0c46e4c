"""What several tests of the model server share: exported models, and one server for tests that only ask."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.processes import ROOT, ServerProcess


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the models of `exported`, made once."""
    folder = tmp_path_factory.mktemp("exported")
    subprocess.run(
        [sys.executable, "-m", "tests.serving.exported", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=240,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
    )
    return folder


@pytest.fixture
def base_path(exported: Path, tmp_path: Path) -> Path:
    """A model's folder with version 1 of the image model, the test's own to change."""
    base = tmp_path / "mymodel"
    shutil.copytree(exported / "image-1", base / "1")
    return base


@pytest.fixture(scope="session")
def server(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with version 1 of the image model; tests that share it only ask."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copytree(exported / "image-1", folder / "mymodel" / "1")
    flags = ("--model_name=mymodel", f"--model_base_path={folder / 'mymodel'}")
    with ServerProcess(folder / "log", *flags) as started:
        yield started
