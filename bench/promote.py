"""From a pin to the pinned model's answers in the lab: `pulumi up` beside a rebuild by the walkthrough's own commands.

Owns the comparison, forward by the next pin and back by the pin before. Does not own the walkthrough
(rollout_walkthrough) nor the stack `dev` (rollout), which makes the images and is gone when the clock starts.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench import machine, promote_results, rollout, rollout_lab, rollout_models, rollout_split
from bench.checkout import CommandError
from bench.pairing import interleave
from bench.promote_results import STAGES
from bench.rollout import DevStack
from bench.rollout_models import Model
from bench.rollout_stack import LabStack
from bench.rollout_update import MODEL_NAME, Series, Update
from bench.rollout_walkthrough import Walkthrough
from bench.rollout_watch import Watch
from infra.project import ROOT
from infra.promotion import Pins, pin
from lab import pulumi_cli
from lab.cluster.places import REGISTRY
from lab.progress import say

CONFIGURATION = "Pulumi.prod.yaml"
FILES = rollout.FILES | {CONFIGURATION: ROOT / CONFIGURATION}
# What an `up` says of resources that a promoting stack must not have.
TRAINS, BUILDS = ":TrainedModel ", ":Image "


class ProdStack:
    """This project's stack `prod`, brought from pin to pin.

    Args:
        stack: configured but for its pins; nothing in it yet.
        node_port: of its Service.
        served: pins and version of each model, by its seed, as the stack that built the images served them.
    """

    def __init__(self, stack: LabStack, node_port: int, served: Mapping[int, tuple[Pins, int]]) -> None:
        self._stack, self._node_port, self._served = stack, node_port, served

    def update(self, model: Model, number: int) -> Update:
        """Serve a model by its pins, written before the clock starts by the code of `make promote`.

        Args:
            model: to be served, as the version that its image holds.
            number: of this update; the first one makes the objects.

        Raises:
            CommandError: `up` failed, trained or built something, or deployed another image.
        """
        pins, version = self._served[model.seed]
        pin(self._stack.folder / CONFIGURATION, pins)
        with Watch(self._node_port, MODEL_NAME, version) as watch:
            started = time.time()
            lines = self._stack.up()
            ended = time.time()
            served = watch.served_at()
        said = "".join(line.text for line in lines)
        image = rollout_split.image_digest(lines)
        if image != pins.image or TRAINS in said or BUILDS in said:
            raise CommandError(f"pulumi up was to serve {pins.image} and to make nothing: {said}")
        return Update(
            served=served - started,
            whole=ended - started,
            stages=rollout_split.stages(started, lines, ended, STAGES) if number > 1 else {},
            reference=image,
        )


def run(pairs: int) -> str:
    """Measure; the document of the results."""
    rollout_lab.require()
    cli = pulumi_cli.obtain_here()
    kubeconfig = rollout_lab.places().kubeconfig
    with ExitStack() as after:
        folder = Path(after.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        dev = LabStack.bring(folder / "dev", rollout.FILES, cli, kubeconfig)
        with rollout_lab.namespace("dev") as built_in:
            models, served = _build(dev, built_in, pairs + 1)
        rollout_lab.forget_images(built_in)  # another cluster's node would not have them
        own, other = (after.enter_context(rollout_lab.namespace(name)) for name in ("prod", "walkthrough"))
        own_port, other_port = rollout_lab.free_node_ports(2)
        stack = LabStack.bring(folder / "prod", FILES, cli, kubeconfig, "prod")
        rollout.configure(stack, own, own_port)
        stack.configure(registry=f"{REGISTRY}/{built_in}", artifactStore=str(dev.folder / ".artifacts"), replicas="1")
        prod = ProdStack(stack, own_port, served)
        by_hand = Walkthrough(other, other_port, folder / "desk", rollout.QUANTITIES)
        turns = forward_and_back(models)
        ours = Series("pin", prod.update, turns, (own, other))
        theirs = Series("walkthrough", by_hand.update, turns, (own, other))
        pair = ours.seconds, theirs.seconds
        for seconds in pair:
            seconds()  # the first time makes the objects, and is no update
        interleave(pairs, {"forward": pair, "back": pair})
        plugins = stack.plugins
    return promote_results.document(ours.updates, theirs.updates, plugins=plugins, on=machine.line(cli))


def _build(dev: LabStack, namespace: str, count: int) -> tuple[list[Model], dict[int, tuple[Pins, int]]]:
    """Have `dev` serve as many new models in turn; the models, and pins and version of each by its seed."""
    rollout_models.write_dataset(dev.folder)
    (node_port,) = rollout_lab.free_node_ports(1)
    rollout.configure(dev, namespace, node_port)
    stack = DevStack(dev, node_port)
    models, served = [], {}
    for version, seed in enumerate(rollout_models.new_seeds(count), start=1):
        say(f"Model {version} of {count}: dev serves it, untimed, some 20 s each")
        model = rollout_models.train(dev.folder, seed)
        stack.update(model, version)
        outputs = json.loads(dev.pulumi("stack", "output", "--json"))
        pins = Pins(outputs["modelDigest"], outputs["image"].rpartition("@")[2])
        models.append(model)
        served[seed] = pins, int(outputs["modelVersion"])
    return models, served


def forward_and_back(models: Sequence[Model]) -> list[Model]:
    """The first model, then each other one with the first again after it: a new one, and the one before it."""
    first, *others = models
    return [first, *(turn for other in others for turn in (other, first))]
