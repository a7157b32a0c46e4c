"""The bare program: as many dynamic resources as the local stack, of the same shape, and nothing to do."""

import json
from typing import Any

import pytest

from bench import noop
from bench.bare.resources import ModelProvider
from bench.checkout import Checkout
from infra import local_server, training
from infra.provider import PROVIDER_KEY
from tests.infra.engine import Engine
from tests.infra.test_program import LOCAL, OUTPUTS

pytestmark = [pytest.mark.cli, pytest.mark.timeout(120)]

COUNTERPARTS = {"model": "model", "server": "server", "prediction-check": "check"}
OUTPUT_KEYS = {"model": training.OUTPUTS, "server": local_server.OUTPUTS, "prediction-check": ("examples",)}


@pytest.fixture(scope="module")
def state(bare: Checkout) -> dict[str, dict[str, Any]]:
    """The bare stack's dynamic resources, by name, as its state has them."""
    resources = json.loads(bare.pulumi("stack", "export"))["deployment"]["resources"]
    return {
        resource["urn"].rpartition("::")[2]: resource
        for resource in resources
        if resource["type"].startswith("pulumi-python:dynamic/")
    }


@pytest.fixture(scope="module")
def program() -> Engine:
    """The project's program, run by the recording engine."""
    return Engine(OUTPUTS, preview=False).run(LOCAL)


def test_each_resource_has_a_counterpart_of_the_same_shape(state: dict[str, dict[str, Any]], program: Engine) -> None:
    """There are as many dynamic resources; each has its counterpart's inputs and outputs, of about the same size."""
    assert {COUNTERPARTS[name] for name in program.resources} == state.keys()
    for name, declared in program.resources.items():
        bare = state[COUNTERPARTS[name]]
        found = set(ModelProvider.found_by_check) if name == "model" else set()
        assert bare["inputs"].keys() - found == declared.inputs.keys() - found
        assert bare["outputs"].keys() == declared.inputs.keys() | set(OUTPUT_KEYS[name])
        assert _size(bare["inputs"], found) == pytest.approx(_size(declared.inputs, found), rel=0.3)


def test_the_resources_depend_on_each_other_as_the_projects_do(
    state: dict[str, dict[str, Any]], program: Engine
) -> None:
    """The engine can run as much, or as little, of it at the same time."""
    for name, declared in program.resources.items():
        depends_on = {urn.rpartition("::")[2] for urn in state[COUNTERPARTS[name]].get("dependencies", [])}
        assert depends_on == {COUNTERPARTS[other] for other in declared.dependencies}


def test_its_providers_are_pickled_by_reference_and_no_secret(state: dict[str, dict[str, Any]]) -> None:
    """The provider in the state is a short readable text, as the project's is."""
    assert all(len(resource["inputs"][PROVIDER_KEY]) < 120 for resource in state.values())


def test_it_exports_as_many_outputs(bare: Checkout, program: Engine) -> None:
    """The stack's outputs have the same names."""
    assert json.loads(bare.pulumi("stack", "output", "--json")).keys() == program.exports.keys()


@pytest.mark.parametrize("command", noop.COMMANDS.values(), ids=noop.COMMANDS)
def test_it_is_a_no_op(bare: Checkout, command: tuple[str, ...]) -> None:
    """What is measured ends well, which it would not if it changed anything, and leaves 4 unchanged."""
    assert "--expect-no-changes" in command
    assert "4 unchanged" in bare.pulumi(*command)


def _size(inputs: dict[str, Any], without: set[str]) -> int:
    return len(json.dumps({key: value for key, value in inputs.items() if key not in {*without, PROVIDER_KEY}}))
