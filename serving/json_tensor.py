"""One JSON value to one tensor: nested lists of equal length and one kind of element, checked before NumPy sees them.

Owns element types, levels and sizes and the errors about them (FillTensorProto in util/json_tensor.cc). Regular values
take the quick way; whatever does not fit is walked in TensorFlow Serving's order to name the first fault.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from serving.datatypes import DataType
from serving.errors import Code, StatusError, invalid_argument
from serving.json_text import dump

_NUMPY_RANK_MAX = 64
_BLANK = re.compile(r"\s+")
Array = npt.NDArray[Any]


def tensor(name: str, value: Any, dtype: DataType) -> Array:
    """A JSON value as the tensor it stands for, of any shape.

    Args:
        name: the input's alias, for messages.
        value: a scalar, or nested lists.
        dtype: element type of the input.

    Raises:
        StatusError: the value is no dense tensor of this type.
    """
    found = regular(value, dtype)
    if found is None:
        check(value, dtype)
        raise StatusError(Code.INTERNAL, f"Input {name} could not be converted and no fault was found in it")
    return found


def regular(value: Any, dtype: DataType) -> Array | None:
    """The tensor of a value without any fault, else None.

    Raises:
        StatusError: more dimensions than NumPy has, or text that is not base64.
    """
    if dtype.numpy is None:
        return None
    level: list[Any] = [value]
    shape: list[int] = []
    while level and type(level[0]) is list:
        sizes = set(map(len, level)) if set(map(type, level)) == {list} else set()
        if len(sizes) != 1:
            return None
        shape.append(sizes.pop())
        level = list(chain.from_iterable(level))
    if not _fits(level, dtype):
        return None
    if len(shape) > _NUMPY_RANK_MAX:
        raise invalid_argument(f"tensor parsing error: {len(shape)} dimensions, at most {_NUMPY_RANK_MAX} are served")
    return _elements(level, dtype).reshape(shape)


def _fits(values: list[Any], dtype: DataType) -> bool:
    """Whether every value may stand for an element, by its Python type: NumPy would take true and "1" for numbers."""
    kind = dtype.numpy
    if kind is None or not set(map(type, values)) <= dtype.json:
        return False
    if kind is np.object_:
        return all(is_base64(value) for value in values if type(value) is dict)
    if issubclass(kind, np.integer) and values:
        limits = np.iinfo(kind)
        return bool(min(values) >= limits.min and max(values) <= limits.max)
    return True


def _elements(values: list[Any], dtype: DataType) -> Array:
    """Values that fit, as a flat array."""
    if dtype.numpy is np.object_:
        flat = np.empty(len(values), np.object_)
        flat[:] = [_bytes(value) for value in values]
        return flat
    with np.errstate(over="ignore"):  # beyond float32's range is infinity, as in TensorFlow Serving
        return np.fromiter(values, dtype.numpy, len(values))


def check(value: Any, dtype: DataType) -> tuple[list[int], int]:
    """Walk a value depth first and name its first fault.

    Returns:
        Shape and number of elements, when there is no fault.

    Raises:
        StatusError: the first fault, in TensorFlow Serving's words.
    """
    shape = _shape(value)
    count = 0
    walk: list[Iterator[Any]] = [iter((value,))]
    while walk:
        level = len(walk) - 1
        for item in walk[-1]:
            if isinstance(item, list):
                _check_list(item, level, shape)
                if level == len(shape) - 1 and _is_row(item, dtype):
                    count += len(item)
                    continue
                walk.append(iter(item))
                break
            if level != len(shape):
                raise invalid_argument(
                    f"JSON Value: {dump(item)} found at incorrect level: {level + 1} in the JSON DOM. "
                    f"Expected at level: {len(shape)}"
                )
            _check_element(item, dtype)
            count += 1
        else:
            walk.pop()
    return shape, count


def _is_row(values: list[Any], dtype: DataType) -> bool:
    """Whether a list is elements without any fault, told at one look; base64 is only found faulty when decoded."""
    return dtype.numpy is not np.object_ and _fits(values, dtype)


def _shape(value: Any) -> list[int]:
    """Lengths of the first list at each level."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return shape


def _check_list(value: list[Any], level: int, shape: list[int]) -> None:
    if level >= len(shape):
        raise invalid_argument(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        raise invalid_argument(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: {shape[level]}"
        )


def _check_element(value: Any, dtype: DataType) -> None:
    if isinstance(value, dict) and dtype.numpy is not np.object_:
        raise _type_error(value, dtype)
    if dtype.numpy is None:
        raise StatusError(Code.UNIMPLEMENTED, f"Conversion of JSON Value: {dump(value)} to type: {dtype.name}")
    if isinstance(value, dict):
        if not is_base64(value):
            raise invalid_argument(f"JSON Value: {dump(value)} not formatted correctly for base64 data")
        _bytes(value)
    elif not _fits([value], dtype):
        raise _type_error(value, dtype)


def _type_error(value: Any, dtype: DataType) -> StatusError:
    return invalid_argument(f"JSON Value: {dump(value)} Type: {json_type(value)} is not of expected type: {dtype.name}")


def json_type(value: Any) -> str:
    """Rapidjson's name for a value's type."""
    if isinstance(value, bool):
        return str(value)
    names: dict[type, str] = {type(None): "Null", dict: "Object", list: "Array", str: "String"}
    return names.get(type(value), "Number")


def is_base64(value: Any) -> bool:
    """Whether a value is `{"b64": "..."}`: that key alone, with a string."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def _bytes(value: Any) -> bytes:
    """The bytes of a JSON string (UTF-8, invalid bytes as sent) or of a base64 object."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    text = _BLANK.sub("", value["b64"]).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid_argument("Unable to base64 decode") from error
