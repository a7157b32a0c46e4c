"""Pairs: the order of the runs, medians and ratios."""

import pytest

from bench.pairing import Comparison, interleave


def test_the_order_alternates_within_pairs_and_every_round_has_all_contests() -> None:
    """Subject first, then reference first, and so on; the figures stay with whom they belong to."""
    runs: list[str] = []

    def measure(name: str, seconds: float) -> float:
        runs.append(name)
        return seconds + len(runs) / 100

    found = interleave(
        3,
        {
            "x": (lambda: measure("x1", 10), lambda: measure("x2", 20)),
            "y": (lambda: measure("y1", 30), lambda: measure("y2", 40)),
        },
    )

    assert runs == ["x1", "x2", "y1", "y2", "x2", "x1", "y2", "y1", "x1", "x2", "y1", "y2"]
    assert found["x"] == Comparison((10.01, 10.06, 10.09), (20.02, 20.05, 20.1))
    assert found["y"] == Comparison((30.03, 30.08, 30.11), (40.04, 40.07, 40.12))


def test_the_ratio_is_the_median_of_the_pairs_ratios() -> None:
    """It is neither the ratio of the medians (here 1) nor the mean of the ratios."""
    comparison = Comparison(subject=(1.0, 2.0, 9.0), reference=(2.0, 1.0, 3.0))

    assert comparison.ratios == (0.5, 2.0, 3.0)
    assert comparison.ratio == 2.0


def test_an_even_number_of_pairs_takes_the_middle_of_the_two_in_the_middle() -> None:
    """The median of four ratios is the mean of the second and the third."""
    assert Comparison((1.0, 2.0, 4.0, 9.0), (1.0, 1.0, 1.0, 1.0)).ratio == 3.0


def test_figures_without_a_partner_are_refused() -> None:
    """A comparison of unequally many runs is no comparison."""
    with pytest.raises(ValueError, match="shorter"):
        _ = Comparison((1.0, 2.0), (1.0,)).ratios
