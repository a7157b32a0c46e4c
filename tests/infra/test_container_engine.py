"""Whether a container engine answers."""

import json
import socket
import time
from pathlib import Path

import pytest

from infra import container_engine
from tests.infra import loopback


def test_an_engine_that_answers_is_no_fault(tmp_path: Path) -> None:
    """The socket that DOCKER_HOST names is asked, and an answer is enough."""
    with loopback.engine(tmp_path) as host:
        assert container_engine.fault({"DOCKER_HOST": host}) == ""


def test_no_engine_is_named_with_its_socket(tmp_path: Path) -> None:
    """Where nothing listens, the socket and the system's reason are told."""
    path = tmp_path / "none.sock"

    assert container_engine.fault({"DOCKER_HOST": f"unix://{path}"}) == (
        f"nothing answers at {path} (No such file or directory)"
    )


def test_an_engine_that_hangs_is_given_two_seconds(tmp_path: Path) -> None:
    """A socket that takes a connection and says nothing counts as no engine."""
    path = tmp_path / "hangs.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
        started = time.monotonic()

        assert "nothing answers" in container_engine.fault({"DOCKER_HOST": f"unix://{path}"})
        assert time.monotonic() - started < 10


def test_engines_elsewhere_are_left_to_the_plugin(tmp_path: Path) -> None:
    """One behind TCP, SSH or a Docker context other than the default is not asked."""
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": "colima"}), encoding="utf-8")

    assert container_engine.fault({"DOCKER_HOST": "ssh://build@example"}) == ""
    assert container_engine.fault({"DOCKER_CONTEXT": "remote"}) == ""
    assert container_engine.fault({"DOCKER_CONFIG": str(tmp_path)}) == ""


@pytest.mark.parametrize("host", ["tcp://docker:2375", "ssh://build@example"])
def test_an_engine_of_another_machine_is_told(host: str) -> None:
    """Its address names that machine."""
    assert container_engine.elsewhere({"DOCKER_HOST": host}) == host


@pytest.mark.parametrize("host", ["", "unix:///var/run/docker.sock", "tcp://127.0.0.1:2375", "tcp://[::1]:2375"])
def test_an_engine_of_this_machine_is_not_elsewhere(host: str) -> None:
    """A socket and loopback are here."""
    assert container_engine.elsewhere({"DOCKER_HOST": host}) == ""


@pytest.mark.parametrize("cache", ["inactive_file", "total_inactive_file"])
def test_what_a_container_holds(tmp_path: Path, cache: str) -> None:
    """The engine's figure without the cache of files, which has a name in either version of control groups."""
    stats = {"memory_stats": {"usage": 700, "stats": {cache: 200, "active_file": 1}}}
    with loopback.engine(tmp_path, json.dumps(stats).encode()) as host:
        assert container_engine.memory_bytes("c", {"DOCKER_HOST": host}) == 500


def test_what_a_container_holds_may_not_be_known(tmp_path: Path) -> None:
    """Neither of an engine elsewhere, nor of one that does not answer or does not know."""
    assert container_engine.memory_bytes("c", {"DOCKER_HOST": "tcp://127.0.0.1:1"}) is None
    assert container_engine.memory_bytes("c", {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}) is None
    with loopback.engine(tmp_path, b'{"message": "No such container: c"}') as host:
        assert container_engine.memory_bytes("c", {"DOCKER_HOST": host}) is None
