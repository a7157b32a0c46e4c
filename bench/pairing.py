"""Two alternatives measured in turn, so that what disturbs the machine disturbs both; and the ratio of the two.

Owns the order of the runs and the arithmetic. Does not know what is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

Measure = Callable[[], float]
"""One run of what is measured; gives its seconds."""


@dataclass(frozen=True)
class Comparison:
    """Seconds of the runs of two alternatives; those with the same index ran one right after the other.

    Attributes:
        subject: seconds of what is judged.
        reference: seconds of what it is judged by.
    """

    subject: tuple[float, ...]
    reference: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """Subject / reference, pair by pair."""
        return tuple(own / other for own, other in zip(self.subject, self.reference, strict=True))

    @property
    def ratio(self) -> float:
        """Median of the pairs' ratios."""
        return median(self.ratios)


def interleave(pairs: int, contests: Mapping[str, tuple[Measure, Measure]]) -> dict[str, Comparison]:
    """Run each contest's subject and reference `pairs` times.

    A round has one pair of every contest, so that all of them see the same hours of the machine. The subject goes first
    in the first round, the reference in the second, and so on.

    Args:
        pairs: number of rounds.
        contests: subject and reference of each comparison, by name.
    """
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in contests}
    for number in range(pairs):
        for name, (subject, reference) in contests.items():
            seconds[name].append(_pair(subject, reference, subject_first=number % 2 == 0))
    return {name: Comparison(*zip(*measured, strict=True)) for name, measured in seconds.items()}


def _pair(subject: Measure, reference: Measure, *, subject_first: bool) -> tuple[float, float]:
    if subject_first:
        own = subject()
        return own, reference()
    other = reference()
    return subject(), other
