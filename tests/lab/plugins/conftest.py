"""A cluster and a Docker engine in files, and a stand-in served as the engine would start it."""

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import grpc
import pytest
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderStub

from lab.plugins import plugin_server
from lab.plugins.stand_in import StandIn
from tests.lab.plugins import fake_docker, fake_kubectl


@contextmanager
def served(provider: StandIn) -> Iterator[ResourceProviderStub]:
    """A client of a provider."""
    server, port = plugin_server.serve(provider)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield ResourceProviderStub(channel)
    provider.close()
    server.stop(grace=None).wait()


def install_script(module: object, name: str, folder: Path) -> Path:
    """Make a program on PATH of a Python file that needs nothing but the standard library."""
    source = Path(str(getattr(module, "__file__"))).read_text("utf-8")  # noqa: B009 - any module has one
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!{sys.executable} -S\n{source}", "utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


@pytest.fixture
def cluster_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a fake cluster, whose kubectl is the first on PATH."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    install_script(fake_kubectl, "kubectl", tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_CLUSTER", str(folder))
    return folder


@pytest.fixture
def docker_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a fake Docker engine, whose docker is the only one on PATH."""
    folder = tmp_path / "engine"
    folder.mkdir()
    install_script(fake_docker, "docker", tmp_path / "docker-bin")
    monkeypatch.setenv("PATH", str(tmp_path / "docker-bin"))
    monkeypatch.setenv("FAKE_DOCKER", str(folder))
    return folder


@pytest.fixture
def client() -> Iterator[Callable[[StandIn], ResourceProviderStub]]:
    """Serves a provider for the length of a test and gives a client of it."""
    with ExitStack() as stack:
        yield lambda provider: stack.enter_context(served(provider))
