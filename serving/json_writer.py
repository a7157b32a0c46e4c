"""Answers as JSON text, laid out byte for byte as TensorFlow Serving's REST API does.

Owns the layout of predictions (row form), outputs (columnar form) and errors; single values are `json_text`'s.
"""

import base64
from collections.abc import Mapping
from math import prod

import numpy as np

from serving.errors import invalid_argument
from serving.json_tensor import Array
from serving.json_text import float_texts, string_text

_INDENT = "    "


def error_body(message: str) -> bytes:
    """The body of every error."""
    return _encoded(f'{{\n{_INDENT}"error": {string_text(message)}\n}}')


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def predictions_body(outputs: Mapping[str, Array]) -> bytes:
    """The answer in row form: one item per row, an object of named values when there are several outputs.

    Args:
        outputs: tensors by alias, each [rows, ...].

    Raises:
        StatusError: an output without rows, or with another number of rows than the first.
    """
    rows = _row_count(outputs)
    if len(outputs) == 1:
        ((name, array),) = outputs.items()
        text = ", ".join(_row_texts(_element_texts(name, array, array.ndim + 2), array.shape))
    else:
        columns = [
            [f"{_INDENT * 3}{string_text(name)}: {row}" for row in _row_texts(texts, array.shape)]
            for name, array in sorted(outputs.items())
            for texts in (_element_texts(name, array, array.ndim + 3),)
        ]
        edge = f"\n{_INDENT * 2}"
        text = ",".join(edge + "{\n" + ",\n".join(row) + edge + "}" for row in zip(*columns, strict=True))
    end = f"\n{_INDENT}" if rows else ""
    return _encoded(f'{{\n{_INDENT}"predictions": [{text}{end}]\n}}')


def outputs_body(outputs: Mapping[str, Array]) -> bytes:
    """The answer in columnar form: the one output's tensor, or an object of tensors; every value on its own line."""
    if len(outputs) == 1:
        ((name, array),) = outputs.items()
        text = _tensor_text(_element_texts(name, array, array.ndim + 2), array.shape, 1)
    else:
        members = [
            f"{_INDENT * 2}{string_text(name)}: "
            + _tensor_text(_element_texts(name, array, array.ndim + 3), array.shape, 2)
            for name, array in sorted(outputs.items())
        ]
        text = "{\n" + ",\n".join(members) + f"\n{_INDENT}}}"
    return _encoded(f'{{\n{_INDENT}"outputs": {text}\n}}')


def _row_count(outputs: Mapping[str, Array]) -> int:
    rows = -1
    for name, array in sorted(outputs.items()):
        if array.ndim == 0:
            raise invalid_argument(f"Tensor name: {name} has no shape information ")
        if rows not in (-1, array.shape[0]):
            raise invalid_argument(
                f"Tensor name: {name} has inconsistent batch size: {array.shape[0]} expecting: {rows}"
            )
        rows = array.shape[0]
    return rows


def _row_texts(texts: list[str], shape: tuple[int, ...]) -> list[str]:
    """Elements folded into one text per row, each on one line."""
    for axis in range(len(shape) - 1, 0, -1):
        texts = _lists(texts, shape, axis, ("[", ", ", "]"))
    return texts


def _tensor_text(texts: list[str], shape: tuple[int, ...], depth: int) -> str:
    """Elements folded into one text, a line for each bracket and number; `depth` levels enclose it."""
    for axis in range(len(shape) - 1, -1, -1):
        inner, outer = f"\n{_INDENT * (depth + axis + 1)}", f"\n{_INDENT * (depth + axis)}"
        texts = _lists(texts, shape, axis, (f"[{inner}", f",{inner}", f"{outer}]"))
    return texts[0]


def _lists(texts: list[str], shape: tuple[int, ...], axis: int, marks: tuple[str, str, str]) -> list[str]:
    """The texts of the lists along one axis, from those of their items; `marks` opens, joins and closes."""
    opening, joint, closing = marks
    size = shape[axis]
    if size == 0:
        return ["[]"] * prod(shape[:axis])
    return [opening + joint.join(texts[at : at + size]) + closing for at in range(0, len(texts), size)]


def _element_texts(name: str, array: Array, depth: int) -> list[str]:
    """Every element as text; base64 objects, for aliases that end in `_bytes`, are indented by `depth` levels."""
    kind = array.dtype.kind
    flat = array.ravel()
    if array.dtype in (np.float32, np.float64):
        return float_texts(flat)
    if kind in "iu":
        return list(map(str, flat.tolist()))
    if kind == "b":
        return ["true" if value else "false" for value in flat.tolist()]
    if kind in "OS" and name.endswith("_bytes"):
        edge = f"\n{_INDENT * (depth - 1)}"
        return [f'{{{edge}{_INDENT}"b64": "{base64.b64encode(value).decode()}"{edge}}}' for value in flat.tolist()]
    if kind in "OS":
        return [string_text(value.decode("utf-8", "surrogateescape")) for value in flat.tolist()]
    dtype = {"float16": "half"}.get(array.dtype.name, array.dtype.name)
    raise invalid_argument(f"Failed to write JSON value for tensor type: {dtype}")
