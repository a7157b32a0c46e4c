"""The pods behind a Service, asked one by one through the API server.

Owns the way there: which pods count, and the API server's pod proxy. What is asked and what an answer means is rest's
and prediction_check's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from infra import kubeconfig
from infra.pod import REST_PORT
from infra.rest import Answer, NoAnswerError

LIST_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class Pod:
    """A pod that receives requests, and the client that reaches it."""

    name: str
    namespace: str
    api: Any

    def url(self, path: str) -> str:
        """The proxied URL of a path of the pod's model server."""
        return (
            f"{self.api.configuration.host}/api/v1/namespaces/{self.namespace}/pods/{self.name}:{REST_PORT}/proxy{path}"
        )

    def ask(self, method: str, url: str, body: dict[str, Any] | None, timeout: float) -> Answer:
        """Ask the pod; as `rest.ask`, but with the credentials of the kubeconfig."""
        try:
            return ask(self.api, method, url, body, timeout)
        except NoAnswerError as error:
            raise NoAnswerError(f"pod {self.name} does not answer ({error})") from None


def connect(kubeconfig_path: str, context: str) -> Any:
    """A client of the API server; "" stands for the ambient kubeconfig and its current context.

    Raises:
        NoAnswerError: there is no such kubeconfig or context.
    """
    config = _library().config
    try:
        cluster = kubeconfig.find(kubeconfig_path, context)
        return config.new_client_from_config(config_file=kubeconfig_path or None, context=cluster.context)
    except (config.ConfigException, kubeconfig.KubeconfigError) as error:
        raise NoAnswerError(str(error)) from None


def ask(api: Any, method: str, url: str, body: Any, timeout: float) -> Answer:
    """Ask the API server, with the credentials of the kubeconfig, at a URL or a path of its own.

    Raises:
        NoAnswerError: it does not answer.
    """
    url = f"{api.configuration.host}{url}" if url.startswith("/") else url
    headers = {"Content-Type": "application/json"}
    api.update_params_for_auth(headers, [], ["BearerToken"], url, method, body)
    try:
        response = api.rest_client.request(method, url, headers=headers, body=body, _request_timeout=timeout)
    except _errors() as error:
        raise NoAnswerError(_reason(error)) from None
    return Answer(response.status, response.read())


def ready(namespace: str, app: str, kubeconfig_path: str, context: str) -> list[Pod]:
    """The pods with this `app` label that are ready and stay: one that is told to go serves on for a while.

    Raises:
        NoAnswerError: the cluster does not answer, refuses, or has no such pod.
    """
    api = connect(kubeconfig_path, context)
    names = [pod["metadata"]["name"] for pod in staying(namespace, app, api) if is_ready(pod)]
    if not names:
        raise NoAnswerError(f"no pod of {app} is ready in namespace {namespace}")
    return [Pod(name, namespace, api) for name in sorted(names)]


def staying(namespace: str, app: str, api: Any) -> list[dict[str, Any]]:
    """The pods with this `app` label that are not told to go, ready or not, as the API server has them.

    Raises:
        NoAnswerError: the cluster does not answer, or refuses.
    """
    path = f"/api/v1/namespaces/{namespace}/pods?labelSelector=app%3D{quote(app)}"
    try:
        answer = ask(api, "GET", path, None, LIST_TIMEOUT_SECONDS)
    except NoAnswerError as error:
        raise NoAnswerError(f"the pods of {app} in {namespace} cannot be listed: {error}") from None
    document = json.loads(answer.body)
    if answer.status != HTTPStatus.OK:
        raise NoAnswerError(f"the pods of {app} in {namespace} cannot be listed: {document.get('message')}")
    return [pod for pod in document["items"] if not pod["metadata"].get("deletionTimestamp")]


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Whether a pod receives requests."""
    conditions = pod["status"].get("conditions") or []
    return any(found["type"] == "Ready" and found["status"] == "True" for found in conditions)


def _library() -> Any:
    import kubernetes  # noqa: PLC0415 - it takes a third of a second, and an operation that asks no pod needs none of it

    return kubernetes


def _errors() -> tuple[type[Exception], ...]:
    """What the client raises where there is no answer, or a refusal."""
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - as above

    return _library().client.ApiException, HTTPError


def _reason(error: Any) -> str:
    try:
        return str(json.loads(error.body)["message"])  # the API server's own words
    except (AttributeError, KeyError, TypeError, ValueError):
        return str(getattr(error, "reason", error))
