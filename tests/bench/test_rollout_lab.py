"""The lab as a measurement finds it: whether it runs, and that nothing is left in it."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench import rollout_lab
from bench.checkout import CommandError
from lab.cluster import engine, node, registry

SERVICES = {
    "items": [
        {"spec": {"ports": [{"port": 443}]}},
        {"spec": {"ports": [{"nodePort": port} for port in range(32500, 32700)]}},
    ]
}

IMAGES = """REF TYPE DIGEST SIZE PLATFORMS LABELS
localhost:5000/bench-1-dev/mymodel-serving@sha256:aa application/manifest sha256:aa 668.3 MiB linux/amd64 managed
localhost:5000/bench-1/mymodel-serving@sha256:bb application/manifest sha256:bb 668.3 MiB linux/amd64 managed
sha256:cc application/manifest sha256:aa 668.3 MiB linux/amd64 managed
sha256:dd application/manifest sha256:bb 668.3 MiB linux/amd64 managed
"""


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A lab in which everything is there."""
    (tmp_path / "kubeconfig").touch()
    monkeypatch.setattr(rollout_lab, "STATE", tmp_path)
    monkeypatch.setattr(engine, "version", lambda: "20.10")
    monkeypatch.setattr(registry, "answers", lambda: True)
    monkeypatch.setattr(registry, "digest", lambda *_: "sha256:1")
    monkeypatch.setattr(node, "ready", lambda _: True)


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands that are run, none of them really; there is one image."""
    ran: list[str] = []

    def run(command: Sequence[str | Path], **_: object) -> str:
        ran.append(" ".join(map(str, command)))
        return "localhost:5000/x/mymodel-serving:1\n" if "ls" in command else ""

    monkeypatch.setattr(rollout_lab, "run", run)
    return ran


@pytest.mark.usefixtures("lab")
def test_a_lab_that_runs_is_no_error() -> None:
    """With engine, registry, node and base image there is something to measure in."""
    rollout_lab.require()


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize(
    ("module", "name", "missing"),
    [
        (engine, "version", "no container engine"),
        (registry, "answers", "no registry on localhost:5000"),
        (registry, "digest", "no base image localhost:5000/tensorflow-serving"),
        (node, "ready", "no Kubernetes node"),
    ],
)
def test_a_missing_part_is_one_line_with_the_remedy(
    module: object, name: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names what is missing, and the command that starts it."""
    monkeypatch.setattr(module, name, lambda *_: None)

    with pytest.raises(CommandError, match="start it with `make lab`") as caught:
        rollout_lab.require()

    assert missing in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("lab")
def test_without_a_kubeconfig_no_node_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab that is down has no kubeconfig, and kubectl would look elsewhere."""
    (tmp_path / "kubeconfig").unlink()
    monkeypatch.setattr(node, "ready", lambda _: pytest.fail("asked"))

    with pytest.raises(CommandError, match="no Kubernetes node"):
        rollout_lab.require()


def test_a_command_that_fails_is_an_error_with_its_words() -> None:
    """Both its outputs count: docker says some things on one, some on the other."""
    with pytest.raises(CommandError, match=r"(?s)sh -c .* ended with 3: .*said.*wrong"):
        rollout_lab.run(["sh", "-c", "echo said; echo wrong >&2; exit 3"])


def test_a_command_runs_where_and_with_what_it_is_told(tmp_path: Path) -> None:
    """Its folder and standard input are those given."""
    told = rollout_lab.run(["sh", "-c", "pwd; cat"], text="typed", folder=tmp_path)

    assert told == f"{tmp_path.resolve()}\ntyped"


def test_node_ports_are_free_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only one of the range is left; a second cannot be had."""
    monkeypatch.setattr(rollout_lab, "kubectl", lambda *_: json.dumps(SERVICES))

    assert rollout_lab.free_node_ports(1) == [32700]
    with pytest.raises(CommandError, match="1 node ports from 32500 to 32700 are free, not 2"):
        rollout_lab.free_node_ports(2)


@pytest.mark.parametrize("error", [None, KeyboardInterrupt(), CommandError("pulumi up ended with 1")])
def test_a_namespace_is_removed_with_its_images_whatever_happens(
    error: BaseException | None, commands: list[str]
) -> None:
    """An error or an interrupt in the block takes nothing from the clean-up, and comes out as it went in."""
    caught = None
    try:
        with rollout_lab.namespace("up") as name:
            if error:
                raise error
    except (KeyboardInterrupt, CommandError) as raised:
        caught = raised

    assert caught is error
    assert name.startswith("bench-")
    assert commands[0].endswith(f"create namespace {name}")
    assert f"delete namespace {name} " in commands[1]
    assert commands[-1] == "docker image rm --force localhost:5000/x/mymodel-serving:1"


def test_what_cannot_be_removed_is_said_and_hides_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the cluster is gone, people read why, and how to find what is left."""

    def run(command: Sequence[str], **_: object) -> str:
        if "delete" in command:
            raise CommandError("kubectl delete ended with 1")
        return ""

    monkeypatch.setattr(rollout_lab, "run", run)

    with pytest.raises(ValueError, match="first"), rollout_lab.namespace("up") as name:
        raise ValueError("first")

    assert f"Not everything of {name} could be removed: kubectl delete ended with 1" in capsys.readouterr().err


def test_the_node_forgets_a_namespaces_images_under_all_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Left under the digest of its configuration, an image would keep its layers; others' images stay."""
    ran: list[list[str]] = []

    def run(command: Sequence[str]) -> str:
        ran.append(list(command))
        return IMAGES

    monkeypatch.setattr(rollout_lab, "run", run)

    rollout_lab.forget_images("bench-1-dev")
    rollout_lab.forget_images("bench-1-de")

    assert [command[3:] for command in ran] == [
        ["images", "ls"],
        ["images", "rm", "--sync", "localhost:5000/bench-1-dev/mymodel-serving@sha256:aa", "sha256:cc"],
        ["images", "ls"],
    ]


def test_pods_that_go_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two pods in one of the namespaces: what follows waits until it is one."""
    answers = iter(["pod/a\n", "pod/b\npod/c\n", "pod/a\n", "pod/c\n"])
    monkeypatch.setattr(rollout_lab, "kubectl", lambda *_: next(answers))
    monkeypatch.setattr(rollout_lab, "EVERY_SECONDS", 0.01)

    rollout_lab.settle(("one", "two"))

    assert list(answers) == []


def test_pods_that_do_not_go_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A measurement beside them would be worth nothing."""
    monkeypatch.setattr(rollout_lab, "kubectl", lambda *_: "pod/a\npod/b\n")
    monkeypatch.setattr(rollout_lab, "SETTLE_SECONDS", 0.0)

    with pytest.raises(CommandError, match="pods of one or two do not go"):
        rollout_lab.settle(("one", "two"))
