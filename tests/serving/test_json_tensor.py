"""One JSON value to one tensor."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.datatypes import DataType, data_type
from serving.errors import StatusError
from serving.json_tensor import check, is_base64, json_type, regular, tensor

FLOAT, INT32, STRING, INT64, BOOL, HALF, UINT8, UINT64 = map(data_type, (1, 3, 7, 9, 10, 19, 4, 23))


def refusal(value: Any, dtype: DataType) -> str:
    """What a value is refused with."""
    with pytest.raises(StatusError) as caught:
        tensor("x", value, dtype)
    return str(caught.value)


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        (5, FLOAT, np.array(5, np.float32)),
        ([1, 2.5], FLOAT, np.array([1, 2.5], np.float32)),
        ([], FLOAT, np.zeros([0], np.float32)),
        ([[], []], FLOAT, np.zeros([2, 0], np.float32)),
        ([[[1]], [[2]]], INT32, np.array([[[1]], [[2]]], np.int32)),
        ([1e39, -1e39], FLOAT, np.array([np.inf, -np.inf], np.float32)),
        ([2**64 - 1], FLOAT, np.array([2.0**64], np.float32)),
        ([2**64 - 1], UINT64, np.array([2**64 - 1], np.uint64)),
        ([True, False], BOOL, np.array([True, False])),
    ],
)
def test_dense_values(value: Any, dtype: DataType, expected: np.ndarray[Any, Any]) -> None:
    """A regular value becomes an array of its shape and the input's element type."""
    found = tensor("x", value, dtype)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert np.array_equal(found, expected)


def test_strings() -> None:
    """Strings and base64 objects become bytes; invalid UTF-8 comes through as it was sent."""
    value = ["é", {"b64": "AP8="}, {"b64": "AP8"}, "\udcff"]
    assert tensor("x", value, STRING).tolist() == ["é".encode(), b"\0\xff", b"\0\xff", b"\xff"]


@pytest.mark.parametrize(
    ("value", "dtype", "message"),
    [
        ("x", FLOAT, 'JSON Value: "x" Type: String is not of expected type: float'),
        ([1, None], FLOAT, "JSON Value: null Type: Null is not of expected type: float"),
        ([True], FLOAT, "JSON Value: true Type: True is not of expected type: float"),
        ([False], INT32, "JSON Value: false Type: False is not of expected type: int32"),
        ([1.0], INT32, "JSON Value: 1.0 Type: Number is not of expected type: int32"),
        ([2**31], INT32, "JSON Value: 2147483648 Type: Number is not of expected type: int32"),
        ([256], UINT8, "JSON Value: 256 Type: Number is not of expected type: uint8"),
        ([2**63], INT64, "JSON Value: 9223372036854775808 Type: Number is not of expected type: int64"),
        ([1], BOOL, "JSON Value: 1 Type: Number is not of expected type: bool"),
        ([1], STRING, "JSON Value: 1 Type: Number is not of expected type: string"),
        ({"b64": "AA=="}, FLOAT, "Type: Object is not of expected type: float"),
        ({"b64": 5}, STRING, "not formatted correctly for base64 data"),
        ({"b64": "!"}, STRING, "Unable to base64 decode"),
        ([[1, 2], [3]], FLOAT, "Encountered list at unexpected size: 1 at level: 1 expected size: 2"),
        ([[1], 2], FLOAT, "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2"),
        ([1, [2]], FLOAT, "Encountered list at unexpected level: 1 expected < 1"),
        ([[], 1], FLOAT, "JSON Value: 1 found at incorrect level: 2 in the JSON DOM. Expected at level: 2"),
    ],
)
def test_refuses(value: Any, dtype: DataType, message: str) -> None:
    """What does not fit is refused with TensorFlow Serving's words."""
    found = refusal(value, dtype)
    assert found.startswith("INVALID_ARGUMENT: ")
    assert found.endswith(message)


def test_half_precision_cannot_be_read() -> None:
    """A type without JSON form is UNIMPLEMENTED."""
    assert refusal([1], HALF) == "UNIMPLEMENTED: Conversion of JSON Value: 1 to type: half"


def test_more_dimensions_than_numpy_has() -> None:
    """Deep but regular nesting is refused, not crashed on."""
    value: Any = 1
    for _ in range(5000):
        value = [value]
    assert refusal(value, FLOAT) == "INVALID_ARGUMENT: tensor parsing error: 5000 dimensions, at most 64 are served"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**64 - 1) | st.floats() | st.sampled_from(["", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.fixed_dictionaries({"b64": st.sampled_from(["AA==", "!", 1])}),
    max_leaves=8,
)


@given(JSON, st.sampled_from([FLOAT, INT32, STRING, BOOL, UINT64, HALF]))
def test_quick_way_and_walk_agree(value: Any, dtype: DataType) -> None:
    """The quick conversion gives up exactly where the walk finds a fault, and on the same shape."""
    try:
        found = regular(value, dtype)
    except StatusError:
        found = None
    if found is None and not (dtype is HALF and json_type(value) == "Array"):
        with pytest.raises(StatusError):
            check(value, dtype)
    elif found is not None:
        assert check(value, dtype) == (list(found.shape), found.size)


def test_base64_objects() -> None:
    """Only an object with the single key b64 and a string in it is base64."""
    assert is_base64({"b64": ""})
    assert not is_base64({"b64": 1})
    assert not is_base64({"b64": "", "x": ""})
    assert not is_base64("b64")
