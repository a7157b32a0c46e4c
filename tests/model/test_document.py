"""Tests of model.document."""

from dataclasses import dataclass
from typing import Any

import pytest

from model import document


@dataclass(frozen=True)
class Point:
    """Something small."""

    x: float
    tags: dict[str, list[int | None]]


@dataclass(frozen=True)
class Line:
    """Something nested."""

    name: str
    points: list[Point]
    width: int = 1


def test_what_is_written_is_read() -> None:
    """A document survives the way to text and back."""
    line = Line("l", [Point(0.1, {"a": [1, None]})], 2)

    assert document.decode(Line, document.parse(document.dumps(line))) == line


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "Line is a list, not Line"),
        ({"name": "l", "width": 1}, "Line has no points"),
        ({"name": "l", "points": [], "width": 1, "z": 1}, "Line has an unknown z"),
        ({"name": 1, "points": [], "width": 1}, "Line.name is a int, not str"),
        ({"name": "l", "points": [], "width": True}, "Line.width is a bool, not int"),
        ({"name": "l", "points": {}, "width": 1}, "Line.points is a dict, not list"),
        ({"name": "l", "points": [{"x": True, "tags": {}}], "width": 1}, r"Line.points\[0\].x is a bool, not float"),
        (
            {"name": "l", "points": [{"x": 1.0, "tags": {"a": [1.5]}}], "width": 1},
            r"Line.points\[0\].tags.a\[0\] is a float",
        ),
    ],
)
def test_other_shapes_are_refused(value: Any, message: str) -> None:
    """The message says where, what was found and what was expected."""
    with pytest.raises(ValueError, match=message):
        document.decode(Line, value)


@pytest.mark.parametrize("text", ["", "{", "NaN", "[Infinity]"])
def test_what_is_not_json_is_refused(text: str) -> None:
    """NaN and infinities are no JSON."""
    with pytest.raises(ValueError, match=r"JSON|Expecting"):
        document.parse(text)


def test_nan_is_not_written() -> None:
    """A document that others could not read is refused when it is written."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        document.dumps(Point(float("nan"), {}))
