"""Tests of model.network."""

import numpy as np
import pytest

from model.hyperparameters import Hyperparameters
from model.network import build


@pytest.mark.parametrize(("height", "width"), [(8, 8), (28, 28), (3, 7)])
def test_any_image_size_gives_ten_logits(height: int, width: int) -> None:
    """The quickstart's network for images of any height and width."""
    network = build(height, width, Hyperparameters(hidden_units=6, dropout=0.5))

    logits = network(np.zeros((4, height, width), np.float32))

    assert logits.shape == (4, 10)
    assert [layer.name for layer in network.layers] == ["flatten", "hidden", "dropout", "logits"]
    assert network.count_params() == (height * width + 1) * 6 + (6 + 1) * 10
    assert network.get_layer("dropout").rate == 0.5
