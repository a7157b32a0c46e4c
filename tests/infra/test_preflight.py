"""What is said before anything is declared."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest

from infra import preflight
from infra.kubeconfig import Cluster
from infra.settings import Settings
from tests.infra import loopback
from tests.infra.engine import use
from tests.infra.loopback import ApiServer, kubeconfig


@pytest.fixture
def api() -> Iterator[ApiServer]:
    """An API server."""
    with loopback.api_server() as server:
        yield server


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is logged, with its level."""
    lines: list[str] = []
    for level in ("info", "warn"):
        monkeypatch.setattr(f"pulumi.log.{level}", lambda text, level=level: lines.append(f"{level}: {text}"))
    return lines


@pytest.fixture(autouse=True)
def _engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with loopback.engine(tmp_path) as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        yield


def check(*, preview: bool, **values: str) -> None:
    """Check a kubernetes stack with this configuration."""
    use({"target": "kubernetes", **values}, preview=preview)
    preflight.check(Settings.load())


def test_all_is_well_and_the_ambient_context_is_told(
    api: ApiServer, tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody chose a context, the one that is taken is said in one line, with the command that fixes it."""
    path = kubeconfig(tmp_path / "config", api.url, "lab", current="lab")
    monkeypatch.setenv("KUBECONFIG", path)
    check(preview=False)

    fixing = "fix it for this stack: pulumi config set kubeContext lab"
    assert said == [f"info: kubernetes: context lab ({api.url}), the current one of {path}; {fixing}"]
    assert api.asked == ["GET /readyz"]


def test_a_chosen_context_goes_without_saying(api: ApiServer, tmp_path: Path, said: list[str]) -> None:
    """A configured context is used without a word."""
    check(preview=True, kubeconfig=kubeconfig(tmp_path / "config", api.url, "lab"), kubeContext="lab")

    assert said == []


def test_an_api_server_that_refuses_is_there(api: ApiServer) -> None:
    """A server that answers 401 is one that answers."""
    api.refusal = (401, "Unauthorized")

    assert preflight.unreachable(Cluster("lab", api.url, "", "", chosen=True)) == ""


def test_an_unreachable_cluster_blinds_a_preview_and_stops_an_up(tmp_path: Path, said: list[str]) -> None:
    """A preview says in one line that it is blind and goes on; an `up` stops before anything is trained."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: refused
        path = kubeconfig(tmp_path / "config", f"https://127.0.0.1:{unused.getsockname()[1]}", "lab")
        check(preview=True, kubeconfig=path, kubeContext="lab")
        with pytest.raises(pulumi.RunError, match=r"does not answer at .*refused.*pulumi config set kubeContext NAME"):
            check(preview=False, kubeconfig=path, kubeContext="lab")

    assert len(said) == 1
    assert "this preview compares with the state only" in said[0]


def test_a_silent_cluster_is_given_two_seconds(tmp_path: Path) -> None:
    """A cluster that takes the connection and says nothing counts as unreachable."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        path = kubeconfig(tmp_path / "config", f"https://127.0.0.1:{listener.getsockname()[1]}", "lab")

        with pytest.raises(pulumi.RunError, match="does not answer"):
            check(preview=False, kubeconfig=path, kubeContext="lab")


@pytest.mark.parametrize("preview", [True, False])
def test_no_engine_is_refused_with_both_ways_out(
    api: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, preview: bool
) -> None:
    """Without a container engine the plugin could not even preview: how to start one, and that `local` needs none."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    path = kubeconfig(tmp_path / "config", api.url, "lab")

    with pytest.raises(pulumi.RunError, match=r"systemctl start docker.*pulumi config set target local"):
        check(preview=preview, kubeconfig=path, kubeContext="lab")


def test_an_unknown_context_is_refused(api: ApiServer, tmp_path: Path) -> None:
    """The plugin would say nothing at preview: a context that is not in the kubeconfig is refused."""
    path = kubeconfig(tmp_path / "config", api.url, "lab")

    with pytest.raises(pulumi.RunError, match="context 'prod' is not in"):
        check(preview=True, kubeconfig=path, kubeContext="prod")


def test_a_local_stack_needs_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The target local asks neither for an engine nor for a cluster."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///none.sock")
    monkeypatch.setenv("KUBECONFIG", "/none")
    use({"target": "local"})
    preflight.check(Settings.load())
