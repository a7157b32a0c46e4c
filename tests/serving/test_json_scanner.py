"""The scanner without recursion, held to the binding it stands in for."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.errors import StatusError
from serving.json_reader import _read
from serving.json_scanner import ScanError, scan

TOKENS = [
    *(b"{", b"}", b"[", b"]", b",", b":", b'"a"', b'"b"', b" ", b"\n", b'"', b"\\", b"\x01", b'"\x01"', b'"\xc3\xa9"'),
    *(b"1", b"-", b"0", b"1.5", b"1.", b"1e5", b"1e", b"1e+", b"-0", b"-0.0", b"1e400", b"-1e400", b"1e-400"),
    *(b"NaN", b"Na", b"Inf", b"Infi", b"Infinity", b"I", b"-I", b"-Na", b"true", b"tru", b"nul", b"false"),
    *(b'"\\u0041"', b'"\\ud83d\\ude00"', b'"\\ud83d"', b'"\\udc00"', b'"\\ud83d\\u0041"', b'"\\x"', b'"\\u12G4"'),
    *(b"18446744073709551615", b"18446744073709551616", b"-9223372036854775808", b"-9223372036854775809", b'"\\u'),
]


def comparable(value: Any) -> Any:
    """A value in which numbers compare across parsers whose last bit differs."""
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else pytest.approx(value, rel=1e-12)
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if isinstance(value, dict):
        return {name: comparable(item) for name, item in value.items()}
    return value


def outcome(read: Callable[[bytes], Any], text: bytes) -> tuple[Any, str]:
    """The value a reader finds, or the words it refuses the text with."""
    try:
        return read(text), ""
    except ScanError as error:
        return None, f"JSON Parse error: {error}"
    except StatusError as error:
        return None, error.message


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), min_size=1, max_size=9).map(b"".join))
def test_agrees_with_the_binding(text: bytes) -> None:
    """Scanner and binding find the same value, or the same fault at the same offset."""
    found, fault = outcome(scan, text)
    expected, expected_fault = outcome(_read, text)
    assert fault == expected_fault
    assert type(found) is type(expected)
    assert found == comparable(expected) or comparable(found) == comparable(expected)


def test_first_of_equal_names_wins() -> None:
    """Of members with the same name the first one counts."""
    assert scan(b'{"a": 1, "a": 2}') == {"a": 1}


def test_keeps_bytes_that_are_not_utf8() -> None:
    """Bytes of a string that are not UTF-8 survive as surrogate escapes."""
    assert scan(b'["\xff\xc3\xa9"]') == ["\udcffé"]
