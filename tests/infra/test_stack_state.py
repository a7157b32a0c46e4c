"""What the Pulumi CLI tells of a stack; a stand-in for it says what it is told to."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from infra import stack_state
from infra.project import declared_defaults
from infra.stack_state import StackError, StackState
from tests.lab.stubs import write_program

Tell = Callable[..., None]


@pytest.fixture
def tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Let the CLI print a document, or fail with these lines."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    def say(document: object = None, *, error: str = "") -> None:
        (tmp_path / "out").write_text(json.dumps(document), encoding="utf-8")
        (tmp_path / "err").write_text(error, encoding="utf-8")
        script = f'echo "$*" > {tmp_path}/asked; cat {tmp_path}/err >&2; cat {tmp_path}/out; exit {int(bool(error))}'
        write_program(tmp_path, "pulumi", script)

    return say


def test_a_stacks_state_is_its_resources(tell: Tell, tmp_path: Path) -> None:
    """Resources and outputs come from the export; secrets are not asked for."""
    stack = {"urn": "s", "type": "pulumi:pulumi:Stack", "outputs": {"modelDigest": "ab"}}
    tell({"version": 3, "deployment": {"resources": [stack]}})
    found = stack_state.state("dev")

    assert (found.stack, found.outputs) == ("dev", {"modelDigest": "ab"})
    assert (tmp_path / "asked").read_text() == "--non-interactive stack export --stack dev\n"
    tell({"version": 3, "deployment": {}})
    assert stack_state.state("dev") == StackState("dev", [])
    assert stack_state.state("dev").outputs == {}


def test_a_resource_is_found_by_its_type() -> None:
    """The end of the type token names it; one that is about to be deleted is none."""
    old = {"urn": "old", "type": "a:b:Image", "delete": True}
    new = {"urn": "new", "type": "a:b:Image"}
    state = StackState("dev", [old, new])

    assert state.one(":Image") == new
    assert state.one(":LocalServer") is None


def test_the_last_operation_tells_its_result(tell: Tell) -> None:
    """The newest entry of the history counts; without one there is no result."""
    tell([{"kind": "update", "result": "failed"}])
    assert stack_state.last_result("dev") == "failed"
    tell([])
    assert stack_state.last_result("dev") == ""


def test_the_configuration_has_its_defaults(tell: Tell) -> None:
    """What the stack sets, and the declared default of everything else; other projects' keys are left out."""
    tell({"mymodel-serving:registry": {"value": "r.example", "secret": False}, "aws:region": {"value": "x"}})

    assert stack_state.configuration("dev") == declared_defaults() | {"registry": "r.example"}


def test_what_the_cli_refuses_is_told_in_its_words(tell: Tell) -> None:
    """The last line of the CLI's error is passed on, with the command."""
    tell(error="warning: x\nerror: no stack named 'none' found\n")

    with pytest.raises(StackError, match="`pulumi --non-interactive stack export --stack none`: no stack named 'none'"):
        stack_state.state("none")


def test_no_cli_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Outside the activated environment the way into it is named."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(StackError, match="no Pulumi CLI on the PATH"):
        stack_state.state("dev")
