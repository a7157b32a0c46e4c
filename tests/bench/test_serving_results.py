"""The document of the model servers' measurement, from made-up figures."""

import pytest

from bench.serving_results import BATCHING, LOOP, MLFLOW, PROCESSES, SERVER, Footprint, Rounds, document
from bench.serving_traffic import LOADS, Load

FOOTPRINTS = [Footprint("server, 8x8", 2.34, 400_000_000, 500_000_000)]


def rounds(*rates: float, milliseconds: float = 1.0) -> Rounds:
    """Rounds at these rates, every request as long as the other."""
    return Rounds(list(rates), [milliseconds / 1000] * 100)


def made_up(server: Rounds, *, mlflow: bool = True) -> dict[Load, dict[str, Rounds]]:
    """Figures of every load: the loop at 100 requests a second, MLflow at 40, batching at 120, two processes at 180."""
    count = len(server.rates)
    found = {}
    for load in LOADS:
        subjects = {LOOP: rounds(*[100.0] * count), SERVER: server}
        if load.clients > 1:
            subjects |= {BATCHING: rounds(*[120.0] * count), PROCESSES: rounds(*[180.0] * count)}
        if mlflow:
            subjects[MLFLOW] = rounds(*[40.0] * count)
        found[load] = subjects
    return found


def row(text: str, heading: str, load: tuple[str, str, str]) -> str:
    """The row of a load in the table under a heading."""
    table = text.partition(heading)[2].strip().partition("\n\n")[0]
    (found,) = [line for line in table.splitlines() if line.startswith("| " + " | ".join(load) + " |")]
    return found


def test_ratios_are_taken_round_by_round() -> None:
    """A ratio is of rates of one round, not of medians."""
    assert rounds(10, 40, 90).over(rounds(10, 5, 30)) == [1, 8, 3]


@pytest.mark.parametrize(("percent", "milliseconds"), [(50, 51), (99, 100), (100, 100)])
def test_percentiles(percent: int, milliseconds: float) -> None:
    """A percentile is a latency that so many percent are not above."""
    measured = Rounds([], [number / 1000 for number in range(100, 0, -1)])
    assert measured.percentile(percent) == pytest.approx(milliseconds)


def test_targets_met() -> None:
    """At the loop's speed and 2.5 times MLflow's the targets are met, but for that of large requests against MLflow."""
    text = document(made_up(rounds(90, 100, 130)), FOOTPRINTS, 3)
    small, large = ("8x8", "1", "1"), ("28x28", "64", "16")
    assert row(text, "Against the loop:", small) == "| 8x8 | 1 | 1 | 1.00 (0.90-1.30) | >= 0.5: met |"
    assert row(text, "Against the loop:", large).endswith("| 1.00 (0.90-1.30) | >= 1: met |")
    assert row(text, "Against MLflow:", small).endswith("| 2.50 (2.25-3.25) | >= 2.5: met |")
    assert row(text, "Against MLflow:", large).endswith("| 2.50 (2.25-3.25) | >= 4: MISSED |")
    assert row(text, "without:", large) == "| 28x28 | 64 | 16 | 1.20 (0.92-1.33) | > 1: met | 1.80 (1.38-2.00) |"
    assert "--pairs 3" in text


def test_targets_missed() -> None:
    """What is too slow is said to be."""
    text = document(made_up(rounds(40, milliseconds=5.5)), FOOTPRINTS, 1)
    assert row(text, "Against the loop:", ("8x8", "1", "16")).endswith(">= 0.5: MISSED |")
    assert row(text, "milliseconds:", ("8x8", "1", "1")).endswith("<= 5: MISSED |")
    assert row(text, "milliseconds:", ("8x8", "64", "1")).endswith("<= 20: met |")
    assert row(text, "milliseconds:", ("8x8", "1", "16")).endswith("| - |")


def test_batching_that_does_not_pay() -> None:
    """Where the server is faster without batching, that is said."""
    text = document(made_up(rounds(130)), FOOTPRINTS, 1)
    assert "| 0.92 (0.92-0.92) | > 1: MISSED |" in row(text, "without:", ("8x8", "1", "16"))


def test_without_mlflow() -> None:
    """Without MLflow the document says why and has everything else."""
    text = document(made_up(rounds(100), mlflow=False), FOOTPRINTS, 1, "Without MLflow: no network")
    assert "\n\nWithout MLflow: no network\n\n" in text
    assert "Against MLflow" not in text
    assert row(text, "Against the loop:", ("8x8", "1", "1"))


def test_footprints() -> None:
    """Start and memory are told in seconds and megabytes."""
    text = document(made_up(rounds(100)), FOOTPRINTS, 1)
    assert "| server, 8x8 | 2.3 | 400 | 500 |" in text
