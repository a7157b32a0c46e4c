"""An installed plugin, started as the engine starts it."""

import os
import select
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderStub

from lab.plugins import installation
from tests.lab.processes import assert_gone

ROOT = Path(installation.__file__).resolve().parent.parent.parent


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The Kubernetes plugin, started in the project's folder."""
    folder = tmp_path / "resource-kubernetes-v1.2.3"
    installation.put("kubernetes", "1.2.3", folder)
    process = subprocess.Popen(
        [folder / "pulumi-resource-kubernetes", "127.0.0.1:1"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def port_of(process: subprocess.Popen[str]) -> int:
    """The first line it prints."""
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], 20)[0]
    return int(process.stdout.readline())


def test_it_prints_its_port_and_serves(plugin: subprocess.Popen[str]) -> None:
    """The engine learns the port from the first line, and the version from the plugin."""
    with grpc.insecure_channel(f"127.0.0.1:{port_of(plugin)}") as channel:
        assert ResourceProviderStub(channel).GetPluginInfo(Empty()).version == "1.2.3"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_quietly_when_told(plugin: subprocess.Popen[str], number: signal.Signals) -> None:
    """A signal ends it with status 0 and without a word."""
    port_of(plugin)
    plugin.send_signal(number)
    _, errors = plugin.communicate(timeout=20)

    assert (plugin.returncode, errors) == (0, "")


def test_it_ends_with_the_engine(plugin: subprocess.Popen[str]) -> None:
    """When nobody reads its output any more, it goes."""
    port_of(plugin)
    assert plugin.stdout is not None
    plugin.stdout.close()

    assert plugin.wait(timeout=20) == 0
    assert_gone(plugin.pid)
    assert plugin.stderr is not None
    assert os.read(plugin.stderr.fileno(), 100) == b""
