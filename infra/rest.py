"""What infra asks a model server over TF Serving's REST API: its versions and its answers.

Owns the requests, their timeouts and the reading of the answers. Does not judge them.
"""

import json
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from infra.naming import LOOPBACK

STATUS_TIMEOUT_SECONDS = 2.0
PREDICT_TIMEOUT_SECONDS = 30.0


class NoAnswerError(Exception):
    """The server did not answer as a model server does; the message says what it did."""


class Answer(NamedTuple):
    """What came back over HTTP."""

    status: int
    body: bytes


Ask = Callable[[str, str, dict[str, Any] | None, float], Answer]
"""How a server is reached: method, URL, JSON body and seconds to an answer; NoAnswerError where there is none."""


def ask(method: str, url: str, body: dict[str, Any] | None, timeout: float) -> Answer:
    """Ask over plain HTTP.

    Raises:
        NoAnswerError: nothing answers there.
    """
    # urllib and not requests, whose import takes longer than all the rest of an operation's question to the server.
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"}, method=method)  # noqa: S310 - http, from naming
    try:
        with _opener(url).open(request, timeout=timeout) as response:
            return Answer(response.status, response.read())
    except HTTPError as error:
        with error:
            return Answer(error.code, error.read())
    except (OSError, HTTPException) as error:
        raise NoAnswerError(f"{url} does not answer ({getattr(error, 'reason', error)})") from None


def versions(status_url: str, by: Ask = ask) -> dict[int, tuple[str, str]]:
    """State and error message of every version a model server tells of, by version number.

    Raises:
        NoAnswerError: nothing answers there, or not a model server, or not for this model.
    """
    document = _document("GET", status_url, None, STATUS_TIMEOUT_SECONDS, by)
    try:
        return {
            int(entry["version"]): (entry["state"], entry["status"]["error_message"])
            for entry in document["model_version_status"]
        }
    except (KeyError, TypeError, ValueError):
        raise NoAnswerError(f"{status_url} does not answer like a model server") from None


def predictions(predict_url: str, instances: list[Any], by: Ask = ask) -> list[Any]:
    """One answer an instance, in their order.

    Raises:
        NoAnswerError: the server refused, or the answer has no predictions.
    """
    document = _document("POST", predict_url, {"instances": instances}, PREDICT_TIMEOUT_SECONDS, by)
    answers = document.get("predictions") if isinstance(document, dict) else None
    if not isinstance(answers, list) or len(answers) != len(instances):
        raise NoAnswerError(f"{predict_url} did not give {len(instances)} predictions")
    return answers


def _document(method: str, url: str, body: dict[str, Any] | None, timeout: float, by: Ask) -> Any:
    status, text = by(method, url, body, timeout)
    try:
        document = json.loads(text)
    except ValueError:
        raise NoAnswerError(f"{url} answered {status} without JSON") from None
    if status != HTTPStatus.OK:
        reason = document.get("error") if isinstance(document, dict) else None
        raise NoAnswerError(f"{url} answered {status}: {reason}")
    return document


def _opener(url: str) -> OpenerDirector:
    """What opens a URL: no proxy of the environment has a way to this machine's own loopback."""
    proxies = ProxyHandler({}) if urlsplit(url).hostname == LOOPBACK else ProxyHandler()
    return build_opener(proxies)
