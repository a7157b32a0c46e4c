"""The JSON dialect of request bodies."""

import math

import pytest

from serving.errors import StatusError
from serving.json_reader import read_object


def refusal(body: bytes) -> str:
    """The message a body is refused with."""
    with pytest.raises(StatusError) as caught:
        read_object(body)
    return caught.value.message


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, 2.5, -3e2]}', {"a": [1, 2.5, -300.0]}),
        (b'{"a": 1} and then', {"a": 1}),
        (b'{"a": 1}{"a": 2}', {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": 1, "a": 2, "b": 3}', {"a": 1, "b": 3}),
        (b'{"a": Infinity, "b": Inf, "c": -Inf}', {"a": math.inf, "b": math.inf, "c": -math.inf}),
        (b'{"a": "\\u00e9\\ud83d\\ude00\xc3\xa9"}', {"a": "é\U0001f600é"}),
        (b'{"a": "\xff"}', {"a": "\udcff"}),
        (b'{"a": "\xff"} \xff', {"a": "\udcff"}),
        (b'{"a": 18446744073709551615}', {"a": 2**64 - 1}),
        (b' \t\r\n{"a": true, "b": null}', {"a": True, "b": None}),
    ],
)
def test_accepts(body: bytes, value: object) -> None:
    """What TensorFlow Serving's parser accepts is accepted and means the same."""
    assert read_object(body) == value


def test_nan_is_a_number() -> None:
    """NaN, with or without a sign, is accepted."""
    assert all(math.isnan(value) for value in read_object(b'{"a": NaN, "b": -NaN}').values())


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b"  ", "JSON Parse error: The document is empty. at offset: 2"),
        (b"]", "JSON Parse error: The document is empty. at offset: 0"),
        (b" ,", "JSON Parse error: The document is empty. at offset: 1"),
        (b"\xef\xbb\xbf{", "JSON Parse error: Missing a name for object member. at offset: 4"),
        (b'{"a": nan}', "JSON Parse error: Invalid value. at offset: 7"),
        (b'{"a": 5.}', "JSON Parse error: Miss fraction part in number. at offset: 8"),
        (b'{"a": 1e}', "JSON Parse error: Miss exponent in number. at offset: 8"),
        (b'{"a": 1e400}', "JSON Parse error: Number too big to be stored in double. at offset: 6"),
        (b'{"a" 1}', "JSON Parse error: Missing a colon after a name of object member. at offset: 5"),
        (b'{"a": 1 "b"}', "JSON Parse error: Missing a comma or '}' after an object member. at offset: 8"),
        (b'{"a": [1 2]}', "JSON Parse error: Missing a comma or ']' after an array element. at offset: 9"),
        (b'{"a": "x', "JSON Parse error: Missing a closing quotation mark in string. at offset: 8"),
        (b'{"a": "\\x"}', "JSON Parse error: Invalid escape character in string. at offset: 7"),
        (b'{"a": "\x01"}', "JSON Parse error: Invalid escape character in string. at offset: 7"),
        (b'{"a": "\\ud800"}', "JSON Parse error: The surrogate pair in string is invalid. at offset: 7"),
        (b"[1]", "JSON Value: [1] Is not object"),
        (b'"x"', 'JSON Value: "x" Is not object'),
        (b"5 6", "JSON Value: 5 Is not object"),
    ],
)
def test_refuses(body: bytes, message: str) -> None:
    """What TensorFlow Serving's parser refuses is refused with its words and offset."""
    assert refusal(body) == message


def test_nesting_without_bound() -> None:
    """Nesting far beyond any recursion limit is read."""
    deep = read_object(b'{"a": ' + b"[" * 500_000 + b"]" * 500_000 + b', "b": 1} tail')
    assert deep["b"] == 1
    assert len(deep["a"]) == 1


def test_large_body_the_binding_cannot_hold() -> None:
    """What only the slow fallback could read is refused when it is large, before any work is done on it."""
    assert refusal(b"[" * 4_000_001).endswith("must be UTF-8 and nested less than 1000 deep")
    assert refusal(b'{"a": "\xff' + b" " * 4_000_000 + b'"}').endswith("must be UTF-8 and nested less than 1000 deep")


def test_fault_behind_deep_nesting() -> None:
    """A fault that only the fallback sees has the same words, counted from the start of the body."""
    assert refusal(b"\xef\xbb\xbf" + b"[" * 2000) == "JSON Parse error: Invalid value. at offset: 2003"
