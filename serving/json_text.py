"""JSON values as text, the way rapidjson's PrettyWriter shows them in TensorFlow Serving's answers.

Owns string escapes, number text and the abridged dump inside error messages; answers are laid out by `json_writer`.
"""

import math
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

_DUMP_LIMIT = 256
_INDENT = "    "
_ESCAPES = {code: f"\\u{code:04X}" for code in range(0x20)} | {
    0x08: "\\b",
    0x09: "\\t",
    0x0A: "\\n",
    0x0C: "\\f",
    0x0D: "\\r",
    0x22: '\\"',
    0x5C: "\\\\",
}


def string_text(value: str) -> str:
    """A JSON string with its quotes: only quotes, backslashes and control characters are escaped."""
    return f'"{value.translate(_ESCAPES)}"'


def float_texts(values: npt.NDArray[np.floating[Any]]) -> list[str]:
    """Number texts of floats (WriteDecimal in util/json_tensor.cc).

    Six significant digits where they read back as the same number, else as many as the type needs (9 or 17);
    always a point or an exponent; NaN, Infinity and -Infinity bare.

    Args:
        values: float32 or float64, of one dimension.
    """
    dtype = values.dtype.type
    digits = 9 if dtype is np.float32 else 17
    numbers = values.tolist()
    texts = (f"%.{digits}g " * len(numbers) % tuple(numbers)).split()
    for index in np.flatnonzero(_may_be_shorter(values)).tolist():
        short = f"{numbers[index]:g}"
        if float(dtype(short)) == numbers[index]:
            texts[index] = short
        texts[index] = _with_point(texts[index])
    return texts


def _may_be_shorter(values: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.bool_]:
    """Which numbers six digits may be enough for; sure to be true for those, for whole numbers and for no numbers.

    A number that six digits read back as lies within half a float32 step of them, 0.06 of the sixth digit's unit; near
    zero, where steps no longer shrink with the number, it may be any.
    """
    with np.errstate(all="ignore"):
        size = np.abs(values.astype(np.float64))
        scaled = size * 10.0 ** (5 - np.floor(np.log10(size)))
        off = np.abs(scaled - np.rint(scaled)) > 0.07
        longer: npt.NDArray[np.bool_] = off & (size != np.rint(size)) & (size > np.finfo(values.dtype).tiny)
    return ~longer


def _with_point(text: str) -> str:
    if "." in text or "e" in text:
        return text
    return _SPECIAL[text] if text in _SPECIAL else text + ".0"


_SPECIAL = {"nan": "NaN", "-nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def dump(value: Any) -> str:
    """A value inside an error message: objects over several lines, lists on one, cut after about 256 bytes."""
    if isinstance(value, float):
        return float_texts(np.array([value]))[0]
    parts: list[str] = []
    size = 0
    for part in _dump_parts(value):
        parts.append(part)
        size += len(part)
        if size >= _DUMP_LIMIT:
            break
    return "".join(parts)[:_DUMP_LIMIT]


def _dump_parts(value: Any) -> Iterator[str]:
    """Pieces of the dump, made one at a time and without recursion: a request may be nested without bound."""
    stack: list[tuple[Iterator[Any], bool, bool]] = []  # (members, is an object, has members)
    yield from _opening(value, stack)
    first = True
    while stack:
        members, is_object, filled = stack[-1]
        try:
            member = next(members)
        except StopIteration:
            stack.pop()
            if is_object and filled:
                yield "\n" + _INDENT * len(stack)
            yield "}" if is_object else "]"
            first = False
            continue
        if is_object:
            key, member = member
            yield ("" if first else ",") + "\n" + _INDENT * len(stack) + string_text(key) + ": "
        elif not first:
            yield ", "
        depth = len(stack)
        yield from _opening(member, stack)
        first = len(stack) > depth


def _opening(value: Any, stack: list[tuple[Iterator[Any], bool, bool]]) -> Iterator[str]:
    if isinstance(value, dict):
        stack.append((iter(value.items()), True, bool(value)))
        yield "{"
    elif isinstance(value, list):
        stack.append((iter(value), False, bool(value)))
        yield "["
    else:
        yield _scalar_text(value)


def _scalar_text(value: Any) -> str:
    if isinstance(value, str):
        return string_text(value[:_DUMP_LIMIT])
    if isinstance(value, float):
        return _double_text(value)
    return (
        {None: "null", True: "true", False: "false"}[value]
        if value is None or value is True or value is False
        else str(value)
    )


def _double_text(value: float) -> str:
    """A double as rapidjson writes it: shortest digits, plain from 1e-6 up to 1e21, else `1.5e-7`."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    text = repr(value)
    if "e" not in text:
        return text
    if 1e-6 <= abs(value) < 1e21:
        plain = format(Decimal(text), "f")
        return plain if "." in plain else plain + ".0"
    return re.sub(r"e([+-])0*", lambda found: "e" + found[1].replace("+", ""), text)
