"""Fills the {{...}} placeholders that `cases.json` describes; owns nothing else."""

import base64
import re
from dataclasses import dataclass
from typing import Any

_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}")
_SIZE = re.compile(r"([HW]|\d+)(?:([*/-])([HW]|\d+))?")


@dataclass(frozen=True)
class Shape:
    """The served model's input: image height and width, and the input's alias."""

    height: int
    width: int
    alias: str

    def size(self, expression: str) -> int:
        """A size such as `H`, `H-1` or `H*W`."""
        match = _SIZE.fullmatch(expression)
        if match is None:
            raise ValueError(f"unknown size {expression!r}")
        left = self._term(match[1])
        if match[2] is None:
            return left
        right = self._term(match[3])
        return {"*": left * right, "/": left // right, "-": left - right}[match[2]]

    def _term(self, text: str) -> int:
        return {"H": self.height, "W": self.width}.get(text) or int(text)


def fill_all(value: Any, shape: Shape) -> Any:
    """A JSON value with the placeholders in all of its strings filled."""
    if isinstance(value, str):
        return fill(value, shape)
    if isinstance(value, list):
        return [fill_all(item, shape) for item in value]
    if isinstance(value, dict):
        return {fill(key, shape): fill_all(item, shape) for key, item in value.items()}
    return value


def fill(text: str, shape: Shape) -> str:
    """A text with its placeholders filled."""
    return _PLACEHOLDER.sub(lambda match: _filled(match[1], shape), text)


def _filled(placeholder: str, shape: Shape) -> str:
    name, _, rest = placeholder.partition(":")
    height, width = shape.height, shape.width
    if name == "zeros":
        return _list([_matrix(height, width, "0.0")] * int(rest))
    if name == "img":
        return _matrix(height, width, rest)
    if name == "mat":
        size, _, value = rest.partition(":")
        rows, columns = map(shape.size, size.split(","))
        return _matrix(rows, columns, value)
    if name == "row":
        count, _, value = rest.partition(":")
        return _list([value] * shape.size(count))
    if name == "nest":
        return "[" * int(rest) + "]" * int(rest)
    return _constant(name, shape)


def _constant(name: str, shape: Shape) -> str:
    height, width = shape.height, shape.width
    cycle = ["1", "2.0", "3", "0.007", "0"]
    flat = [cycle[index % 5] for index in range(height * width)]
    ragged = [["0.0"] * (width - (row == 1)) for row in range(height)]
    encoded = '{"b64": "' + base64.b64encode(b"\0").decode() + '"}'
    return {
        "H": str(height),
        "W": str(width),
        "INPUT": shape.alias,
        "INPUT_RE": re.escape(shape.alias),
        "mixed_img": _list([_list(flat[row * width : (row + 1) * width]) for row in range(height)]),
        "ragged_img": _list([_list(row) for row in ragged]),
        "b64_img": _matrix(height, width, encoded),
        "BOM": "\ufeff",
    }[name]


def _matrix(rows: int, columns: int, value: str) -> str:
    return _list([_list([value] * columns)] * rows)


def _list(items: list[str]) -> str:
    return "[" + ",".join(items) + "]"
