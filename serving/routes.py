"""Which request a method and a path stand for, by TensorFlow Serving's own path patterns.

Owns the patterns of model_servers/http_rest_api_util.cc; knows neither models nor HTTP bodies. The path that is
matched includes the query string, as there, so that a query makes a request malformed or another model's.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from serving.errors import invalid_argument

REST_PREFIX = re.compile(r"(?i)/v1/.*")
_TARGET = r"(?:(?:/versions/(?P<version>[0-9]+))|(?:/labels/(?P<label>[^/:]+)))?"
_POST = re.compile(rf"(?i)/v1/models/(?P<name>[^/:]+){_TARGET}:(?P<verb>classify|regress|predict)")
_GET = re.compile(rf"(?i)/v1/models(?:/(?P<name>[^/:]+))?{_TARGET}(?:/(?P<verb>metadata))?")
_INT64_MAX = 2**63 - 1
_INT64_DIGITS = 19


@dataclass(frozen=True)
class Route:
    """A request's target: verb (predict, classify, regress, metadata or status), model name, version or label."""

    verb: str
    name: str
    version: int | None = None
    label: str | None = None


def route(method: str, path: str) -> Route:
    """Say what a request asks for.

    Args:
        method: HTTP method in capitals.
        path: raw path with its query string, percent escapes undecoded.

    Raises:
        StatusError: INVALID_ARGUMENT for anything the contract does not know.
    """
    malformed = invalid_argument(f"Malformed request: {method} {path}")
    pattern = {"POST": _POST, "GET": _GET}.get(method)
    match = pattern.fullmatch(path) if pattern else None
    if match is None:
        raise malformed
    name = _decoded(match["name"] or "")
    version = match["version"]
    if version is not None and not _is_int64(version):
        raise invalid_argument(f"Failed to convert version: {version} to numeric.")
    if method == "GET" and not name:
        raise invalid_argument("Missing model name in request.")
    verb = match["verb"]
    if verb != (verb or "").lower() and verb is not None:
        raise malformed  # the pattern ignores case, the dispatch after it does not
    label = match["label"]
    return Route(
        verb=verb or "status",
        name=name,
        version=None if version is None else int(version.lstrip("0") or "0"),
        label=None if label is None else _decoded(label),
    )


def _is_int64(digits: str) -> bool:
    significant = digits.lstrip("0") or "0"  # Python refuses to read numbers of thousands of digits
    return len(significant) <= _INT64_DIGITS and int(significant) <= _INT64_MAX


def _decoded(text: str) -> str:
    return unquote_to_bytes(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")
