"""The provider process that the Pulumi CLI starts, over gRPC and without the CLI."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from infra.project import ROOT
from infra.provider import PROVIDER_KEY
from infra.training import TrainedModelProvider
from tests.infra.test_training import declared
from tests.model.conftest import Trained

REFERENCE = serialize_provider(TrainedModelProvider())
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@pytest.fixture
def process() -> Iterator["subprocess.Popen[bytes]"]:
    """The provider process, its output read by this test as the CLI reads it."""
    command = [sys.executable, "-u", "-m", "pulumi.dynamic"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as started:
        yield started
        started.kill()


@pytest.fixture
def provider(process: "subprocess.Popen[bytes]") -> Iterator[Any]:
    """The provider's gRPC stub."""
    assert process.stdout is not None
    port = int(process.stdout.readline())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)


def struct(properties: dict[str, Any]) -> struct_pb2.Struct:
    """Properties as the engine sends them."""
    message = struct_pb2.Struct()
    json_format.ParseDict({**properties, PROVIDER_KEY: REFERENCE}, message)
    return message


def test_a_stored_model_is_checked_created_and_unchanged(provider: Any, trained: Trained) -> None:
    """Check, create and diff of a stored model go through the process that the pickled reference names."""
    news = struct(declared(trained.store))

    checked = provider.Check(provider_pb2.CheckRequest(news=news))
    created = provider.Create(provider_pb2.CreateRequest(properties=checked.inputs))
    diff = provider.Diff(provider_pb2.DiffRequest(id=created.id, olds=created.properties, news=checked.inputs))

    assert list(checked.failures) == []
    assert created.properties["digest"] == trained.found.manifest.digest
    assert created.properties["version"] == 1
    assert diff.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_a_failure_is_one_line(provider: Any, tmp_path: Path) -> None:
    """An expected failure reaches the engine as one line without a traceback."""
    (tmp_path / "bad.npz").write_bytes(b"no archive")
    news = struct(declared(tmp_path / "store", dataset=str(tmp_path / "bad.npz")))

    with pytest.raises(grpc.RpcError) as failed:
        provider.Create(provider_pb2.CreateRequest(properties=news))

    details = failed.value.details().strip()
    assert details.startswith("RuntimeError: m: dataset")
    assert "\n" not in details


def test_the_process_ends_with_its_reader(process: "subprocess.Popen[bytes]", provider: Any, trained: Trained) -> None:
    """Once a provider is configured, the process ends when the reader of its output is gone."""
    provider.Check(provider_pb2.CheckRequest(news=struct(declared(trained.store))))
    assert process.poll() is None
    assert process.stdout is not None

    process.stdout.close()

    assert process.wait(timeout=10) != 0
