"""Which docker command builds, and what it is given."""

import json
from pathlib import Path

import pytest

from lab.plugins import docker_client
from lab.plugins.commands import Commands
from lab.plugins.docker_client import Build, Credentials, DockerClient, DockerError
from tests.lab.plugins import fake_docker
from tests.lab.plugins.conftest import install_script

BUILD = Build("context", "Dockerfile", {}, "", "", "", [], [], buildkit=True)


@pytest.fixture(autouse=True)
def _no_other_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at PATH only."""
    monkeypatch.setattr(docker_client, "USUAL_CLIENT", "/nowhere/docker")


@pytest.fixture
def engine(docker_files: Path) -> DockerClient:
    """An engine at an address."""
    assert docker_files.is_dir()
    return DockerClient(Commands(), "unix:///engine")


def build(engine: DockerClient, build: Build = BUILD) -> str:
    """Build an image."""
    return engine.build(build, "localhost:5000/a:1", None, print)


def test_a_client_with_buildkit_is_needed(engine: DockerClient, docker_files: Path) -> None:
    """One up to version 22 has it built in, a later one needs its plugin; without it nothing is built."""
    assert build(engine) == fake_docker.IMAGE
    (docker_files / "version").write_text("28.2.2", "utf-8")
    with pytest.raises(DockerError, match=r"no docker client that can build with BuildKit \(found .*/docker\)"):
        build(engine)
    (docker_files / "buildx").touch()
    assert build(engine) == fake_docker.IMAGE


def test_a_client_that_cannot_build_is_passed_over(
    engine: DockerClient, docker_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The usual place is looked at where the client on PATH lacks buildx."""
    (docker_files / "version").write_text("28.2.2", "utf-8")
    complete = install_script(fake_docker, "docker", tmp_path / "usual")
    text = complete.read_text("utf-8").replace("sys.exit(0 if is_marked", "sys.exit(0 if not is_marked")
    complete.write_text(text, "utf-8")
    monkeypatch.setattr(docker_client, "USUAL_CLIENT", str(complete))

    assert build(engine) == fake_docker.IMAGE


def test_the_address_reaches_the_client(engine: DockerClient, docker_files: Path) -> None:
    """The provider's host is what docker is told."""
    build(engine)

    assert (docker_files / "builder").read_text("utf-8").split()[2] == "unix:///engine"


def test_every_option_has_its_flag(engine: DockerClient, docker_files: Path) -> None:
    """All that can be declared is passed on; the older builder has no plain progress."""
    everything = Build("c", "c/D", {"A": "1"}, "linux/arm64", "stage", "host", ["h:1.2.3.4"], ["r/i:1"], buildkit=False)
    build(engine, everything)
    (line,) = [line for line in (docker_files / "calls").read_text("utf-8").splitlines() if line.startswith("build")]
    expected = (
        "--file=c/D --platform=linux/arm64 --target=stage --network=host --build-arg=A=1 --add-host=h:1.2.3.4 "
        "--cache-from=r/i:1 --tag=localhost:5000/a:1"
    )

    assert expected in line
    assert "--progress" not in line
    assert line.endswith(" c")
    assert (docker_files / "builder").read_text("utf-8").startswith("0 ")


def test_the_users_configuration_is_kept_but_for_the_credentials(
    engine: DockerClient, docker_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other registries and settings stay, helpers that would override the credentials do not."""
    users = tmp_path / "users"
    (users / "cli-plugins").mkdir(parents=True)
    configuration = {"auths": {"other": {"auth": "x"}}, "credsStore": "desktop", "proxies": {"a": "b"}}
    (users / "config.json").write_text(json.dumps(configuration), "utf-8")
    monkeypatch.setenv("DOCKER_CONFIG", str(users))
    client = DockerClient(Commands(), "")
    client.push("localhost:5000/a", Credentials("localhost:5000", "bob", "hunter2"), print)
    seen = json.loads((docker_files / "configuration").read_text("utf-8"))

    assert engine
    assert sorted(seen["auths"]) == ["localhost:5000", "other"]
    assert seen["proxies"] == {"a": "b"}
    assert "credsStore" not in seen


def test_a_password_is_not_shown() -> None:
    """Not even by an accident of printing."""
    assert "hunter2" not in repr(Credentials("r", "bob", "hunter2"))
