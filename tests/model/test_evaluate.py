"""Tests of model.evaluate."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from model import evaluate
from model.dataset import load
from model.datasource import locate
from model.errors import ModelError
from tests.model.conftest import Trained


def logits_for(*predicted: int) -> evaluate.Logits:
    """Logits whose largest is at these labels: 2 there, 0 elsewhere."""
    return np.eye(10, dtype=np.float32)[list(predicted)] * 2


def test_metrics_count_right_answers() -> None:
    """Accuracy over all, by label, and the confusion of true (rows) with predicted (columns)."""
    found = evaluate.metrics(logits_for(0, 0, 1, 7), np.array([0, 0, 0, 7]))

    assert found.accuracy == 0.75
    assert found.per_class == {"0": pytest.approx(2 / 3), "7": 1.0}
    assert found.confusion[0][:3] == [2, 1, 0]
    assert found.confusion[7][7] == 1
    assert sum(map(sum, found.confusion)) == 4


def test_loss_is_the_softmax_cross_entropy() -> None:
    """In nats, averaged; large logits do not overflow."""
    right, wrong = np.log(np.exp(2) + 9) - 2, np.log(np.exp(2) + 9)

    assert evaluate.metrics(logits_for(3, 4), np.array([3, 5])).loss == pytest.approx((right + wrong) / 2)
    assert evaluate.metrics(logits_for(3) * 1000, np.array([3])).loss == 0


def test_golden_examples_hold_each_label() -> None:
    """The first image of each label, then the first others, each with its own answer, as exact float32."""
    labels = np.array([5, 5, 5, 2, 2, 0, 1, 1, 1, 1, 1, 1])
    images = np.linspace(0, 1, 12, dtype=np.float32).repeat(4).reshape(12, 2, 2)
    logits = (np.arange(120).reshape(12, 10) / 7).astype(np.float32)

    golden = evaluate.golden_examples(images, labels, logits)

    assert [example.label for example in golden] == [0, 1, 2, 5, 5, 5, 2, 1, 1, 1]
    assert golden[0].image == images[5].tolist()
    assert golden[0].logits == logits[5].tolist()
    assert np.float32(golden[0].logits[3]) == golden[0].logits[3]


def test_few_test_images_give_few_golden_examples() -> None:
    """With less than ten images all of them are golden."""
    labels = np.array([1, 1, 4])

    golden = evaluate.golden_examples(np.zeros((3, 2, 2), np.float32), labels, logits_for(1, 1, 4))

    assert [example.label for example in golden] == [1, 4, 1]


def test_batches_do_not_change_answers(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    """Images asked in several batches are all answered, in order."""
    digits = load(locate("digits", trained.store), trained.store, print)
    model = trained.found.path / "model"
    whole = evaluate.answers(model, digits.x_test)

    monkeypatch.setattr(evaluate, "BATCH", 100)

    assert whole.shape == (359, 10)
    assert np.allclose(evaluate.answers(model, digits.x_test), whole, rtol=1e-5, atol=1e-5)


def test_only_finite_numbers_are_let_through(trained: Trained, tmp_path: Path) -> None:
    """A whole model passes; one NaN among its answers, or among its weights where a relu hides it, is refused."""
    logits = logits_for(1, 2)
    evaluate.require_finite(trained.found.path / "model", logits)
    logits[1, 3] = np.nan
    with pytest.raises(ModelError, match=r"finite numbers: 0 of .* and 1 of its 2 answers"):
        evaluate.require_finite(trained.found.path / "model", logits)

    module = tf.Module()
    module.weight = tf.Variable([1.0, np.inf])
    tf.saved_model.save(module, str(tmp_path))
    with pytest.raises(ModelError, match="finite numbers: 1 of the exported model's 1 weight tensors and 0 of its 2"):
        evaluate.require_finite(tmp_path, logits_for(1, 2))


def test_a_model_that_cannot_be_asked_is_said(trained: Trained, tmp_path: Path) -> None:
    """A truncated file, and images of another size, are a ModelError on one line."""
    images = np.zeros((1, 9, 9), np.float32)
    with pytest.raises(ModelError, match=r"cannot be loaded and asked: [^\n]+$"):
        evaluate.answers(trained.found.path / "model", images)

    copy = Path(shutil.copytree(trained.found.path / "model", tmp_path / "model"))
    with next((copy / "variables").glob("*.data*")).open("r+b") as file:
        file.truncate(100)
    with pytest.raises(ModelError, match="cannot be loaded and asked: "):
        evaluate.answers(copy, images[:, :8, :8])
