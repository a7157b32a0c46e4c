"""Whether a registry has an image, asked by digest over the registry's HTTP API.

Owns the question and the log-in it may take (OCI distribution specification, "Pulling manifests"; Docker's token
authentication). Pulls and pushes nothing.
"""

from __future__ import annotations

import base64
import json
import re
from http import HTTPStatus
from http.client import HTTPException
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request

from infra.rest import opener

TIMEOUT_SECONDS = 5.0
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json"
)
DOCKER_HUB = "registry-1.docker.io"
LOOPBACK = re.compile(r"(localhost|127\.\d+\.\d+\.\d+)(:\d+)?")


class NotAskedError(Exception):
    """The registry did not tell; the message says why."""


class _Answer(NamedTuple):
    status: int
    challenge: str


def has(image: str, username: str = "", password: str = "") -> bool:
    """Whether the registry has the manifest of an image that is named by digest.

    Args:
        image: `host[:port]/path@sha256:...`; without a host it is Docker Hub's.
        username: of the registry; "" asks without credentials.
        password: of that user.

    Raises:
        NotAskedError: nothing answers there, or it refuses.
    """
    url = _url(image)
    basic = _basic(username, password) if username else ""
    answer = _head(url, basic)
    if answer.status == HTTPStatus.UNAUTHORIZED and answer.challenge.startswith("Bearer "):
        answer = _head(url, f"Bearer {_token(answer.challenge, basic)}")
    if answer.status in (HTTPStatus.OK, HTTPStatus.NOT_FOUND):
        return answer.status == HTTPStatus.OK
    raise NotAskedError(f"{url} answered {answer.status}")


def _url(image: str) -> str:
    repository, _, digest = image.partition("@")
    host, _, path = repository.partition("/")
    if not ({".", ":"} & set(host) or host == "localhost"):
        host, path = DOCKER_HUB, repository if "/" in repository else f"library/{repository}"
    # As container engines do: plain HTTP for a registry of this machine, and for no other.
    scheme = "http" if LOOPBACK.fullmatch(host) else "https"
    return f"{scheme}://{host}/v2/{path}/manifests/{digest}"


def _head(url: str, authorization: str) -> _Answer:
    headers = {"Accept": MANIFESTS} | ({"Authorization": authorization} if authorization else {})
    request = Request(url, headers=headers, method="HEAD")  # noqa: S310 - http or https, from _url
    try:
        with opener(url).open(request, timeout=TIMEOUT_SECONDS) as response:
            return _Answer(response.status, "")
    except HTTPError as error:
        error.close()
        return _Answer(error.code, error.headers.get("WWW-Authenticate", ""))
    except (OSError, HTTPException) as error:
        raise NotAskedError(f"{url} does not answer ({getattr(error, 'reason', error)})") from None


def _token(challenge: str, basic: str) -> str:
    asked = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    realm = asked.pop("realm", "")
    parts = urlsplit(realm)
    # A password goes in clear to this machine only.
    if parts.scheme != "https" and not (parts.scheme == "http" and LOOPBACK.fullmatch(parts.netloc)):
        raise NotAskedError(f"a registry asks for a token from {realm!r}")
    request = Request(f"{realm}?{urlencode(asked)}", headers={"Authorization": basic} if basic else {})  # noqa: S310 - http(s), as seen above
    try:
        with opener(realm).open(request, timeout=TIMEOUT_SECONDS) as response:
            told = json.load(response)
        return str(told.get("token") or told["access_token"])
    except HTTPError as error:
        error.close()
        raise NotAskedError(f"{realm} gives no token (it answered {error.code})") from None
    except (OSError, HTTPException, ValueError, LookupError, AttributeError) as error:
        raise NotAskedError(f"{realm} gives no token ({getattr(error, 'reason', error)})") from None


def _basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
