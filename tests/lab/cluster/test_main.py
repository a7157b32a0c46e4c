"""The command line: what it takes, what it refuses, and its exit status."""

import os
import sys

import pytest

from lab.cluster import __main__ as command_line
from lab.cluster import lab
from lab.cluster.lab import Condition
from lab.errors import SetupError


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the lab was asked to do, instead of doing it, as root on Linux."""
    asked: list[str] = []
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(lab, "up", lambda places, _: asked.append(f"up {places.state}"))
    monkeypatch.setattr(lab, "down", lambda places: asked.append(f"down {places.state}"))
    for name in ("stop", "start"):
        monkeypatch.setattr(lab, name, lambda _, part, name=name: asked.append(f"{name} {part}"))
    return asked


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (["up"], "up /var/lib/mymodel-serving-lab"),
        (["down"], "down /var/lib/mymodel-serving-lab"),
        (["stop", "engine"], "stop engine"),
        (["start", "cluster"], "start cluster"),
    ],
)
def test_each_command_does_one_thing(arguments: list[str], asked: str, calls: list[str]) -> None:
    """Exit status 0 when it is done."""
    assert command_line.main(arguments) == 0
    assert calls == [asked]


@pytest.mark.parametrize("arguments", [[], ["update"], ["stop"], ["stop", "kubelet"], ["up", "engine"]])
def test_anything_else_is_refused(arguments: list[str], calls: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The usage is shown, and nothing is done."""
    with pytest.raises(SystemExit, match="2"):
        command_line.main(arguments)

    assert "python -m lab.cluster" in capsys.readouterr().err
    assert calls == []


@pytest.mark.parametrize(("platform", "user"), [("darwin", 0), ("linux", 1000)])
def test_elsewhere_one_line_says_what_else_will_do(
    platform: str, user: int, calls: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without Linux or root nothing is tried."""
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(os, "geteuid", lambda: user)

    assert command_line.main(["up"]) == 1
    assert capsys.readouterr().err == (
        "The lab needs Linux and root. Any Docker and any cluster do as well: see README.\n"
    )
    assert calls == []


@pytest.mark.usefixtures("calls")
def test_a_failure_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The message, no traceback, exit status 1."""

    def fail(*_: object) -> None:
        raise SetupError("etcd ended (no space left): see /the/log")

    monkeypatch.setattr(lab, "up", fail)

    assert command_line.main(["up"]) == 1
    assert capsys.readouterr().err == "lab: etcd ended (no space left): see /the/log\n"


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize(("well", "status"), [(True, 0), (False, 1)])
def test_the_status_is_0_only_if_all_is_well(
    well: bool,  # noqa: FBT001 - a case
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each part has a line, and the places of logs and kubeconfig are named."""
    found = [Condition("engine", well=True, detail="pid 7"), Condition("node", well=well, detail="the detail")]
    monkeypatch.setattr(lab, "conditions", lambda _: found)

    assert command_line.main(["status"]) == status
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["engine", "ok", "pid", "7"]
    assert lines[1].split() == ["node", "ok" if well else "NO", "the", "detail"]
    assert any(line.endswith("/kubeconfig") for line in lines)
    assert any(line.endswith("/logs") for line in lines)
