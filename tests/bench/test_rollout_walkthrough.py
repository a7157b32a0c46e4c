"""The walkthrough's commands: which, in what order, and with what pods."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from bench import rollout_walkthrough
from bench.checkout import CommandError
from bench.rollout_models import Model
from bench.rollout_walkthrough import Walkthrough, camel_cased

QUANTITIES = {"cpu_request": "250m", "cpu_limit": "1", "memory_request": "512Mi", "memory_limit": "1Gi"}
IMAGE = "localhost:5000/ours/mymodel-serving:7"


class ServedAtOnce:
    """A watch of a server that serves whatever is waited for."""

    def __init__(self, port: int, model_name: str, version: int) -> None:
        assert (port, model_name, version) == (32500, "mymodel", 7)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing."""

    def served_at(self) -> float:
        return 2e9


@pytest.fixture
def by_hand(tmp_path: Path) -> Walkthrough:
    """The walkthrough in the namespace `ours`."""
    return Walkthrough("ours", 32500, tmp_path / "desk", QUANTITIES)


@pytest.fixture
def model(tmp_path: Path) -> Model:
    """A model with one file."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "saved_model.pb").write_bytes(b"model")
    return Model(3, tmp_path / "model")


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands that are run, none of them really."""
    ran: list[str] = []
    monkeypatch.setattr(rollout_walkthrough, "run", lambda command: ran.append(" ".join(command)))
    monkeypatch.setattr(
        rollout_walkthrough, "kubectl", lambda *words: ran.append(" ".join(map(str, ["kubectl", *words])))
    )
    monkeypatch.setattr(rollout_walkthrough, "Watch", ServedAtOnce)
    return ran


def test_the_commands_are_the_walkthroughs(
    by_hand: Walkthrough, model: Model, commands: list[str], tmp_path: Path
) -> None:
    """Run, cp, commit with the model's name, rm, push, apply: the model lies in the folder of its version."""
    update = by_hand.update(model, 7)

    assert [command.split()[1] for command in commands] == ["run", "cp", "commit", "rm", "push", "apply"]
    assert (tmp_path / "desk" / "models" / "mymodel" / "7" / "saved_model.pb").read_bytes() == b"model"
    assert commands[1].endswith(f"{tmp_path}/desk/models ours-base:/")
    assert commands[2] == f"docker commit --change ENV MODEL_NAME mymodel ours-base {IMAGE}"
    assert commands[4] == f"docker push {IMAGE}"
    assert (update.reference, list(update.stages)) == ("7", ["image", "push", "rollout"])
    assert sum(update.stages.values()) == pytest.approx(update.served)
    applied = json.loads((tmp_path / "desk" / "serving.json").read_text(encoding="utf-8"))
    assert applied == by_hand.objects(IMAGE)


def test_the_models_before_are_not_in_the_image(by_hand: Walkthrough, model: Model, tmp_path: Path) -> None:
    """Each image holds one version, as this project's do."""
    by_hand._lay_out(model, 6)
    by_hand._lay_out(model, 7)

    assert [path.name for path in (tmp_path / "desk" / "models" / "mymodel").iterdir()] == ["7"]


def test_the_container_goes_also_when_a_command_fails(
    by_hand: Walkthrough, model: Model, monkeypatch: pytest.MonkeyPatch, commands: list[str]
) -> None:
    """A container that is left would have the name that the next run needs, and serve on."""

    def run(command: Sequence[str]) -> None:
        commands.append(" ".join(command))
        if "commit" in command:
            raise CommandError("docker commit ended with 1")

    monkeypatch.setattr(rollout_walkthrough, "run", run)

    with pytest.raises(CommandError, match="docker commit"):
        by_hand.update(model, 7)

    assert commands[-1] == "docker rm --force ours-base"


def test_the_objects_are_the_walkthroughs_with_our_pods(by_hand: Walkthrough) -> None:
    """One replica on 8501 behind a NodePort; probes and resources are those of this project's pods."""
    deployment, service = by_hand.objects(IMAGE)["items"]
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    assert deployment["spec"]["replicas"] == 1
    assert deployment["metadata"]["namespace"] == service["metadata"]["namespace"] == "ours"
    assert container["image"] == IMAGE
    assert container["ports"] == [{"name": "rest", "containerPort": 8501}]
    assert container["resources"]["limits"] == {"cpu": "1", "memory": "1Gi"}
    assert container["readinessProbe"]["httpGet"]["path"] == "/v1/models/mymodel/metadata"
    assert container["startupProbe"]["periodSeconds"] == 1
    assert pod["terminationGracePeriodSeconds"] == 10
    assert service["spec"]["type"] == "NodePort"
    assert service["spec"]["ports"] == [{"port": 8501, "targetPort": 8501, "nodePort": 32500}]
    assert service["spec"]["selector"] == deployment["spec"]["template"]["metadata"]["labels"]


def test_names_become_kubernetes_own() -> None:
    """In every depth; values stay as they are."""
    assert camel_cased({"http_get": [{"some_port": 1}], "args": ["a_b"]}) == {
        "httpGet": [{"somePort": 1}],
        "args": ["a_b"],
    }
