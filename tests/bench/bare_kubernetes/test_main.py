"""The bare program on Kubernetes: the same kinds of resources as the `dev` stack, by the same providers."""

import re
from typing import Any

import pytest

from bench.rollout_noop import BARE
from tests.infra import engine
from tests.infra.engine import Engine

CONFIG = {
    "namespace": "bare",
    "registry": "localhost:5000/bare",
    "baseImage": "debian:12",
    "context": "lab",
    "nodePort": "32500",
}
OUTPUTS: dict[str, dict[str, Any]] = {
    "model": {"digest": "ab" * 32, "version": 3, "path": ".artifacts/ab", "accuracy": 0.94},
    "image": {"repoDigest": "localhost:5000/bare@sha256:" + "ab" * 32},
    "deployment": {"metadata": {"uid": "u1", "generation": 2}},
}


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The bare program, run by the recording engine."""
    monkeypatch.setattr(engine, "ROOT", BARE)
    return Engine(OUTPUTS, preview=False).run(CONFIG, stack="dev")


def kinds(program: Engine) -> list[str]:
    """Type of every resource; of a dynamic one only that it is dynamic."""
    return sorted(re.sub("^pulumi-python:dynamic/.*", "dynamic", found.type) for found in program.resources.values())


def test_it_declares_the_dev_stacks_kinds_of_resources(bare: Engine, kubernetes_up: Engine) -> None:
    """As many of each kind: what the same plugins do for both is no difference between them."""
    assert kinds(bare) == kinds(kubernetes_up)


def test_it_exports_as_many_outputs(bare: Engine, kubernetes_up: Engine) -> None:
    """The same names: the engine has as much to keep. `repoDigest` is a component's."""
    assert bare.exports.keys() == kubernetes_up.exports.keys() - {"repoDigest"}


def test_its_objects_wait_for_each_other_as_the_projects_do(bare: Engine) -> None:
    """Image, its check, then Deployment, then Service, and the other check after the Deployment."""
    assert bare.resources["image-check"].dependencies == {"model", "image"}
    assert bare.resources["deployment"].dependencies == {"image-check"}
    assert "deployment" in bare.resources["service"].dependencies
    assert bare.resources["check"].dependencies == {"model", "deployment"}
