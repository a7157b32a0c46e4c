"""Where a stack's model comes from."""

from pathlib import Path

import pytest

from tests.infra.kubernetes_stack import run
from tests.infra.promoted_stack import surroundings as promoted


@pytest.mark.usefixtures("surroundings")
def test_a_stack_that_trains_declares_its_model() -> None:
    """By default a stack trains its model, which is a resource."""
    assert "model" in run().resources


def test_a_stack_that_promotes_declares_none(tmp_path: Path) -> None:
    """With `source: promote` the pins are all there is of a model, and no container engine is asked for."""
    with promoted(tmp_path) as stack:
        stack.judge()
        assert "model" not in stack.run().resources
