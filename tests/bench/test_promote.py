"""The comparison of a promotion with a rebuild: to what prod is brought, what counts, and when nothing begins."""

import json
from pathlib import Path

import pytest

from bench import promote, rollout_lab, rollout_models
from bench.checkout import CommandError
from bench.clone import Line
from bench.promote import CONFIGURATION, ProdStack, forward_and_back
from bench.rollout import DevStack
from bench.rollout_models import Model
from bench.rollout_stack import LabStack
from infra.promotion import Pins
from infra.stack_state import PROJECT
from tests.bench.test_rollout_split import OLD, SHA, UP
from tests.infra.model_server import running

MODELS = [Model(seed, Path(f"/models/{seed}")) for seed in (11, 22, 33)]
DIGEST = "ef" * 32
SERVED = {22: (Pins(DIGEST, SHA), 7), 33: (Pins(DIGEST, OLD), 8)}
PROMOTED = UP[7:]  # what an `up` says that has a Deployment and a check only
FILE = f"""# Serves what is pinned here.
config:
  {PROJECT}:source: promote
  {PROJECT}:modelDigest: ""
  {PROJECT}:imageDigest: ""
"""


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LabStack:
    """A promoting stack whose `up` takes no time, keeps the pins that it found, and deploys the image SHA."""

    def up(self: LabStack) -> list[Line]:
        found = self.folder / CONFIGURATION
        (self.folder / "found").write_text(found.read_text(encoding="utf-8"), encoding="utf-8")
        return PROMOTED

    (tmp_path / CONFIGURATION).write_text(FILE, encoding="utf-8")
    monkeypatch.setattr(LabStack, "up", up)
    return LabStack(tmp_path, tmp_path, tmp_path, tmp_path)


def test_the_pins_are_there_before_up_and_its_version_is_awaited(stack: LabStack) -> None:
    """The version is that of the image, whatever number the update has; no other stage needs to have happened."""
    with running() as server:
        server.states = {7: "AVAILABLE"}
        update = ProdStack(stack, server.port, SERVED).update(MODELS[1], 2)

    pinned = (stack.folder / "found").read_text(encoding="utf-8")
    assert f'{PROJECT}:modelDigest: "{DIGEST}"' in pinned
    assert f'{PROJECT}:imageDigest: "{SHA}"' in pinned
    assert 0 < update.served < 10
    assert list(update.stages) == ["Pulumi", "rollout", "check"]
    assert update.stages["rollout"] == 3.0
    assert update.reference == SHA


def test_the_first_up_is_no_update(stack: LabStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its objects are created: there is nothing to split."""
    monkeypatch.setattr(LabStack, "up", lambda _: UP[-1:])
    with running() as server:
        server.states = {7: "AVAILABLE"}
        assert ProdStack(stack, server.port, SERVED).update(MODELS[1], 1).stages == {}


@pytest.mark.parametrize("said", [UP[0], UP[4]])
def test_an_up_that_trained_or_built_gives_no_figure(
    stack: LabStack, said: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A promotion makes nothing."""
    monkeypatch.setattr(LabStack, "up", lambda _: [said, *PROMOTED])
    with running() as server:
        server.states = {7: "AVAILABLE"}
        with pytest.raises(CommandError, match=f"was to serve {SHA} and to make nothing"):
            ProdStack(stack, server.port, SERVED).update(MODELS[1], 2)


def test_another_image_than_the_pinned_one_gives_no_figure(stack: LabStack) -> None:
    """The version alone does not tell what was deployed."""
    with running() as server:
        server.states = {8: "AVAILABLE"}
        with pytest.raises(CommandError, match=f"was to serve {OLD}"):
            ProdStack(stack, server.port, SERVED).update(MODELS[2], 2)


def test_the_way_is_forward_and_back() -> None:
    """Every other turn is a model that was not served before, and the one after it the model before it."""
    assert [model.seed for model in forward_and_back(MODELS)] == [11, 22, 11, 33, 11]


def test_dev_makes_the_images_and_tells_their_pins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each model is served as the next version; pins and version are the stack's outputs."""
    served: list[tuple[int, int]] = []

    def outputs(*_: str) -> str:
        image = f"localhost:5000/x/mymodel-serving@sha256:{served[-1][0]}"
        return json.dumps({"modelDigest": f"model {served[-1][0]}", "image": image, "modelVersion": served[-1][1]})

    monkeypatch.setattr(rollout_models, "write_dataset", lambda _: None)
    monkeypatch.setattr(rollout_models, "new_seeds", lambda count: [5, 6][:count])
    monkeypatch.setattr(rollout_models, "train", lambda _, seed: Model(seed, tmp_path))
    monkeypatch.setattr(rollout_lab, "free_node_ports", lambda _: [32500])
    monkeypatch.setattr(LabStack, "configure", lambda *_, **__: None)
    monkeypatch.setattr(LabStack, "pulumi", outputs)
    monkeypatch.setattr(DevStack, "update", lambda _, model, version: served.append((model.seed, version)))

    models, releases = promote._build(LabStack(tmp_path, tmp_path, tmp_path, tmp_path), "dev", 2)

    assert served == [(5, 1), (6, 2)]
    assert [model.seed for model in models] == [5, 6]
    assert releases == {5: (Pins("model 5", "sha256:5"), 1), 6: (Pins("model 6", "sha256:6"), 2)}


@pytest.mark.usefixtures("no_lab")
def test_without_a_lab_nothing_begins() -> None:
    """The error comes before the CLI is looked for, a model trained or a file written."""
    with pytest.raises(CommandError, match="the lab does not run"):
        promote.run(1)


def test_every_file_of_the_stack_is_there() -> None:
    """What is copied into a checkout exists, the pins' file too."""
    assert promote.FILES[CONFIGURATION].exists()
    assert all(source.exists() for source in promote.FILES.values())
