"""Tests of model.hyperparameters."""

import math
from dataclasses import asdict, fields
from typing import Any

import pytest

from model.errors import ModelError
from model.hyperparameters import RANGES, Hyperparameters


def test_defaults_are_the_quickstarts() -> None:
    """Without arguments they are those of the Keras MNIST quickstart."""
    assert asdict(Hyperparameters()) == {
        "epochs": 5,
        "batch_size": 32,
        "hidden_units": 128,
        "learning_rate": 0.001,
        "dropout": 0.2,
        "seed": 0,
    }


def test_every_field_has_a_range() -> None:
    """No hyperparameter is left unchecked."""
    assert set(RANGES) == {field.name for field in fields(Hyperparameters)}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("epochs", 10_001),
        ("epochs", 2.0),
        ("epochs", True),
        ("batch_size", 0),
        ("hidden_units", 65_537),
        ("learning_rate", 0),
        ("learning_rate", 10.1),
        ("learning_rate", math.nan),
        ("learning_rate", "fast"),
        ("dropout", 1),
        ("dropout", -0.1),
        ("seed", -1),
        ("seed", 2**31),
    ],
)
def test_value_outside_its_range_is_refused(name: str, value: Any) -> None:
    """The message names field, value and range."""
    with pytest.raises(ModelError) as error:
        Hyperparameters(**{name: value})

    assert str(error.value) == f"{name} is {value!r}, but must be {RANGES[name]}"


@pytest.mark.parametrize(
    ("name", "value"),
    [("epochs", 1), ("epochs", 10_000), ("learning_rate", 10), ("dropout", 0), ("seed", 2**31 - 1)],
)
def test_ends_of_closed_ranges_are_allowed(name: str, value: Any) -> None:
    """The ends belong to their ranges."""
    assert getattr(Hyperparameters(**{name: value}), name) == value


def test_ranges_read_as_sentences() -> None:
    """Texts say which ends are excluded."""
    assert str(RANGES["epochs"]) == "an integer from 1 to 10000"
    assert str(RANGES["learning_rate"]) == "a decimal above 0 and at most 10"
    assert str(RANGES["dropout"]) == "a decimal from 0 and below 1"


def test_whole_decimals_are_one_value() -> None:
    """1 and 1.0 are the same learning rate, in the fingerprint too."""
    assert repr(Hyperparameters(learning_rate=1)) == repr(Hyperparameters(learning_rate=1.0))
