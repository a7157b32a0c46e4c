"""The hyperparameters of a training: their names, defaults and ranges, which have their only home here.

Standard library only. What they do to a network is the business of `model.network` and `model.train`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

from model.errors import ModelError


@dataclass(frozen=True)
class Range:
    """The values a number may take, from `low` to `high`; an open end is itself excluded."""

    low: int | float
    high: int | float
    integer: bool = False
    low_open: bool = False
    high_open: bool = False

    def holds(self, value: object) -> bool:
        """Whether `value` is a number of the right kind inside the range; NaN and booleans never are."""
        kinds = (int,) if self.integer else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds):
            return False
        above = value > self.low if self.low_open else value >= self.low
        below = value < self.high if self.high_open else value <= self.high
        return above and below

    def __str__(self) -> str:
        if self.integer:
            return f"an integer from {self.low} to {self.high}"
        low = "above" if self.low_open else "from"
        high = "below" if self.high_open else "at most"
        return f"a decimal {low} {self.low} and {high} {self.high}"


RANGES: Mapping[str, Range] = MappingProxyType(
    {
        "epochs": Range(1, 10_000, integer=True),
        "batch_size": Range(1, 65_536, integer=True),
        "hidden_units": Range(1, 65_536, integer=True),
        "learning_rate": Range(0, 10, low_open=True),
        "dropout": Range(0, 1, high_open=True),
        "seed": Range(0, 2**31 - 1, integer=True),
    },
)


@dataclass(frozen=True, kw_only=True)
class Hyperparameters:
    """What a person chooses about a training; the defaults are those of the Keras MNIST quickstart.

    Raises:
        ModelError: a value lies outside its range; the message names field, value and range.
    """

    epochs: int = 5
    batch_size: int = 32
    hidden_units: int = 128
    learning_rate: float = 0.001
    dropout: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            value, allowed = getattr(self, field.name), RANGES[field.name]
            if not allowed.holds(value):
                raise ModelError(f"{field.name} is {value!r}, but must be {allowed}")
            if not allowed.integer:  # 1 and 1.0 are one value and must give one fingerprint
                object.__setattr__(self, field.name, float(value))
