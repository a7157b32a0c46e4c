"""Sends a conformance case to a running server and says what is wrong with the answer.

Owns the meaning of the `expect` fields that `cases.json` describes; which server a case needs is the test's.
"""

import gzip
import http.client
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, cast
from urllib.parse import urlsplit

from tests.serving.conformance.placeholders import Shape, fill, fill_all

Case = dict[str, Any]
_JSON_EXPECTATIONS = {
    "json_keys_exact",
    "shape",
    "len",
    "prior_row",
    "error_regex",
    "json_equals",
    "json_paths",
}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: status, headers by lower-case name, body."""

    status: int
    headers: dict[str, str]
    body: bytes


def all_cases() -> dict[str, Case]:
    """The cases by id, in the file's order."""
    text = Path(__file__).with_name("cases.json").read_text(encoding="utf-8")
    return {case["id"]: case for case in json.loads(text)["cases"]}


def send(url: str, case: Case, shape: Shape) -> Answer:
    """The server's answer to a case, over a connection of its own."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    body = None if case["body"] is None else fill(case["body"], shape).encode()
    if body is not None and case.get("body_transform") == "gzip":
        body = gzip.compress(body)
    headers = {"Content-Type": "application/json", **(case.get("headers") or {})}
    try:
        connection.putrequest(case["method"], fill(case["path"], shape), skip_accept_encoding=True)
        for name, value in headers.items():
            if value is not None:
                connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())
    finally:
        connection.close()


def problems(case: Case, answer: Answer, before: Answer | None, shape: Shape) -> Iterator[str]:
    """What is wrong with the answer to a case; `before` is the answer to the case it names as its prior one."""
    want = fill_all(case["expect"], shape)
    allowed = want["status"] if isinstance(want["status"], list) else [want["status"]]
    if answer.status not in allowed:
        yield f"status {answer.status}, expected {want['status']}: {answer.body[:160]!r}"
        return
    flags = re.DOTALL if "s" in case.get("regex_flags", "") else 0
    yield from _text_problems(want, answer, flags)
    if not _JSON_EXPECTATIONS.isdisjoint(want):
        yield from _json_problems(want, answer, before, flags)


def _text_problems(want: Case, answer: Answer, flags: int) -> Iterator[str]:
    text = answer.body.decode("utf-8", "replace")
    if want.get("body_empty") and text:
        yield f"body not empty: {text[:80]!r}"
    content_type = answer.headers.get("content-type", "")
    if not content_type.startswith(want.get("content_type", "")):
        yield f"Content-Type {content_type!r}, expected {want['content_type']!r}"
    for name in want.get("absent_headers", []):
        if name.lower() in answer.headers:
            yield f"header {name} should be absent"
    if "body_regex" in want and not re.search(want["body_regex"], text, flags):
        yield f"body does not match {want['body_regex']!r}: {text[:200]!r}"


def _json_problems(want: Case, answer: Answer, before: Answer | None, flags: int) -> Iterator[str]:
    try:
        document = json.loads(answer.body, parse_constant=float if want.get("allow_nan_tokens") else _refuse)
    except ValueError as error:
        yield f"body is not JSON ({error}): {answer.body[:120]!r}"
        return
    if not isinstance(document, dict):
        yield f"body is not a JSON object: {answer.body[:120]!r}"
        return
    if "json_keys_exact" in want and sorted(document) != sorted(want["json_keys_exact"]):
        yield f"keys {sorted(document)}, expected {sorted(want['json_keys_exact'])}"
        return
    yield from _value_problems(want, document)
    for key, row in want.get("prior_row", {}).items():
        same = _rows_equal_to(document[key], json.loads(before.body)[key][0] if before else None)
        if same != [row]:
            yield f"rows {same} of {key} equal the prior case's first row, expected [{row}]"
    if "error" in document and not (isinstance(document["error"], str) and document["error"]):
        yield f"error is {document['error']!r}, expected a text"
    elif "error_regex" in want and not re.search(want["error_regex"], document.get("error", ""), flags):
        yield f"error {document.get('error')!r} does not match {want['error_regex']!r}"


def _value_problems(want: Case, document: Case) -> Iterator[str]:
    for key, sizes in want.get("shape", {}).items():
        if _shape(document.get(key)) != [int(size) for size in sizes]:
            yield f"shape of {key} is {_shape(document.get(key))}, expected {sizes}"
    for key, length in want.get("len", {}).items():
        if not isinstance(document.get(key), list) or len(document[key]) != length:
            yield f"{key} is {document.get(key)!r:.80}, expected a list of {length}"
    if "json_equals" in want and document != want["json_equals"]:
        yield f"body {document!r:.200}, expected {want['json_equals']!r:.200}"
    for path, value in want.get("json_paths", {}).items():
        try:
            found = _at(document, path)
        except (KeyError, IndexError, TypeError, ValueError):
            yield f"no {path} in the body"
            continue
        if found != value:
            yield f"{path} is {found!r}, expected {value!r}"


def _rows_equal_to(rows: list[list[float]], first: list[float] | None) -> list[int]:
    if first is None:
        return []
    return [
        index
        for index, row in enumerate(rows)
        if len(row) == len(first)
        and all(math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-6) for a, b in zip(row, first, strict=True))
    ]


def _shape(value: Any) -> list[int] | None:
    """Shape of a nested list of numbers; None when it is ragged or holds anything else."""
    if not isinstance(value, list):
        return [] if isinstance(value, int | float) and not isinstance(value, bool) else None
    inner = [_shape(item) for item in value]
    if any(item is None or item != inner[0] for item in inner):
        return None
    return [len(value), *(cast("list[int]", inner[0]) if inner else [])]


def _refuse(token: str) -> NoReturn:
    raise ValueError(f"{token} is not JSON")


def _at(document: Any, path: str) -> Any:
    for key in path.split("."):
        if isinstance(document, dict):
            document = next(iter(document.values())) if key == "*" else document[key]
        else:
            document = document[int(key)]
    return document
