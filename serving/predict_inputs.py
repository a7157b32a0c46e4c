"""The input tensors of a predict request, row by row (`instances`) or column by column (`inputs`).

Owns the two request forms of TensorFlow Serving's REST API and their errors (FillPredictRequestFromJson in
util/json_tensor.cc); single tensors are `json_tensor`'s.
"""

from collections.abc import Mapping
from typing import Any

from serving.datatypes import DataType
from serving.errors import Code, StatusError, invalid_argument
from serving.json_tensor import Array, check, is_base64, regular, tensor
from serving.json_text import dump

Inputs = Mapping[str, DataType]


def read_inputs(request: Mapping[str, Any], inputs: Inputs) -> tuple[bool, dict[str, Array]]:
    """The tensors of a request.

    Args:
        request: root object of the body.
        inputs: element type by alias of the signature's inputs, at least one.

    Returns:
        Whether the request is in row form, and the tensors by alias.

    Raises:
        StatusError: INVALID_ARGUMENT (UNIMPLEMENTED for an element type without JSON form, columnar only).
    """
    if "instances" in request:
        if "inputs" in request:
            raise invalid_argument(
                f"JSON Value: {dump(request)} Not formatted correctly expecting only one of 'inputs' or 'instances'"
                " keys to exist "
            )
        return True, _rows(request, inputs)
    if "inputs" in request:
        return False, _columns(request["inputs"], inputs)
    raise invalid_argument("Missing 'inputs' or 'instances' key")


def _columns(value: Any, inputs: Inputs) -> dict[str, Array]:
    if not isinstance(value, dict) or is_base64(value):
        if len(inputs) > 1:
            raise invalid_argument(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
                "tensorinfo_map"
            )
        return {name: tensor(name, value, dtype) for name, dtype in inputs.items()}
    found = {}
    for name in sorted(inputs):
        if name not in value:
            raise invalid_argument(f"Missing named input: {name} in 'inputs' object.")
        found[name] = tensor(name, value[name], inputs[name])
    return found


def _rows(request: Mapping[str, Any], inputs: Inputs) -> dict[str, Array]:
    rows = request["instances"]
    if not isinstance(rows, list):
        raise invalid_argument(f"JSON Value: {dump(request)} Expecting 'instances' to be an list/array")
    if not rows:
        raise invalid_argument(f"JSON Value: {dump(request)} No values in 'instances' array")
    if len(inputs) > 1 and not isinstance(rows[0], dict):
        raise invalid_argument(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map"
        )
    found = _regular_rows(rows, inputs)
    if found is None:
        _check_rows(rows, inputs)
        raise StatusError(Code.INTERNAL, "'instances' could not be converted and no fault was found in them")
    return found


def _regular_rows(rows: list[Any], inputs: Inputs) -> dict[str, Array] | None:
    """The tensors of rows without any fault, else None."""
    if not _is_named(rows[0]):
        name = min(inputs)
        if any(map(_is_named, rows)) or len(inputs) > 1:
            return None
        column = regular(rows, inputs[name])
        return None if column is None else {name: column}
    found = {}
    if any(not _is_named(row) or row.keys() != inputs.keys() for row in rows):
        return None
    for name, dtype in inputs.items():
        column = regular([row[name] for row in rows], dtype)
        if column is None:
            return None
        found[name] = column
    return found


def _is_named(row: Any) -> bool:
    return isinstance(row, dict) and not is_base64(row)


def _check_rows(rows: list[Any], inputs: Inputs) -> None:
    """Walk the rows in order and name the first fault."""
    named = _is_named(rows[0])
    seen: dict[str, tuple[list[int], int]] = {}
    for index, row in enumerate(rows):
        if named and not _is_named(row):
            raise invalid_argument(f"Expecting object but got list at item {index} of input list")
        if not named and _is_named(row):
            raise invalid_argument(f"Expecting value/list but got object at item {index} of input list")
        where = f"Failed to process element: {index}"
        if not named:
            _check_item(row, min(inputs), inputs, seen, where)
            continue
        for name, value in row.items():
            _check_item(value, name, inputs, seen, f"{where} key: {name}")
        if row.keys() != inputs.keys():
            raise invalid_argument(
                f"{where} of 'instances' list. JSON object: {dump(row)} keys must be equal to: "
                + ",".join(sorted(inputs))
            )


def _check_item(value: Any, name: str, inputs: Inputs, seen: dict[str, tuple[list[int], int]], where: str) -> None:
    """One row's value for one input: it must be a tensor of the same size and shape as the rows before."""
    try:
        if name not in inputs:
            raise invalid_argument(f"JSON object: does not have named input: {name}")
        shape, size = check(value, inputs[name])
        first_shape, first_size = seen.setdefault(name, (shape, size))
        if size != first_size:
            raise invalid_argument(f"Expecting tensor size: {first_size} but got: {size}")
        if shape != first_shape:
            raise invalid_argument(f"Expecting shape {_shape_text(first_shape)} but got: {_shape_text(shape)}")
    except StatusError as error:
        raise invalid_argument(f"{where} of 'instances' list. Error: {error}") from error


def _shape_text(shape: list[int]) -> str:
    return f"[{','.join(map(str, shape))}]"
