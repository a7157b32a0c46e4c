"""Texts of JSON values."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
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
    assert float_texts([float(np.float32(value))], np.float32) == [text]


@given(st.lists(st.floats(width=32), max_size=20))
def test_float32_reads_back(values: list[float]) -> None:
    """Every float32 text reads back as the same float32."""
    back = [np.float32(json.loads(text)) for text in float_texts(values, np.float32)]
    assert np.array_equal(np.array(back, np.float32), np.array(values, np.float32), equal_nan=True)


@given(st.lists(st.floats(), max_size=20))
def test_float64_reads_back(values: list[float]) -> None:
    """Every float64 text reads back as the same float64."""
    back = [float(json.loads(text)) for text in float_texts(values, np.float64)]
    assert np.array_equal(np.array(back), np.array(values), equal_nan=True)


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
