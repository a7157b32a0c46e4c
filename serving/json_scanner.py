"""A JSON scanner without recursion, for bodies the rapidjson binding cannot hold.

Owns the fallback for nesting beyond the binding's limit and for strings that are not UTF-8 (their bytes are kept as
surrogate escapes). It accepts and refuses what the binding does, with the same words and offsets; a test holds the two
together. Slower by far, so `json_reader` asks it last.
"""

import math
import re
from typing import Any

_BLANK = re.compile(rb"[ \t\r\n]*")
_PLAIN = re.compile(rb'[^"\\\x00-\x1f]*')
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]*)?(?P<exponent>[eE][+-]?[0-9]*)?")
_SPECIAL = re.compile(rb"-?(?:NaN|Infinity|Inf(?!i))")
_WORDS: dict[bytes, tuple[bytes, Any]] = {b"t": (b"true", True), b"f": (b"false", False), b"n": (b"null", None)}
_ESCAPES = {b'"': '"', b"\\": "\\", b"/": "/", b"b": "\b", b"f": "\f", b"n": "\n", b"r": "\r", b"t": "\t"}
_HEX = re.compile(rb"[0-9A-Fa-f]{4}")
_INT64_MIN, _UINT64_MAX = -(2**63), 2**64 - 1


class ScanError(Exception):
    """Text that is no JSON: rapidjson's reason and the byte offset it is found at."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"{reason} at offset: {offset}")
        self.reason = reason
        self.offset = offset


def scan(text: bytes) -> Any:
    """The JSON value a text starts with; what comes after it is ignored. Of equal names the first one wins.

    Raises:
        ScanError: the text does not start with a JSON value.
    """
    at = _skip_blank(text, 0)
    if text[at : at + 1] in (b"", b"]", b"}", b",", b":"):
        raise ScanError("The document is empty.", at)
    outer: list[tuple[Any, str]] = []  # enclosing containers, each with the name its value goes by
    container: Any = None
    name = ""
    while True:
        opening = text[at : at + 1]
        if opening in (b"{", b"["):
            value: Any = {} if opening == b"{" else []
            at = _skip_blank(text, at + 1)
            if text[at : at + 1] != _closing(value):
                outer.append((container, name))
                container = value
                name, at = _member_name(text, at) if opening == b"{" else ("", at)
                continue
            at += 1
        else:
            value, at = _scalar(text, at)
        while container is not None:  # the value is whole: store it, then close every container that ends here
            _store(container, name, value)
            at = _skip_blank(text, at)
            after = text[at : at + 1]
            if after == b",":
                at = _skip_blank(text, at + 1)
                name, at = _member_name(text, at) if isinstance(container, dict) else ("", at)
                break
            if after != _closing(container):
                raise ScanError(_missing_comma(container), at)
            at += 1
            value = container
            container, name = outer.pop()
        else:
            return value


def _skip_blank(text: bytes, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _closing(container: Any) -> bytes:
    return b"}" if isinstance(container, dict) else b"]"


def _missing_comma(container: Any) -> str:
    if isinstance(container, dict):
        return "Missing a comma or '}' after an object member."
    return "Missing a comma or ']' after an array element."


def _store(container: Any, name: str, value: Any) -> None:
    if isinstance(container, dict):
        container.setdefault(name, value)
    else:
        container.append(value)


def _member_name(text: bytes, at: int) -> tuple[str, int]:
    """A member's name and where its value starts."""
    if text[at : at + 1] != b'"':
        raise ScanError("Missing a name for object member.", at)
    name, at = _string(text, at)
    at = _skip_blank(text, at)
    if text[at : at + 1] != b":":
        raise ScanError("Missing a colon after a name of object member.", at)
    return name, _skip_blank(text, at + 1)


def _scalar(text: bytes, at: int) -> tuple[Any, int]:
    first = text[at : at + 1]
    if first == b'"':
        return _string(text, at)
    if first in _WORDS:
        word, value = _WORDS[first]
        for index in range(1, len(word)):
            if text[at + index : at + index + 1] != word[index : index + 1]:
                raise ScanError("Invalid value.", at + index)
        return value, at + len(word)
    return _number(text, at)


def _number(text: bytes, at: int) -> tuple[Any, int]:
    special = _SPECIAL.match(text, at)
    if special:
        return float(special[0]), special.end()
    found = _NUMBER.match(text, at)
    if found is None:
        raise ScanError("Invalid value.", _where_number_fails(text, at))
    fraction, exponent = found["fraction"], found["exponent"]
    if fraction == b".":
        raise ScanError("Miss fraction part in number.", found.end("fraction"))
    if exponent and not exponent[-1:].isdigit():
        raise ScanError("Miss exponent in number.", found.end("exponent"))
    if fraction is None and exponent is None and len(found[0]) < 21:
        whole = int(found[0])
        if _INT64_MIN <= whole <= _UINT64_MAX:
            return whole, found.end()
    value = float(found[0])
    if math.isinf(value):
        raise ScanError("Number too big to be stored in double.", at)
    return value, found.end()


def _where_number_fails(text: bytes, at: int) -> int:
    """The offset of the first byte that belongs to no number: after the sign, and inside NaN, Inf or Infinity."""
    at += text[at : at + 1] == b"-"
    for word in (b"NaN", b"Infinity"):
        if text[at : at + 1] == word[:1]:
            matched = 1
            while text[at + matched : at + matched + 1] == word[matched : matched + 1]:
                matched += 1
            return at + matched
    return at


def _string(text: bytes, at: int) -> tuple[str, int]:
    """A string whose opening quote is at `at`, and the offset after its closing quote."""
    parts: list[str] = []
    at += 1
    while True:
        plain = _PLAIN.match(text, at)
        if plain and plain.end() > at:
            parts.append(plain[0].decode("utf-8", "surrogateescape"))
            at = plain.end()
        byte = text[at : at + 1]
        if byte == b'"':
            return "".join(parts), at + 1
        if byte == b"\\":
            character, at = _escape(text, at)
            parts.append(character)
        elif byte in (b"", b"\0"):
            raise ScanError("Missing a closing quotation mark in string.", at)
        else:
            raise ScanError("Invalid escape character in string.", at)


def _escape(text: bytes, at: int) -> tuple[str, int]:
    """The character of the escape whose backslash is at `at`, and the offset after it."""
    kind = text[at + 1 : at + 2]
    if kind in _ESCAPES:
        return _ESCAPES[kind], at + 2
    if kind != b"u":
        raise ScanError("Invalid escape character in string.", at)
    code = _hex(text, at + 2, at)
    if not 0xD800 <= code <= 0xDFFF:
        return chr(code), at + 6
    if code > 0xDBFF or text[at + 6 : at + 8] != b"\\u":
        raise ScanError("The surrogate pair in string is invalid.", at)
    low = _hex(text, at + 8, at)
    if not 0xDC00 <= low <= 0xDFFF:
        raise ScanError("The surrogate pair in string is invalid.", at)
    return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)), at + 12


def _hex(text: bytes, at: int, escape_at: int) -> int:
    found = _HEX.match(text, at)
    if found is None:
        raise ScanError("Incorrect hex digit after \\u escape in string.", escape_at)
    return int(found[0], 16)
