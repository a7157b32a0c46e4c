"""Models to roll out: their size, their data, their training."""

from pathlib import Path

import numpy as np
import pytest

from bench import rollout_models
from bench.checkout import CommandError
from bench.rollout_models import Model
from infra.project import ROOT
from model import datasource
from model.dataset import load


def test_digits_are_enlarged_to_mnists_size() -> None:
    """Each pixel becomes nine, with an empty margin around them."""
    small = np.arange(128, dtype=np.float32).reshape(2, 8, 8)

    large = rollout_models.enlarged(small)

    assert large.shape == (2, 28, 28)
    assert large.dtype == np.float32
    assert (large[:, 3:26:3, 3:26:3] == small).all()
    assert large.sum() == 9 * small.sum()


def test_the_model_reads_the_data(tmp_path: Path) -> None:
    """The file is a dataset of this project, with the digits' own split and labels."""
    rollout_models.write_dataset(tmp_path)
    found = load(datasource.locate(rollout_models.DATASET, tmp_path), tmp_path, print)
    digits = load(datasource.locate("digits", ROOT), tmp_path, print)

    assert found.x_train.shape == (len(digits.x_train), 28, 28)
    assert (found.y_test == digits.y_test).all()


def test_no_seed_comes_twice() -> None:
    """Each is allowed (0-2147483647), and hardly ever the same in another run."""
    first, second = rollout_models.new_seeds(20), rollout_models.new_seeds(20)

    assert len({*first, *second}) == 40
    assert all(0 <= seed <= 2147483647 for seed in first)


def test_the_model_is_the_one_that_was_trained_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is trained in the project's folder, on its data, with the seed; what was in the store is another."""
    (tmp_path / ".artifacts" / "old" / "model").mkdir(parents=True)
    fresh = tmp_path / ".artifacts" / "new" / "model"
    commands: list[tuple[list[str], Path]] = []

    def run(command: list[str], folder: Path) -> None:
        commands.append((command, folder))
        fresh.mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(rollout_models, "run", run)

    assert rollout_models.train(tmp_path, 7) == Model(7, fresh)
    ((command, folder),) = commands
    assert command[1:] == ["-m", "model", "train", "--dataset=digits28.npz", "--seed=7"]
    assert folder == tmp_path
    with pytest.raises(CommandError, match="training with seed 7 stored 0 new models"):
        rollout_models.train(tmp_path, 7)
