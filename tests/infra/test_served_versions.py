"""The version directories a local server reads."""

import os
from pathlib import Path

import psutil

from infra import served_versions
from infra.server_process import ServerRecord, is_alive
from tests.infra import model_server
from tests.model.conftest import Trained


def test_a_published_version_is_a_copy_under_its_number(trained: Trained, tmp_path: Path) -> None:
    """The SavedModel is copied in whole, replacing what had the number; pruning keeps one version."""
    (tmp_path / "2").mkdir()
    (tmp_path / "1").mkdir()

    target = served_versions.publish(trained.found.path, tmp_path, 2)
    served_versions.prune(tmp_path, keep=2)

    assert (target / "saved_model.pb").read_bytes() == (trained.found.path / "model/saved_model.pb").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["2"]


def test_another_program_on_the_port_is_a_fault(tmp_path: Path) -> None:
    """A process that lives is not enough: what answers on the port must serve the version."""
    with model_server.running() as server:
        me = psutil.Process(os.getpid())
        record = ServerRecord(
            pid=me.pid, started=me.create_time(), port=server.port, model_name="m", version=1, folder=str(tmp_path)
        )
        assert is_alive(record.pid, record.started)
        assert served_versions.fault(record) is None

        server.states = {2: "AVAILABLE"}
        assert served_versions.fault(record) == "the model server has version 1 as missing"
        server.refusal = (200, b"[]")
        assert "does not answer like a model server" in str(served_versions.fault(record))


def test_another_process_with_the_pid_is_not_the_server(tmp_path: Path) -> None:
    """A process that started at another time is another process, whatever its pid."""
    record = ServerRecord(pid=os.getpid(), started=1.0, port=1, model_name="m", version=1, folder=str(tmp_path))

    assert served_versions.fault(record) == f"the model server (pid {os.getpid()}) is not running"
