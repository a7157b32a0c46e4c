"""The comparison of `pulumi up` with the walkthrough: what is measured of an `up`, and when nothing begins."""

from pathlib import Path

import pytest

from bench import rollout
from bench.checkout import CommandError
from bench.clone import Line
from bench.rollout import DevStack
from bench.rollout_models import Model
from bench.rollout_stack import LabStack
from tests.bench.test_rollout_split import SHA, UP
from tests.infra.model_server import running

SAID = Line(100.5, "    mymodel: takes model 0123 from .artifacts, no training: seed 1 -> 2\n")


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LabStack:
    """A stack whose `up` takes no time and whose configuration is not kept."""
    monkeypatch.setattr(LabStack, "configure", lambda *_, **__: None)
    monkeypatch.setattr(LabStack, "up", lambda *_: [SAID, *UP])
    return LabStack(tmp_path, tmp_path, tmp_path, tmp_path)


def test_an_update_is_served_split_and_named(stack: LabStack) -> None:
    """It has the moment of the answer, the stages of its lines and the digest of the image."""
    with running() as server:
        server.states = {2: "AVAILABLE"}
        update = DevStack(stack, server.port).update(Model(2, Path("model")), 2)

    assert 0 < update.served < 10
    assert update.stages["rollout"] == 3.0
    assert update.reference == SHA


def test_the_first_up_is_no_update(stack: LabStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its objects are created: there is nothing to split."""
    monkeypatch.setattr(LabStack, "up", lambda *_: [SAID, UP[-1]])
    with running() as server:
        assert DevStack(stack, server.port).update(Model(2, Path("model")), 1).stages == {}


def test_an_up_that_did_something_else_gives_no_figure(stack: LabStack) -> None:
    """One that took its model from the store is no training."""
    with running() as server:
        server.states = {2: "AVAILABLE"}
        with pytest.raises(CommandError, match="did not say ': will retrain: seed '"):
            DevStack(stack, server.port).serve(5, 2, rollout.TRAINED)


@pytest.mark.usefixtures("no_lab")
def test_without_a_lab_nothing_begins() -> None:
    """The error comes before the CLI is looked for, a model trained or a file written."""
    with pytest.raises(CommandError, match="the lab does not run"):
        rollout.run(1)


def test_every_file_of_the_stack_is_there() -> None:
    """What is copied into a checkout exists, the stack's own configuration too."""
    assert all(source.exists() for source in rollout.FILES.values())
