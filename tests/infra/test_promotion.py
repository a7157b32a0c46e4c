"""`make promote`: which stack may be promoted, and what is written."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra import promotion, stack_state
from infra.project import ROOT
from infra.promotion import Pins, pin, pins_of
from infra.stack_state import StackError, StackState

MODEL, IMAGE = "ab" * 32, "sha256:" + "cd" * 32
PINS = Pins(MODEL, IMAGE)


def state(checked: str = MODEL, **outputs: str) -> StackState:
    """The state of a stack that serves a model which was checked."""
    found = {"modelDigest": MODEL, "image": f"localhost:5000/m-serving@{IMAGE}"} | outputs
    resources: list[dict[str, Any]] = [
        {"urn": "urn::stack", "type": "pulumi:pulumi:Stack", "outputs": found},
        {"urn": "u", "type": "pulumi-python:dynamic/mymodel:PredictionCheck", "inputs": {"digest": checked}},
    ]
    return StackState("dev", resources)


def test_what_serves_and_was_checked_is_promoted() -> None:
    """The pins are the outputs' digests."""
    assert pins_of(state(), "succeeded") == PINS


@pytest.mark.parametrize(
    ("found", "result", "said"),
    [
        (StackState("dev", []), "succeeded", "dev serves no model .* make up STACK=dev"),
        (state(image=""), "succeeded", "without an image; promote from a stack of target kubernetes"),
        (state(), "failed", "last operation of stack dev ended as failed"),
        (state(), "", "ended as unknown"),
        (state(checked="ef" * 32), "succeeded", "was not seen to answer as model abababababab"),
        (StackState("dev", state().resources[:1]), "succeeded", "was not seen to answer"),
        (state(modelDigest="short"), "succeeded", "not seen to answer"),
        (state(image="localhost:5000/m-serving:latest"), "succeeded", "which are no digests"),
    ],
)
def test_what_is_not_proven_is_refused(found: StackState, result: str, said: str) -> None:
    """A stack that serves nothing, failed, or was not seen to answer as its model cannot be promoted."""
    with pytest.raises(StackError, match=said):
        pins_of(found, result)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A copy of the committed Pulumi.prod.yaml."""
    made = tmp_path / "Pulumi.prod.yaml"
    made.write_text((ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    return made


def test_two_lines_change_and_nothing_else(file: Path) -> None:
    """The pins are written into their lines; comments and all other lines stay, and nothing is left beside the file."""
    before = file.read_text(encoding="utf-8").splitlines()

    assert pin(file, PINS) == [
        f"Pulumi.prod.yaml: modelDigest empty -> {MODEL}",
        f"Pulumi.prod.yaml: imageDigest empty -> {IMAGE}",
    ]
    after = file.read_text(encoding="utf-8").splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [
        ('  mymodel-serving:modelDigest: ""', f'  mymodel-serving:modelDigest: "{MODEL}"'),
        ('  mymodel-serving:imageDigest: ""', f'  mymodel-serving:imageDigest: "{IMAGE}"'),
    ]
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_the_same_again_changes_nothing(file: Path) -> None:
    """What is pinned already is said to be, and the file stays as it is."""
    pin(file, PINS)
    text = file.read_text(encoding="utf-8")

    assert pin(file, PINS) == []
    assert file.read_text(encoding="utf-8") == text
    assert pin(file, Pins("12" * 32, IMAGE)) == [f"Pulumi.prod.yaml: modelDigest {MODEL} -> {'12' * 32}"]


@pytest.mark.parametrize(
    "text",
    [
        "config:\n  mymodel-serving:source: promote\n",
        "# a remark\nconfig: # another\n  mymodel-serving:source: promote\nencryptionsalt: v1:x\n",
        "config:\n    mymodel-serving:modelDigest: 'old' # why\n    mymodel-serving:source: promote\n",
        "config:\n  mymodel-serving:source: promote\n  mymodel-serving:imageDigest:\n",
    ],
)
def test_pins_find_their_place_in_other_files(tmp_path: Path, text: str) -> None:
    """Missing lines are added, other quotes and remarks are fine, and all else stays."""
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text(text, encoding="utf-8")
    before = yaml.safe_load(text)
    pin(file, PINS)
    after = yaml.safe_load(file.read_text(encoding="utf-8"))

    assert after["config"].pop("mymodel-serving:modelDigest") == MODEL
    assert after["config"].pop("mymodel-serving:imageDigest") == IMAGE
    assert after["config"] == {"mymodel-serving:source": "promote"}
    assert after.keys() == before.keys()
    assert [
        part for part in ("# why", "# another", "# a remark") if part in text and part not in file.read_text()
    ] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "config:\n  mymodel-serving:target: kubernetes\n",
            "trains its own model; .*config set source promote --stack prod",
        ),
        ("config: {mymodel-serving:source: promote}\n", "cannot be edited here"),
        ("config:\n", "has no configuration"),
        ("config: [", "has no configuration"),
        ("[]", "has no configuration"),
    ],
)
def test_a_file_that_is_not_fit_is_left_alone(tmp_path: Path, text: str, said: str) -> None:
    """A stack that trains, or a file of another form, is refused and not touched."""
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(StackError, match=said):
        pin(file, PINS)
    assert file.read_text(encoding="utf-8") == text


def test_a_stack_without_a_file_is_refused(tmp_path: Path) -> None:
    """A stack that nobody has configured is named with the file to make."""
    with pytest.raises(StackError, match=r"there is no Pulumi\.next\.yaml"):
        pin(tmp_path / "Pulumi.next.yaml", PINS)


def test_the_command_says_what_changed(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints old and new pins and what comes next; a refusal is one line on stderr and status 1."""
    monkeypatch.setattr(promotion, "ROOT", file.parent)
    monkeypatch.setattr(stack_state, "state", lambda _: state())
    monkeypatch.setattr(stack_state, "last_result", lambda _: "succeeded")

    assert promotion.main(["dev", "prod"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        f"Pulumi.prod.yaml: imageDigest empty -> {IMAGE}",
        "Review and commit Pulumi.prod.yaml, then: pulumi up --stack prod",
    ]
    assert promotion.main(["dev", "prod"]) == 0
    assert "pinned already" in capsys.readouterr().out
    monkeypatch.setattr(stack_state, "last_result", lambda _: "failed")
    assert promotion.main(["dev", "prod"]) == 1
    assert capsys.readouterr().err.startswith("error: the last operation of stack dev ended as failed")


@pytest.mark.parametrize("arguments", [[], ["dev"], ["dev", "../prod"], ["dev", "prod", "more"]])
def test_other_arguments_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Two names of stacks and nothing else."""
    assert promotion.main(arguments) == 2
    assert capsys.readouterr().err.startswith("usage: make promote FROM=dev TO=prod")
