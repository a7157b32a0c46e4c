"""The layout of answers, byte for byte."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.errors import StatusError
from serving.json_writer import error_body, outputs_body, predictions_body

HALVES = np.full([2, 2], 0.5, np.float32)


def test_rows_of_one_output() -> None:
    """Rows stand on one line, the name of a single output is left out."""
    expected = b'{\n    "predictions": [[0.5, 0.5], [0.5, 0.5]\n    ]\n}'
    assert predictions_body({"y": HALVES}) == expected


def test_rows_of_scalars() -> None:
    """An output with one number for each row is a list of numbers."""
    assert predictions_body({"y": np.array([1, -2], np.int64)}) == b'{\n    "predictions": [1, -2\n    ]\n}'


def test_rows_of_several_outputs() -> None:
    """Several outputs make an object for each row, names in order."""
    found = predictions_body({"b": np.array([True, False]), "a": HALVES})
    assert found == (
        b'{\n    "predictions": [\n        {\n            "a": [0.5, 0.5],\n            "b": true\n        },\n'
        b'        {\n            "a": [0.5, 0.5],\n            "b": false\n        }\n    ]\n}'
    )


def test_no_rows() -> None:
    """An answer without rows is an empty list on one line."""
    assert predictions_body({"y": np.zeros([0, 3], np.float32)}) == b'{\n    "predictions": []\n}'
    assert predictions_body({"y": np.zeros([0], np.int32), "z": np.zeros([0, 1], np.int32)}).endswith(b"[]\n}")


def test_columns() -> None:
    """In column form every bracket and number stands on its own line."""
    assert outputs_body({"y": np.array([[1], [2]], np.int32)}) == (
        b'{\n    "outputs": [\n        [\n            1\n        ],\n        [\n            2\n        ]\n    ]\n}'
    )
    assert outputs_body({"y": np.array(2.0, np.float64)}) == b'{\n    "outputs": 2.0\n}'
    assert outputs_body({"y": np.zeros([0], np.float32)}) == b'{\n    "outputs": []\n}'


def test_columns_of_several_outputs() -> None:
    """Several outputs make one object of tensors in column form."""
    assert outputs_body({"b": np.array([1]), "a": np.array(2)}) == (
        b'{\n    "outputs": {\n        "a": 2,\n        "b": [\n            1\n        ]\n    }\n}'
    )


def test_strings_and_bytes() -> None:
    """Strings are quoted; an output whose name ends in _bytes is base64."""
    text = np.array([b'a"', b"\xff"], np.object_)
    assert predictions_body({"t": text}) == b'{\n    "predictions": ["a\\"", "\xff"\n    ]\n}'
    assert predictions_body({"t_bytes": text[:1]}) == (
        b'{\n    "predictions": [{\n            "b64": "YSI="\n        }\n    ]\n}'
    )


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=4),
    st.sampled_from([np.float32, np.float64, np.int8, np.uint64, np.bool_]),
)
def test_reads_back(shape: list[int], dtype: type[Any]) -> None:
    """Any tensor's answer, in either form, is JSON for its nested lists."""
    array = (np.arange(np.prod(shape)) / 4).reshape(shape).astype(dtype)
    assert json.loads(predictions_body({"y": array}))["predictions"] == array.tolist()
    assert json.loads(outputs_body({"y": array}))["outputs"] == array.tolist()
    both = {"y": array, "z": array}
    assert json.loads(outputs_body(both))["outputs"] == {"y": array.tolist(), "z": array.tolist()}
    rows = json.loads(predictions_body(both))["predictions"]
    assert rows == [{"y": row, "z": row} for row in array.tolist()]


def test_column_layout_is_that_of_an_indented_dump() -> None:
    """For numbers that Python writes the same way, column form equals Python's own indented dump."""
    array = np.arange(12).reshape(2, 3, 2) + 0.5
    assert outputs_body({"y": array}).decode() == json.dumps({"outputs": array.tolist()}, indent=4)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"y": np.array(1.0)}, "Tensor name: y has no shape information $"),
        ({"a": np.zeros([2]), "b": np.zeros([3])}, "Tensor name: b has inconsistent batch size: 3 expecting: 2$"),
        ({"y": np.zeros([1], np.float16)}, "Failed to write JSON value for tensor type: half$"),
    ],
)
def test_refuses(outputs: dict[str, Any], message: str) -> None:
    """Outputs that have no row form, or no JSON form, are refused."""
    with pytest.raises(StatusError, match=message):
        predictions_body(outputs)


def test_error() -> None:
    """An error is one member, indented by four."""
    assert error_body('no "x"\n') == b'{\n    "error": "no \\"x\\"\\n"\n}'
