"""Tests of model.picture."""

import numpy as np
import pytest

from model import picture

CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 0.5, 0]])


def test_small_image_has_two_characters_per_pixel() -> None:
    """So that it keeps its shape in a terminal."""
    assert picture.draw(CROSS, picture.ASCII) == ["  @@  ", "@@@@@@", "  ++  "]
    assert picture.draw(CROSS, picture.BLOCKS) == ["  ██  ", "██████", "  ▒▒  "]


@pytest.mark.parametrize("height", [27, 28])
def test_large_image_has_one_character_per_two_rows(height: int) -> None:
    """MNIST's 28 rows take 14 lines; an odd last row counts half."""
    lines = picture.draw(np.ones((height, 28)), picture.ASCII)

    assert [len(line) for line in lines] == [28] * 14
    assert lines[0] == "@" * 28
    assert lines[-1] == ("@" if height == 28 else "+") * 28


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("utf-8", picture.BLOCKS), ("ascii", picture.ASCII), ("latin-1", picture.ASCII), (None, picture.ASCII)],
)
def test_characters_suit_the_output(encoding: str | None, expected: str) -> None:
    """Where blocks cannot be written, plain characters stand in."""
    assert picture.shades(encoding) == expected


def test_pictures_stand_side_by_side() -> None:
    """As many to a row as fit; narrower lines are filled up."""
    pictures = [["ab", "c"], ["de", "f"], ["gh", "i"]]

    assert picture.side_by_side(pictures, 6) == "ab  de\nc   f\n\ngh\ni"
    assert picture.side_by_side(pictures, 1) == "ab\nc\n\nde\nf\n\ngh\ni"


def test_probabilities_sum_to_one() -> None:
    """Softmax, also of large logits."""
    shares = picture.probabilities(np.array([[0.0, 0.0], [1000.0, 0.0]]))

    assert shares.tolist() == [[0.5, 0.5], [1.0, 0.0]]
