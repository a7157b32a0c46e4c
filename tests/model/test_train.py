"""Tests of model.train, on tens of synthetic images."""

import numpy as np
import pytest

from model.dataset import Dataset
from model.errors import ModelError
from model.hyperparameters import Hyperparameters
from model.train import PROGRESS_LINES, TrainingRun, train
from tests.model import samples

SMALL = Hyperparameters(epochs=3, batch_size=8, hidden_units=16, learning_rate=0.01)


@pytest.fixture
def dataset() -> Dataset:
    """Images that can be learned."""
    arrays = samples.arrays()
    return Dataset(arrays["x_train"], arrays["y_train"], arrays["x_test"], arrays["y_test"])


def weights(run: TrainingRun) -> list[bytes]:
    """All weights of a trained model, bit by bit."""
    return [weight.tobytes() for weight in run.model.get_weights()]


def test_it_learns(dataset: Dataset) -> None:
    """The loss falls, the images are told apart, and the history holds each epoch."""
    run = train(Hyperparameters(epochs=40, batch_size=8, hidden_units=32, learning_rate=0.01), dataset, print)

    assert set(run.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert {len(values) for values in run.history.values()} == {40}
    assert run.history["loss"][-1] < run.history["loss"][0] / 4
    assert run.history["val_accuracy"][-1] == 1


def test_equal_arguments_give_equal_weights(dataset: Dataset) -> None:
    """Bit by bit, whatever was trained before; another seed gives others."""
    one, two = train(SMALL, dataset, print), train(SMALL, dataset, print)
    other = train(Hyperparameters(**{**vars(SMALL), "seed": 1}), dataset, print)

    assert weights(one) == weights(two)
    assert one.history == two.history
    assert weights(one) != weights(other)


def test_each_epoch_is_told(dataset: Dataset) -> None:
    """A line says where the training is and how well it does."""
    said: list[str] = []

    run = train(SMALL, dataset, said.append)

    assert len(said) == 3
    assert said[0] == (
        f"epoch 1/3: loss {run.history['loss'][0]:.4f}, accuracy {run.history['accuracy'][0]:.4f}, "
        f"on test images {run.history['val_accuracy'][0]:.4f}"
    )


def test_many_epochs_take_few_lines(dataset: Dataset) -> None:
    """The last epoch is always among them."""
    said: list[str] = []

    train(Hyperparameters(epochs=45, batch_size=64, hidden_units=4), dataset, said.append)

    assert len(said) <= PROGRESS_LINES
    assert said[-1].startswith("epoch 45/45: ")


def test_long_epochs_are_not_silent(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within an epoch a line comes every few seconds; here, with a clock that runs ahead, after each batch."""
    clock = iter(range(0, 100_000, 6))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    said: list[str] = []

    train(Hyperparameters(epochs=1, batch_size=20, hidden_units=4), dataset, said.append)

    assert said[:3] == [f"epoch 1/1: batch {batch} of 3" for batch in (1, 2, 3)]


def test_diverging_training_names_the_remedy(dataset: Dataset) -> None:
    """A loss that is no number ends the training, with a tenth of the learning rate as advice."""
    huge = Dataset(dataset.x_train * np.float32(1e30), dataset.y_train, dataset.x_test, dataset.y_test)

    with pytest.raises(
        ModelError, match=r"loss is NaN at epoch \d; lower learningRate: pulumi config set learningRate 1 "
    ):
        train(Hyperparameters(learning_rate=10), huge, print)
