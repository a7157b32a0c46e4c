"""The document of a rollout's measurement: what is judged by what."""

from dataclasses import replace

import pytest

from bench import rollout_results
from bench.rollout_bytes import Pushed
from bench.rollout_results import Found
from bench.rollout_split import STAGES
from bench.rollout_update import Update


def ours(served: float, whole: float) -> Update:
    """An update by `pulumi up`, every stage of which took an equal part of the whole."""
    return Update(served=served, whole=whole, stages=dict.fromkeys(STAGES, whole / len(STAGES)), reference="sha256:1")


def theirs(served: float) -> Update:
    """An update by the walkthrough's commands."""
    split = {"image": served / 4, "push": served / 4, "rollout": served / 2}
    return Update(served=served, whole=served, stages=split, reference="1")


FOUND = Found(
    ours=[ours(4.5, 6.0), ours(5.5, 7.0), ours(6.0, 8.0)],
    theirs=[theirs(4.0), theirs(4.0), theirs(4.0)],
    trained=ours(30.0, 36.0),
    ours_pushed=[Pushed(1000, 50), Pushed(1000, 50), Pushed(1000, 50)],
    theirs_pushed=[Pushed(1000, 200), Pushed(1000, 200), Pushed(1000, 200)],
    compressed=[1000, 1000, 1000],
)


def text(found: Found) -> str:
    """The document."""
    return rollout_results.document(found, pairs=3, plugins="stand-ins", on="2 cores")


def test_the_ratio_is_judged_until_the_new_version_answers() -> None:
    """And without the trial of the image; beside it stand, not judged, the ratios with it and with all that follows."""
    found = text(FOUND)

    assert "| 1.38 (1.12-1.50) | - | 5.50 (4.50-6.00) | 4.00 (4.00-4.00) |" in found
    assert "| 1.12 (0.91-1.21) | ratio <= 1.5: met | 4.50 (3.64-4.86) | 4.00 (4.00-4.00) |" in found
    assert "| 1.75 (1.50-2.00) | - | 7.00 (6.00-8.00) | 4.00 (4.00-4.00) |" in found


def test_too_slow_is_missed() -> None:
    """The verdict can fail."""
    slow = replace(FOUND, ours=[ours(8.0, 9.0)] * 3)

    assert "| ratio <= 1.5: MISSED |" in text(slow)


def test_bytes_are_judged_with_all_that_was_pushed() -> None:
    """Layers, configuration and manifest against the model; the walkthrough's are there to compare with."""
    found = text(FOUND)

    assert "| `pulumi up` | 1.050 | ratio <= 1.1: met | 1000 | 50 | 1000 |" in found
    assert "| walkthrough | 1.200 | - | 1000 | 200 | 1000 |" in found
    assert "ratio <= 1.1: MISSED" in text(replace(FOUND, ours_pushed=FOUND.theirs_pushed))


def test_the_split_has_medians_and_dashes_for_what_does_not_happen() -> None:
    """The walkthrough neither has Pulumi nor checks answers."""
    found = text(FOUND)

    assert "| Pulumi | 5.14 | 1.00 | - |" in found
    assert "| rollout | 5.14 | 1.00 | 2.00 |" in found
    assert "answered after 30.0 s" in found


def test_the_document_says_how_to_repeat_it() -> None:
    """Plugins, command and machine stand at its end."""
    assert "with stand-ins." in text(FOUND)
    assert "`.venv/bin/python -m bench rollout --pairs 3`" in text(FOUND)
    assert text(FOUND).endswith("Machine: 2 cores\n")


def test_the_picture_has_a_bar_for_each_way() -> None:
    """With training, without, and by hand; the longest is not cut short by a median."""
    bars = rollout_results.bars(FOUND)

    assert [sum(bar.values()) for bar in bars.values()] == pytest.approx([36.0, 7.0, 4.0])
