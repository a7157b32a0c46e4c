"""Dataclasses to JSON text and back, strictly typed; it knows no particular document.

Standard library only: the program reads manifests without waiting for a validation library.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def dumps(document: Any) -> str:
    """The JSON text of a dataclass, indented for people; NaN and infinities are refused with ValueError."""
    return json.dumps(asdict(document), indent=1, allow_nan=False) + "\n"


def parse(text: str) -> Any:
    """The JSON value in `text`; ValueError if it is none, or holds NaN or infinities."""
    return json.loads(text, parse_constant=_refuse)


def decode(kind: type[T], value: Any) -> T:
    """The dataclass `kind` built from a JSON value.

    Raises:
        ValueError: a field is missing, unknown or of another type; the message names it.
    """
    decoded: T = _decode(kind, value, kind.__name__)
    return decoded


def _decode(kind: Any, value: Any, where: str) -> Any:
    if is_dataclass(kind):
        return _decode_fields(kind, value, where)
    origin, arguments = get_origin(kind) or kind, get_args(kind)
    if origin is UnionType:
        candidates = [k for k in arguments if (type(value) is (get_origin(k) or k))]
        return _decode(candidates[0], value, where) if candidates else _wrong(kind, value, where)
    if origin is list and isinstance(value, list):
        return [_decode(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(value)]
    if origin in (dict, Mapping) and isinstance(value, dict):
        return {key: _decode(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    if origin in (str, int, float, bool, NoneType) and type(value) is origin:
        return value
    return _wrong(kind, value, where)


def _decode_fields(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        return _wrong(kind, value, where)
    names = {field.name for field in fields(kind)}
    if odd := sorted(names ^ value.keys()):
        raise ValueError(f"{where} has no {odd[0]}" if odd[0] in names else f"{where} has an unknown {odd[0]}")
    hints = get_type_hints(kind)
    return kind(**{name: _decode(hints[name], value[name], f"{where}.{name}") for name in names})


def _wrong(kind: Any, value: Any, where: str) -> Any:
    wanted = getattr(kind, "__name__", kind)
    raise ValueError(f"{where} is a {type(value).__name__}, not {wanted}")


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a JSON number")
