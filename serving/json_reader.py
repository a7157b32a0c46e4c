"""Request bodies to Python values, in the JSON dialect of TensorFlow Serving's parser.

The rapidjson binding does the work. Here stands only what it does differently from rapidjson v1.1.0 under TensorFlow
Serving's flags: text after the root, byte order marks, duplicate keys and two reworded messages. What the binding
cannot hold at all (deep nesting, invalid UTF-8) goes to `json_scanner`.
"""

import re
from typing import Any, cast

import rapidjson

from serving import json_scanner
from serving.errors import StatusError, invalid_argument
from serving.json_text import dump

_SCANNED_BYTES = 4_000_000  # a few seconds' work for the scanner; TensorFlow Serving has no such limit
_BOM = b"\xef\xbb\xbf"
_ERROR = re.compile(r"Parse error at offset (\d+): (.*)", re.DOTALL)
_NOT_SINGULAR = "The document root must not be followed by other values."
_NOTHING_BEFORE = re.compile(rb"[ \t\r\n]*[\]},:]")


class _Decoder(rapidjson.Decoder):
    """rapidjson's decoder, keeping the first of members with the same name as `FindMember` does."""

    def start_object(self) -> list[tuple[str, Any]]:
        return []

    def end_object(self, members: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = dict(members)
        if len(found) < len(members):
            found = {}
            for name, value in members:
                found.setdefault(name, value)
        return found


_decode = _Decoder(number_mode=rapidjson.NM_NATIVE | rapidjson.NM_NAN)


def read_object(body: bytes) -> dict[str, Any]:
    """The root object of a request body.

    Strings with bytes that are not UTF-8 keep them as surrogate escapes.

    Raises:
        StatusError: INVALID_ARGUMENT with rapidjson's words and byte offset, or when the root is no object.
    """
    if not body:
        raise invalid_argument("JSON Parse error: The document is empty")
    root = _read(body)
    if not isinstance(root, dict):
        raise invalid_argument(f"JSON Value: {dump(root)} Is not object")
    return cast("dict[str, Any]", root)


def _read(body: bytes) -> Any:
    skipped = len(_BOM) if body.startswith(_BOM) else 0
    text = body[skipped:] if skipped else body
    try:
        return _decode(text)
    except rapidjson.JSONDecodeError as error:
        found = _ERROR.match(str(error))
        if found is None:
            raise invalid_argument(f"JSON Parse error: {error}") from error
        offset, reason = int(found[1]), found[2]
        if reason == _NOT_SINGULAR:
            return _read_root(text[:offset], skipped)
        raise parse_error(_worded(reason, text, offset), offset + skipped) from error
    except (RecursionError, UnicodeDecodeError):
        return _scan(text, skipped)


def _read_root(text: bytes, skipped: int) -> Any:
    try:
        return _decode(text)
    except (RecursionError, UnicodeDecodeError):
        return _scan(text, skipped)


def _scan(text: bytes, skipped: int) -> Any:
    if len(text) > _SCANNED_BYTES:
        raise invalid_argument(
            f"JSON Parse error: a body of more than {_SCANNED_BYTES} bytes must be UTF-8 and nested less than 1000 deep"
        )
    try:
        return json_scanner.scan(text)
    except json_scanner.ScanError as error:
        raise parse_error(error.reason, error.offset + skipped) from error


def _worded(reason: str, text: bytes, offset: int) -> str:
    """The older release's words where the binding's newer rapidjson has others."""
    if reason == "Invalid encoding in string.":
        return "Invalid escape character in string."
    if reason == "Invalid value." and _NOTHING_BEFORE.fullmatch(text[: offset + 1]):
        return "The document is empty."
    return reason


def parse_error(reason: str, offset: int) -> StatusError:
    """The error of a body that is no JSON; `offset` counts bytes from the body's start."""
    return invalid_argument(f"JSON Parse error: {reason} at offset: {offset}")
