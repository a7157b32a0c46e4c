"""What infra asks a model server over TF Serving's REST API: its versions and its answers.

Owns the requests, their timeouts and the reading of the answers. Does not judge them.
"""

from typing import Any
from urllib.parse import urlsplit

from infra.naming import LOOPBACK

STATUS_TIMEOUT_SECONDS = 2.0
PREDICT_TIMEOUT_SECONDS = 30.0


class NoAnswerError(Exception):
    """The server did not answer as a model server does; the message says what it did."""


def versions(status_url: str) -> dict[int, tuple[str, str]]:
    """State and error message of every version a model server tells of, by version number.

    Raises:
        NoAnswerError: nothing answers there, or not a model server, or not for this model.
    """
    document = _ask("GET", status_url, None, STATUS_TIMEOUT_SECONDS)
    try:
        return {
            int(entry["version"]): (entry["state"], entry["status"]["error_message"])
            for entry in document["model_version_status"]
        }
    except (KeyError, TypeError, ValueError):
        raise NoAnswerError(f"{status_url} does not answer like a model server") from None


def predictions(predict_url: str, instances: list[Any]) -> list[Any]:
    """One answer an instance, in their order.

    Raises:
        NoAnswerError: the server refused, or the answer has no predictions.
    """
    document = _ask("POST", predict_url, {"instances": instances}, PREDICT_TIMEOUT_SECONDS)
    answers = document.get("predictions") if isinstance(document, dict) else None
    if not isinstance(answers, list) or len(answers) != len(instances):
        raise NoAnswerError(f"{predict_url} did not give {len(instances)} predictions")
    return answers


def _ask(method: str, url: str, body: dict[str, Any] | None, timeout: float) -> Any:
    import requests  # noqa: PLC0415 - 0.1 s that an operation without a server to ask should not pay

    with requests.Session() as session:
        # A proxy from the environment has no way to this machine's own loopback.
        session.trust_env = urlsplit(url).hostname != LOOPBACK
        try:
            response = session.request(method, url, json=body, timeout=timeout)
            document = response.json()
        except requests.JSONDecodeError:
            raise NoAnswerError(f"{url} answered {response.status_code} without JSON") from None
        except requests.RequestException as error:
            raise NoAnswerError(f"{url} does not answer ({type(error).__name__})") from None
    if response.status_code != requests.codes.ok:
        reason = document.get("error") if isinstance(document, dict) else None
        raise NoAnswerError(f"{url} answered {response.status_code}: {reason}")
    return document
