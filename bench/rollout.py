"""From a changed model to its answers in the lab: `pulumi up` beside the hand-made walkthrough's own commands.

Owns the comparison: both sides serve the same models upon the same base image in the same cluster, each in a namespace
of its own, taking turns. Does not own either side (rollout_stack, rollout_walkthrough) nor what is told of an update.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

from bench import (
    machine,
    rollout_bytes,
    rollout_lab,
    rollout_models,
    rollout_picture,
    rollout_results,
    rollout_split,
)
from bench.checkout import PROJECT_FILES, CommandError
from bench.pairing import interleave
from bench.rollout_bytes import Pushed
from bench.rollout_models import DATASET, Model
from bench.rollout_results import Found
from bench.rollout_stack import LabStack
from bench.rollout_update import MODEL_NAME, Series, Update
from bench.rollout_walkthrough import START_SECONDS, Walkthrough
from bench.rollout_watch import Watch
from infra.project import ROOT
from lab import pulumi_cli
from lab.cluster.places import BASE_IMAGE, REGISTRY
from lab.progress import say

FILES = PROJECT_FILES | {"Pulumi.dev.yaml": ROOT / "Pulumi.dev.yaml"}
STORED, TRAINED = "from .artifacts, no training", ": will retrain: seed "  # what TrainedModel says beforehand
QUANTITIES = {"cpu_request": "250m", "cpu_limit": "1", "memory_request": "512Mi", "memory_limit": "1Gi"}


class DevStack:
    """This project's stack `dev`, brought from model to model.

    Args:
        stack: configured; nothing in it yet.
        node_port: of its Service.
    """

    def __init__(self, stack: LabStack, node_port: int) -> None:
        self._stack, self._node_port = stack, node_port

    def update(self, model: Model, version: int) -> Update:
        """Serve a stored model as this version."""
        return self.serve(model.seed, version, STORED)

    def serve(self, seed: int, version: int, must_say: str) -> Update:
        """Serve the model of a seed; the configuration is changed before the clock starts, as by hand.

        Raises:
            CommandError: `up` failed, or did not say what shows that it was the one that is meant.
        """
        self._stack.configure(seed=str(seed))
        with Watch(self._node_port, MODEL_NAME, version) as watch:
            started = time.time()
            lines = self._stack.up()
            ended = time.time()
            served = watch.served_at()
        if not any(must_say in line.text for line in lines):
            raise CommandError(f"pulumi up did not say {must_say!r}: {''.join(line.text for line in lines)}")
        is_update = version > 1
        return Update(
            served=served - started,
            whole=ended - started,
            stages=rollout_split.stages(started, lines, ended) if is_update else {},
            reference=rollout_split.image_digest(lines),
        )


def run(pairs: int) -> str:
    """Measure; the document of the results. The picture is drawn too."""
    rollout_lab.require()
    cli = pulumi_cli.obtain_here()
    with ExitStack() as after:
        folder = Path(after.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        stack = LabStack.bring(folder / "project", FILES, cli, rollout_lab.places().kubeconfig)
        rollout_models.write_dataset(stack.folder)
        seeds = rollout_models.new_seeds(pairs + 2)
        models = []
        for number, seed in enumerate(seeds[:-1], start=1):
            say(f"Training model {number} of {pairs + 1}, some 10 s each")
            models.append(rollout_models.train(stack.folder, seed))
        found = _measure(stack, models, seeds[-1], pairs, after)
        plugins = stack.plugins
    rollout_picture.draw(rollout_results.bars(found))
    return rollout_results.document(found, pairs=pairs, plugins=plugins, on=machine.line(cli))


def _measure(stack: LabStack, models: list[Model], seed: int, pairs: int, after: ExitStack) -> Found:
    own, other = (after.enter_context(rollout_lab.namespace(name)) for name in ("up", "walkthrough"))
    own_port, other_port = rollout_lab.free_node_ports(2)
    configure(stack, own, own_port)
    dev = DevStack(stack, own_port)
    by_hand = Walkthrough(other, other_port, stack.folder.parent / "desk", QUANTITIES)
    ours = Series("pulumi up", dev.update, models, (own, other))
    theirs = Series("walkthrough", by_hand.update, models, (own, other))
    for series in (ours, theirs):
        series.seconds()  # the first time makes the objects, and is no update
    interleave(pairs, {"served": (ours.seconds, theirs.seconds)})
    say("One more up, which trains")
    trained = dev.serve(seed, len(models) + 1, TRAINED)
    return Found(
        ours=ours.updates[1:],
        theirs=theirs.updates[1:],
        trained=trained,
        ours_pushed=_pushed(f"{own}/{MODEL_NAME}-serving", ours.updates),
        theirs_pushed=_pushed(by_hand.repository, theirs.updates),
        compressed=[rollout_bytes.compressed(model.folder) for model in models[1:]],
    )


def configure(stack: LabStack, namespace: str, node_port: int) -> None:
    """Have a stack serve in a namespace what the walkthrough serves in its own: the same pods, and every model."""
    stack.configure(
        dataset=DATASET,
        minAccuracy="0",
        maxAccuracyDrop="1",
        baseImage=BASE_IMAGE,
        registry=f"{REGISTRY}/{namespace}",
        namespace=namespace,
        nodePort=str(node_port),
        cpuRequest=QUANTITIES["cpu_request"],
        cpuLimit=QUANTITIES["cpu_limit"],
        memoryRequest=QUANTITIES["memory_request"],
        memoryLimit=QUANTITIES["memory_limit"],
        rolloutTimeoutSeconds=str(START_SECONDS),
    )


def _pushed(repository: str, updates: list[Update]) -> list[Pushed]:
    tags = [update.reference for update in updates]
    return [rollout_bytes.pushed(repository, tag, before) for before, tag in pairwise(tags)]
