"""The picture of the split: a small PNG, whole or not there."""

from pathlib import Path

import pytest

from bench import rollout_picture
from bench.rollout_split import STAGES

PNG = b"\x89PNG\r\n"
BARS = {
    "with": dict.fromkeys(STAGES, 1.5),
    "without": dict.fromkeys(STAGES, 0.5) | {"model": 0.0},
    "walkthrough": {"image": 1.0, "rollout": 3.0},
}


def test_every_stage_has_a_colour_of_its_own() -> None:
    """Two stages of one colour could not be told apart."""
    assert set(rollout_picture.COLORS) == set(STAGES)
    assert len(set(rollout_picture.COLORS.values())) == len(STAGES)


def test_a_small_picture_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    """It is a PNG below 60 kB, and nothing else is left."""
    file = tmp_path / "rollout.png"
    file.write_bytes(b"old")

    rollout_picture.draw(BARS, file)

    assert file.read_bytes().startswith(PNG)
    assert file.stat().st_size < 60_000
    assert list(tmp_path.iterdir()) == [file]


def test_a_picture_that_cannot_be_put_in_place_leaves_nothing(tmp_path: Path) -> None:
    """Where the name is taken by a folder, what was drawn aside goes."""
    (tmp_path / "rollout.png").mkdir()

    with pytest.raises(OSError, match="rollout"):
        rollout_picture.draw(BARS, tmp_path / "rollout.png")

    assert [path.name for path in tmp_path.iterdir()] == ["rollout.png"]
