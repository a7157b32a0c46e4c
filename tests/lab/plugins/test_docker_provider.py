"""The Docker stand-in over gRPC, as the engine asks it, with a docker command over files."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderStub

from lab.plugins.commands import Commands
from lab.plugins.docker_provider import DockerProvider
from lab.plugins.engine_log import EngineLog
from lab.plugins.properties import UNKNOWN, to_python, to_struct
from lab.plugins.stand_in import StandIn
from tests.lab.plugins.fake_docker import DIGEST, IMAGE

URN = "urn:pulumi:dev::p::docker:index/image:Image::image"
NAME = "localhost:5000/models/mnist:1"
Serve = Callable[[StandIn], ResourceProviderStub]


@pytest.fixture
def provider(docker_files: Path, client: Serve) -> ResourceProviderStub:
    """A provider whose engine runs."""
    assert docker_files.is_dir()
    stub = client(DockerProvider("5.2.0", EngineLog(""), Commands()))
    assert stub.Configure(messages.ConfigureRequest()).supportsPreview
    return stub


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build context in the working directory."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\n", "utf-8")
    (folder / "model").write_text("one", "utf-8")
    return folder


def image(**more: Any) -> dict[str, Any]:
    """A declared image."""
    return {"imageName": NAME, "build": {"context": "context", "platform": "linux/amd64", "args": {"A": "1"}}, **more}


def check(stub: ResourceProviderStub, declared: dict[str, Any]) -> dict[str, Any]:
    """The inputs after the check."""
    return to_python(stub.Check(messages.CheckRequest(urn=URN, news=to_struct(declared))).inputs)


def create(stub: ResourceProviderStub, declared: dict[str, Any], *, preview: bool = False) -> dict[str, Any]:
    """The state of a created image."""
    request = messages.CreateRequest(urn=URN, properties=to_struct(declared), preview=preview)
    return to_python(stub.Create(request).properties)


def diff(stub: ResourceProviderStub, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """The inputs that differ."""
    request = messages.DiffRequest(urn=URN, old_inputs=to_struct(old), news=to_struct(new))
    return sorted(stub.Diff(request).detailedDiff)


def calls(files: Path) -> list[str]:
    """The docker command lines so far."""
    return (files / "calls").read_text("utf-8").splitlines()


def test_configure_needs_the_engine(docker_files: Path, client: Serve) -> None:
    """Without an engine Configure fails, as it does for the official plugin, unless the check is switched off."""
    (docker_files / "down").touch()
    stub = client(DockerProvider("5.2.0", EngineLog(""), Commands()))
    expected = "docker native provider returned an unexpected error from Configure: failed to connect to any docker"
    with pytest.raises(grpc.RpcError, match=expected):
        stub.Configure(messages.ConfigureRequest())

    unchecked = {"docker:config:disableDockerDaemonCheck": "true"}
    assert stub.Configure(messages.ConfigureRequest(variables=unchecked)).supportsPreview


def test_without_a_docker_command_there_is_no_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: Serve
) -> None:
    """A machine without docker fails in the same words and says what is missing."""
    monkeypatch.setenv("PATH", str(tmp_path))
    stub = client(DockerProvider("5.2.0", EngineLog(""), Commands()))
    with pytest.raises(grpc.RpcError, match="any docker daemon: there is no docker command on PATH"):
        stub.Configure(messages.ConfigureRequest())


@pytest.mark.usefixtures("context")
def test_an_image_is_built_and_pushed(provider: ResourceProviderStub, docker_files: Path) -> None:
    """Create builds with BuildKit and its arguments, pushes, and tells the name by digest."""
    state = create(provider, image())

    assert state["repoDigest"] == f"localhost:5000/models/mnist@{DIGEST}"
    assert (state["imageName"], state["baseImageName"], state["context"]) == (NAME, NAME, "context")
    (built,) = [line for line in calls(docker_files) if line.startswith("build ")]
    assert "--file=context/Dockerfile --platform=linux/amd64 --progress=plain --build-arg=A=1" in built
    assert (docker_files / "builder").read_text("utf-8").split()[:2] == ["1", "default"]
    assert calls(docker_files)[-1] == f"push {NAME}"


@pytest.mark.usefixtures("context")
def test_a_preview_builds_only_if_asked(provider: ResourceProviderStub, docker_files: Path) -> None:
    """A preview does not know the digest; with buildOnPreview it builds, pushes nothing and has the image's id."""
    assert create(provider, image(), preview=True)["repoDigest"] == UNKNOWN
    assert not [line for line in calls(docker_files) if line.startswith("build")]
    assert create(provider, image(buildOnPreview=True), preview=True)["repoDigest"] == IMAGE
    assert create(provider, image(skipPush=True))["repoDigest"] == IMAGE
    assert not [line for line in calls(docker_files) if line.startswith("push")]


def test_changed_content_is_a_changed_input(provider: ResourceProviderStub, context: Path) -> None:
    """The check adds a digest of the context, so that a changed file shows as a difference, and nothing else does."""
    first = check(provider, image())
    assert diff(provider, first, check(provider, image())) == []
    (context / "model").write_text("two", "utf-8")

    assert diff(provider, first, check(provider, image())) == ["build"]


def test_other_credentials_are_no_difference(provider: ResourceProviderStub) -> None:
    """User and password may change without a build; the registry's name may not."""
    old = image(registry={"server": "localhost:5000", "username": "a", "password": "b"})

    assert diff(provider, old, image(registry={"server": "localhost:5000", "username": "c", "password": "d"})) == []
    assert diff(provider, old, image(registry={"server": "elsewhere", "username": "a"})) == ["registry"]
    assert diff(provider, old, image(skipPush=True)) == ["registry", "skipPush"]


@pytest.mark.usefixtures("context")
def test_credentials_reach_docker_by_a_file_only(provider: ResourceProviderStub, docker_files: Path) -> None:
    """Credentials are in a configuration that only this push sees, on no command line and in no error."""
    declared = image(registry={"username": "bob", "password": "hunter2"})
    create(provider, declared)
    configuration = json.loads((docker_files / "configuration").read_text("utf-8"))

    assert base64.b64decode(configuration["auths"]["localhost:5000"]["auth"]) == b"bob:hunter2"
    (docker_files / "refused").touch()
    with pytest.raises(grpc.RpcError, match=r"could not be pushed: unauthorized: bob:\[secret\]") as failure:
        create(provider, declared)
    assert "hunter2" not in failure.value.details()
    assert not [line for line in calls(docker_files) if "hunter2" in line]


@pytest.mark.usefixtures("context")
def test_a_failed_build_says_why(provider: ResourceProviderStub, docker_files: Path) -> None:
    """The builder's last lines are the error."""
    (docker_files / "broken").touch()
    with pytest.raises(grpc.RpcError, match="could not be built: #1 building\nfailed to solve: nothing here"):
        create(provider, image())


def test_a_missing_dockerfile_is_told_at_the_check(provider: ResourceProviderStub, context: Path) -> None:
    """The Dockerfile has to be there in a preview, and one that was meant to be in the context is suggested."""
    (context / "Other").touch()
    for name, remedy in (("Other", "try setting `dockerfile` to 'context/Other'"), ("None", "dockerfile 'None'\"")):
        with pytest.raises(grpc.RpcError, match=remedy):
            check(provider, image(build={"context": "context", "dockerfile": name}))


@pytest.mark.usefixtures("context")
def test_a_name_without_registry_cannot_be_pushed(provider: ResourceProviderStub) -> None:
    """Such a name is refused at the check unless nothing is pushed."""
    with pytest.raises(grpc.RpcError, match="not a fully qualified image name"):
        check(provider, image(imageName="mnist"))
    assert check(provider, image(imageName="mnist", skipPush=True))["build"]["contextDigest"]
    assert check(provider, image(imageName=UNKNOWN))["imageName"] == UNKNOWN


def test_an_unknown_context_is_not_looked_at(provider: ResourceProviderStub) -> None:
    """In a preview a context that is not known yet is passed on, and arguments may be unknown."""
    unknown = image(build={"context": UNKNOWN, "args": {"A": UNKNOWN}})

    assert check(provider, unknown) == unknown
    assert diff(provider, image(), unknown) == ["build"]


@pytest.mark.usefixtures("context")
def test_the_platform_is_this_machines_by_default(provider: ResourceProviderStub) -> None:
    """Without a platform the check adds one."""
    assert check(provider, image(build={"context": "context"}))["build"]["platform"].startswith("linux/")


def test_read_and_delete_do_nothing(provider: ResourceProviderStub, docker_files: Path) -> None:
    """Neither asks docker for anything; what is read is what was given."""
    before = calls(docker_files)
    given = messages.ReadRequest(id=NAME, inputs=to_struct(image()), properties=to_struct({"repoDigest": "gone"}))
    answer = provider.Read(given)
    provider.Delete(messages.DeleteRequest(id=NAME))

    assert (answer.id, answer.inputs, answer.properties) == (NAME, given.inputs, given.properties)
    assert calls(docker_files) == before


def test_a_changed_engine_updates_the_provider(provider: ResourceProviderStub) -> None:
    """Another host is a difference that replaces nothing; none is none."""
    request = messages.DiffRequest(olds=to_struct({"host": "a"}), news=to_struct({"host": "b"}))
    answer = provider.DiffConfig(request)

    assert (answer.changes, list(answer.replaces)) == (messages.DiffResponse.DIFF_SOME, [])
    request.news.CopyFrom(request.olds)
    assert provider.DiffConfig(request).changes == messages.DiffResponse.DIFF_NONE
