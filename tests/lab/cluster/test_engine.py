"""The Docker engine, with a `docker` and a `dockerd` that only pretend."""

from pathlib import Path

import pytest

from lab.cluster import engine, network
from lab.cluster.places import Places
from lab.errors import SetupError
from tests.lab.stubs import write_program


@pytest.fixture
def answering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file: while it is there, `docker version` succeeds. `dockerd` makes it."""
    file = tmp_path / "answering"
    folder = tmp_path / "bin"
    write_program(folder, "docker", f"[ -e {file} ] && echo 20.10.24 || {{ echo no engine >&2; exit 1; }}")
    write_program(folder, "dockerd", f"/bin/touch {file}; exec /bin/sleep 60")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    return file


def test_an_engine_that_answers_is_used(answering: Path, places: Places) -> None:
    """Nothing is started, so nothing is ever stopped."""
    answering.touch()

    engine.up(places)

    assert engine.version() == "20.10.24"
    assert engine.part(places).record() is None


def test_where_none_answers_one_is_started(answering: Path, places: Places) -> None:
    """Its data and its records lie in the lab's folder; a second time changes nothing."""
    engine.up(places)
    record = engine.part(places).record()
    engine.up(places)

    assert answering.exists()
    assert record is not None
    assert engine.part(places).record() == record
    assert record.command == [
        "dockerd",
        "--host=unix:///var/run/docker.sock",
        f"--data-root={places.docker}",
        f"--exec-root={places.run / 'docker'}",
        f"--pidfile={places.run / 'docker.pid'}",
    ]


@pytest.mark.usefixtures("answering")
def test_one_that_is_named_and_does_not_answer_is_told(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one would not be where the user's programs look."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")

    with pytest.raises(SetupError, match=r"no Docker engine answers at DOCKER_HOST=tcp://127\.0\.0\.1:1"):
        engine.up(places)


def test_only_dockers_bridges_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the names Docker gives them."""
    devices = tmp_path / "net"
    removed: list[str] = []
    for name in ("lo", "eth0", "docker0", "br-0123456789ab", "br-lan", "lab0"):
        (devices / name).mkdir(parents=True)
    monkeypatch.setattr(network, "DEVICE_FOLDER", devices)
    monkeypatch.setattr(network, "remove", removed.append)
    monkeypatch.setattr(engine, "SOCKET", str(tmp_path / "docker.sock"))

    engine.remove_bridges()

    assert sorted(removed) == ["br-0123456789ab", "docker0"]
