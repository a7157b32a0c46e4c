"""Texts of JSON values."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.json_text import dump, float_texts, string_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (0.123456789, "0.123456791"),
        (9_000_000.0, "9e+06"),
        (0.00003, "3e-05"),
        (999_999.0, "999999.0"),
        (16_777_216.0, "16777216.0"),
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (3.4028234663852886e38, "3.40282347e+38"),
    ],
)
def test_float32_text(value: float, text: str) -> None:
    """A float32 is written with six digits if they read back, else with nine, and never looks like an integer."""
    assert float_texts(np.array([value], np.float32)) == [text]


@given(st.lists(st.floats(width=32), max_size=20))
def test_float32_reads_back(values: list[float]) -> None:
    """Every float32 text reads back as the same float32."""
    back = [np.float32(json.loads(text)) for text in float_texts(np.array(values, np.float32))]
    assert np.array_equal(np.array(back, np.float32), np.array(values, np.float32), equal_nan=True)


@given(st.lists(st.floats(), max_size=20))
def test_float64_reads_back(values: list[float]) -> None:
    """Every float64 text reads back as the same float64."""
    back = [float(json.loads(text)) for text in float_texts(np.array(values))]
    assert np.array_equal(np.array(back), np.array(values), equal_nan=True)


def plain_text(value: np.floating[Any]) -> str:
    """A number's text by the rule itself, one number at a time."""
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    text = f"{float(value):g}"
    if type(value)(text) != value:
        text = f"{float(value):.{9 if isinstance(value, np.float32) else 17}g}"
    return text if "." in text or "e" in text else text + ".0"


SHORT = st.builds(
    lambda digits, power, sign: sign * float(f"{digits}e{power}"),
    st.integers(0, 10_000_000),
    st.integers(-45, 32),
    st.sampled_from([1, -1]),
)


@settings(max_examples=500)
@given(st.lists(SHORT | st.floats(width=32), min_size=1, max_size=30), st.sampled_from([np.float32, np.float64]))
def test_texts_by_the_rule(values: list[float], dtype: type[np.floating[Any]]) -> None:
    """Many numbers at once are written as each would be by itself, at the edge of six digits too."""
    with np.errstate(over="ignore"):
        array = np.array(values, dtype)
    array = np.concatenate([array, np.nextafter(array, dtype(0))])
    assert float_texts(array) == [plain_text(value) for value in array]


@given(st.text())
def test_string_reads_back(value: str) -> None:
    """A string text is JSON for the same string."""
    assert json.loads(string_text(value)) == value


def test_string_escapes_like_rapidjson() -> None:
    """Only quotes, backslashes and control characters are escaped, those without a letter in capitals."""
    assert string_text('a"\\\n\x1f/é') == '"a\\"\\\\\\n\\u001F/é"'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (3, "3"),
        (2.5, "2.5"),
        (1e39, "1e+39"),
        ("x", '"x"'),
        ([1, [], {}], "[1, [], {}]"),
        ([1e39, 1e-7, 1e20, 0.5, math.nan], "[1e39, 1e-7, 100000000000000000000.0, 0.5, NaN]"),
        ({"a": [1, 2], "b": {"c": None}}, '{\n    "a": [1, 2],\n    "b": {\n        "c": null\n    }\n}'),
        ([{"a": 1}, 2], '[{\n        "a": 1\n    }, 2]'),
    ],
)
def test_dump(value: object, text: str) -> None:
    """A dump has objects over several lines and lists on one."""
    assert dump(value) == text


def test_dump_is_cut() -> None:
    """A dump of anything large is cut at 256 characters."""
    assert len(dump([0.5] * 1000)) == 256
    assert len(dump("x" * 1000)) == 256


def test_dump_of_deep_nesting() -> None:
    """A dump does not recurse."""
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    assert dump(value) == "[" * 256
