"""The document of a promotion's measurement: which updates are compared with which, and what readers are told."""

from bench import promote_results
from bench.promote_results import STAGES
from bench.rollout_update import Update


def ours(served: float, whole: float) -> Update:
    """An update by `pulumi up`, every stage of which took an equal part of the whole."""
    return Update(served=served, whole=whole, stages=dict.fromkeys(STAGES, whole / len(STAGES)), reference="sha256:1")


def theirs(served: float) -> Update:
    """An update by the walkthrough's commands."""
    split = {"image": served / 4, "push": served / 4, "rollout": served / 2}
    return Update(served=served, whole=served, stages=split, reference="1")


FIRST = Update(served=99.0, whole=99.0, stages={}, reference="")
TEXT = promote_results.document(
    [FIRST, ours(5.0, 6.0), ours(2.0, 3.0), ours(7.0, 9.0), ours(3.0, 4.5)],
    [FIRST, theirs(4.0), theirs(5.0), theirs(4.0), theirs(5.0)],
    plugins="stand-ins",
    on="2 cores",
)


def test_the_next_pin_and_the_rollback_have_rows_of_their_own() -> None:
    """Each beside the rebuild of the same model; the first time, which makes the objects, is in none."""
    forward, back = (line for line in TEXT.splitlines() if "model answers" in line and line.startswith("|"))

    assert "the next pin" in forward
    assert forward.endswith("| 1.50 (1.25-1.75) | - | 6.00 (5.00-7.00) | 4.00 (4.00-4.00) |")
    assert "rollback" in back
    assert back.endswith("| 0.50 (0.40-0.60) | - | 2.50 (2.00-3.00) | 5.00 (5.00-5.00) |")


def test_the_ends_of_both_have_rows_too() -> None:
    """With the answers checked; the walkthrough has nothing after the first answer."""
    assert "| the next pin, to the end of `pulumi up` / the same | 1.88 (1.50-2.25) | - | 7.50 (6.00-9.00) |" in TEXT
    assert "| rollback, to the end of `pulumi up` / the same | 0.75 (0.60-0.90) | - | 3.75 (3.00-4.50) |" in TEXT


def test_the_split_has_a_column_for_each_and_no_stage_that_nobody_has() -> None:
    """Prod builds and pushes nothing; nobody trains or tries an image."""
    assert "| Pulumi | 2.50 | 1.25 | - | - |" in TEXT
    assert "| image | - | - | 1.00 | 1.25 |" in TEXT
    assert "| rollout | 2.50 | 1.25 | 2.00 | 2.50 |" in TEXT
    assert "| model |" not in TEXT
    assert "| trial |" not in TEXT


def test_readers_are_told_what_either_side_does_not_do() -> None:
    """And how to repeat it, with which plugins, on which machine."""
    assert "Neither side trains, and the walkthrough's commands check nothing." in TEXT
    assert "; 2 pairs, the order" in TEXT
    assert "with stand-ins." in TEXT
    assert "`.venv/bin/python -m bench promote --pairs 2`" in TEXT
    assert TEXT.endswith("Machine: 2 cores\n")
