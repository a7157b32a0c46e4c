"""Row and column forms of predict requests."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.datatypes import data_type
from serving.errors import Code, StatusError
from serving.predict_inputs import _check_rows, _regular_rows, read_inputs

FLOAT, INT64, HALF = data_type(1), data_type(9), data_type(19)
ONE = {"x": FLOAT}
TWO = {"a": FLOAT, "b": INT64}


def refusal(request: dict[str, Any], inputs: Any) -> StatusError:
    """What a request is refused with."""
    with pytest.raises(StatusError) as caught:
        read_inputs(request, inputs)
    return caught.value


def test_plain_rows() -> None:
    """A list of plain rows is one tensor with the rows stacked."""
    by_rows, tensors = read_inputs({"instances": [[1, 2], [3, 4]]}, ONE)
    assert by_rows
    assert tensors["x"].tolist() == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_named_rows(order: tuple[str, str]) -> None:
    """Named rows give a tensor for each input, whatever the order of their keys."""
    rows = [{"a": [1, 2], "b": 3}, {"a": [4, 5], "b": 6}]
    _, tensors = read_inputs({"instances": [{name: row[name] for name in order} for row in rows]}, TWO)
    assert tensors["a"].tolist() == [[1.0, 2.0], [4.0, 5.0]]
    assert tensors["b"].dtype == np.int64
    assert tensors["b"].tolist() == [3, 6]


def test_columns() -> None:
    """Columns are tensors as they are; names that are no inputs are ignored."""
    by_rows, tensors = read_inputs({"inputs": {"a": [[1, 2]], "b": 3, "other": "x"}}, TWO)
    assert not by_rows
    assert tensors["b"].shape == ()
    assert read_inputs({"inputs": []}, ONE)[1]["x"].shape == (0,)


@pytest.mark.parametrize(
    ("request_", "inputs", "message"),
    [
        ({}, ONE, "^Missing 'inputs' or 'instances' key$"),
        ({"inputs": 1, "instances": [1]}, ONE, "expecting only one of 'inputs' or 'instances' keys to exist $"),
        ({"instances": 1}, ONE, "Expecting 'instances' to be an list/array$"),
        ({"instances": []}, ONE, "No values in 'instances' array$"),
        ({"instances": [[1, 2]]}, TWO, "^instances is a plain list, but expecting list of objects"),
        ({"inputs": [1]}, TWO, "^inputs is a plain value/list, but expecting an object"),
        ({"inputs": {"a": [1]}}, TWO, r"^Missing named input: b in 'inputs' object\.$"),
        ({"instances": [{"x": 1}, 2]}, ONE, "^Expecting object but got list at item 1 of input list$"),
        ({"instances": [1, {"x": 1}]}, ONE, "^Expecting value/list but got object at item 1 of input list$"),
        (
            {"instances": [{"x": 1}, {"y": 1}]},
            ONE,
            (
                "^Failed to process element: 1 key: y of 'instances' list. "
                "Error: INVALID_ARGUMENT: JSON object: does not have named input: y$"
            ),
        ),
        (
            {"instances": [{}]},
            TWO,
            r"^Failed to process element: 0 of 'instances' list. JSON object: \{\} keys must be equal to: a,b$",
        ),
        (
            {"instances": [[1, 2], [3]]},
            ONE,
            (
                "^Failed to process element: 1 of 'instances' list. "
                "Error: INVALID_ARGUMENT: Expecting tensor size: 2 but got: 1$"
            ),
        ),
        ({"instances": [[[1, 2]], [3, 4]]}, ONE, r"Expecting shape \[1,2\] but got: \[2\]$"),
        ({"instances": [1]}, {"x": HALF}, "Error: UNIMPLEMENTED: Conversion of JSON Value: 1 to type: half$"),
    ],
)
def test_refuses(request_: dict[str, Any], inputs: Any, message: str) -> None:
    """A faulty request is refused with TensorFlow Serving's words, wrapped where a row is at fault."""
    error = refusal(request_, inputs)
    assert error.code is Code.INVALID_ARGUMENT
    assert re.search(message, error.message), error.message


def test_columns_keep_the_code() -> None:
    """In column form a type without JSON form stays UNIMPLEMENTED."""
    assert refusal({"inputs": [1]}, {"x": HALF}).code is Code.UNIMPLEMENTED


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.floats(0, 1),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=4,
)
ROWS = st.lists(VALUE | st.dictionaries(st.sampled_from(["a", "b", "b64"]), VALUE, max_size=3), min_size=1, max_size=3)


@given(ROWS, st.sampled_from([ONE, TWO, {"a": FLOAT}]))
def test_quick_way_and_walk_agree(rows: list[Any], inputs: Any) -> None:
    """The quick conversion of rows gives up exactly where the walk finds a fault."""
    if len(inputs) > 1 and not isinstance(rows[0], dict):
        return  # refused before either
    if _regular_rows(rows, inputs) is None:
        with pytest.raises(StatusError):
            _check_rows(rows, inputs)
    else:
        _check_rows(rows, inputs)
