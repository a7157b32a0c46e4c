"""Models to roll out: of the walkthrough's size, trained beforehand into a checkout's artifact store.

Owns their data and seeds. The size is that of MNIST's network, 28 x 28 pixels to 128 to 10: real digits, of 8 x 8
pixels, enlarged. The seeds are new ones at every run: a model built before would come from the builder's cache.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.checkout import CommandError
from bench.rollout_lab import run
from infra.project import ROOT
from lab.progress import say
from model import datasource
from model.dataset import Images, load

DATASET = "digits28.npz"
TIMES, MARGIN = 3, 2  # 8 pixels, three times as large, and a margin of two: 28
SEEDS = 2**31


@dataclass(frozen=True)
class Model:
    """A stored model.

    Attributes:
        seed: that it was trained with.
        folder: the SavedModel.
    """

    seed: int
    folder: Path


def enlarged(images: Images) -> Images:
    """Images [N][8][8] as [N][28][28]."""
    large = images.repeat(TIMES, axis=1).repeat(TIMES, axis=2)
    return np.pad(large, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)))


def write_dataset(project: Path) -> None:
    """Put the data into a project's folder, as `digits28.npz`."""
    digits = load(datasource.locate("digits", ROOT), project, say)
    np.savez(
        project / DATASET,
        x_train=enlarged(digits.x_train),
        y_train=digits.y_train,
        x_test=enlarged(digits.x_test),
        y_test=digits.y_test,
    )


def new_seeds(count: int) -> list[int]:
    """Seeds that hardly any run had before."""
    return random.sample(range(SEEDS), count)


def train(project: Path, seed: int) -> Model:
    """Train a model into the project's artifact store as `up` would.

    Raises:
        CommandError: the training failed, or gave a model that was there.
    """
    store = project / ".artifacts"
    before = set(store.glob("*/model"))
    python = str(project / ".venv" / "bin" / "python")
    # In the project's folder, whose sources are part of the fingerprint.
    run([python, "-m", "model", "train", f"--dataset={DATASET}", f"--seed={seed}"], folder=project)
    fresh = set(store.glob("*/model")) - before
    if len(fresh) != 1:
        raise CommandError(f"training with seed {seed} stored {len(fresh)} new models in {store}, not one")
    folder = fresh.pop()
    return Model(seed, folder)
