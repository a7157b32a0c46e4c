"""The local server, judged: process, files, answers. A real process stands behind the record; the answers are told."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from infra import live_process
from infra.live_process import findings
from infra.naming import predict_url, status_url
from infra.server_process import ServerRecord
from tests.infra import model_server
from tests.infra.model_server import ModelServer
from tests.model.conftest import Trained

UP = "pulumi up --stack local"


@pytest.fixture
def server(trained: Trained) -> Iterator[ModelServer]:
    """A model server that answers as trained."""
    with model_server.running() as told:
        told.predictions = [example.logits for example in trained.found.manifest.golden]
        yield told


@pytest.fixture
def record(server: ModelServer, trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServerRecord:
    """The record of that server, whose process is this one, beside the files that it serves."""
    monkeypatch.setattr(live_process, "ROOT", tmp_path)
    folder = tmp_path / ".serving" / "local"
    shutil.copytree(trained.found.path / "model", folder / "m" / "1")
    started = psutil.Process().create_time()
    made = ServerRecord(
        pid=os.getpid(), started=started, port=server.port, model_name="m", version=1, folder=str(folder)
    )
    made.write()
    return made


def found(trained: Trained, port: int) -> list[str]:
    """What is found, as it is printed."""
    digest, golden = trained.found.manifest.digest, trained.found.manifest.golden
    declared: dict[str, Any] = {"stack": "local", "modelName": "m", "port": port, "digest": digest, "version": 1}
    urls = {"statusUrl": status_url("127.0.0.1", port, "m"), "predictUrl": predict_url("127.0.0.1", port, "m")}
    return [str(finding) for finding in findings(declared, {"digest": digest, "version": 1} | urls, golden, UP)]


def test_a_server_as_declared_is_no_finding(trained: Trained, record: ServerRecord) -> None:
    """A live process with the declared files that answers as trained."""
    assert found(trained, record.port) == []


def test_a_changed_file_is_found_though_the_answers_are_right(trained: Trained, record: ServerRecord) -> None:
    """A server keeps its model in memory: a file that was changed under it would be served after the next start."""
    (Path(record.folder) / "m" / "1" / "saved_model.pb").write_bytes(b"x")
    (said,) = found(trained, record.port)

    assert "m/1 holds model " in said
    assert said.endswith(f"declared {trained.found.manifest.digest[:12]}; mend it: kill {record.pid} && {UP}")


def test_other_answers_are_found(trained: Trained, record: ServerRecord, server: ModelServer) -> None:
    """What answers as another model is named with the golden example that told."""
    server.predictions[3] = [0.0] * 10

    (said,) = found(trained, record.port)
    assert "golden example 3 gave" in said


def test_a_dead_server_is_found_with_who_has_its_port(trained: Trained, record: ServerRecord) -> None:
    """Where another program listens on the port of a dead server, that one has to end first."""
    replace(record, started=1.0).write()

    (said,) = found(trained, record.port)
    assert f"(pid {record.pid}) is not running; mend it: end " in said
    assert f"which has its port {record.port}, or pulumi config set port {record.port + 1}; then {UP}" in said


def test_no_record_is_found(trained: Trained, record: ServerRecord) -> None:
    """In another checkout of the state, no server was started."""
    shutil.rmtree(record.folder)

    assert found(trained, record.port) == [f"no model server was started from this folder; mend it: {UP}"]
