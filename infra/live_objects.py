"""The Deployment and the Service as they are in the cluster, against what the program declared of them.

Owns the comparison and the patch that undoes a difference. What the Kubernetes plugin compares are the declared fields
only; here an addition beside them counts too. The cluster itself says what the declaration means: it is replaced by
itself in a dry run, which fills in every default, and the result is compared with what is there.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from infra.finding import Finding
from infra.rest import Answer, NoAnswerError

# Kind to the path of its objects (Kubernetes API reference).
PATHS = {
    "Deployment": "/apis/apps/v1/namespaces/{namespace}/deployments/{name}",
    "Service": "/api/v1/namespaces/{namespace}/services/{name}",
}
Ask = Callable[[str, str, Any], Answer]
"""How the API server is asked: method, path, JSON body."""
Operation = dict[str, Any]
"""One step of a JSON patch (RFC 6902)."""


def findings(declared: Mapping[str, Any], ask: Ask, kubectl: str, up: str) -> list[Finding]:
    """What is not as declared about one object.

    Args:
        declared: the object as the program declared it: the inputs of the resource in the state.
        ask: the way to the API server.
        kubectl: the command, with the options that lead to the cluster.
        up: the `pulumi up` of the stack.

    Raises:
        NoAnswerError: the cluster does not answer, or refuses.
    """
    kind, metadata = declared["kind"], declared["metadata"]
    named = f"{kind} {metadata['namespace']}/{metadata['name']}"
    path = PATHS[kind].format(**metadata)
    live = _document(ask("GET", path, None))
    if live is None:
        return [Finding(f"{named} is gone", f"{up} --refresh")]
    body = {key: declared[key] for key in ("apiVersion", "kind", "metadata", "spec")}
    wanted = _document(ask("PUT", f"{path}?dryRun=All", body)) or {}
    patch = _labels(live, metadata) + operations(live["spec"], wanted["spec"], "/spec")
    if not patch:
        return []
    words = ", ".join(_words(step, live) for step in patch)
    if all(step["op"] != "remove" for step in patch):
        return [Finding(f"{named}: {words}", f"{up} --refresh")]
    # The plugin sees no addition: this one command undoes all of it, as a rolling update.
    command = f"{kubectl} --namespace {metadata['namespace']} patch {kind.lower()} {metadata['name']} --type=json"
    return [Finding(f"{named}: {words}", f"{command} --patch {shlex.quote(json.dumps(patch))}")]


def operations(live: Any, wanted: Any, path: str) -> list[Operation]:
    """The steps that make a live value the wanted one, in an order in which they can be taken."""
    if isinstance(live, dict) and isinstance(wanted, dict):
        steps: list[Operation] = []
        for key in sorted(live.keys() | wanted.keys()):
            at = f"{path}/{_escaped(key)}"
            if key not in wanted:
                steps.append({"op": "remove", "path": at})
            elif key not in live:
                steps.append({"op": "add", "path": at, "value": wanted[key]})
            else:
                steps += operations(live[key], wanted[key], at)
        return steps
    if isinstance(live, list) and isinstance(wanted, list) and len(live) >= len(wanted):
        # Last first: every step leaves the positions of those to come as they are.
        surplus = [{"op": "remove", "path": f"{path}/{at}"} for at in reversed(range(len(wanted), len(live)))]
        pairs = enumerate(zip(live, wanted, strict=False))
        return surplus + [step for at, (one, other) in pairs for step in operations(one, other, f"{path}/{at}")]
    return [] if live == wanted else [{"op": "replace", "path": path, "value": wanted}]


def _labels(live: Mapping[str, Any], metadata: Mapping[str, Any]) -> list[Operation]:
    """Steps for the declared labels and annotations of the object itself; others may be anybody's."""
    return [
        {"op": "add", "path": f"/metadata/{part}/{_escaped(key)}", "value": value}
        for part in ("labels", "annotations")
        for key, value in (metadata.get(part) or {}).items()
        if (live["metadata"].get(part) or {}).get(key) != value
    ]


def _escaped(key: str) -> str:
    """A key as a step of a path (JSON pointer, RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def _words(step: Operation, live: Mapping[str, Any]) -> str:
    """A step as people read it. The value of an addition is not shown: it may be a secret."""
    keys = [key.replace("~1", "/").replace("~0", "~") for key in step["path"].split("/")[1:]]
    where = ".".join(keys)
    if step["op"] == "remove":
        return f"{where} was added"
    if step["op"] == "add":
        return f"{where} is not as declared"
    found: Any = live
    for key in keys:
        found = found[int(key)] if isinstance(found, list) else found[key]
    plain = not isinstance(found, dict | list)
    return f"{where} is {json.dumps(found)}, declared {json.dumps(step['value'])}" if plain else f"{where} was changed"


def _document(answer: Answer) -> dict[str, Any] | None:
    """The object that came back; None for one that is not there."""
    document: dict[str, Any] = json.loads(answer.body)
    if answer.status == 404:
        return None
    if answer.status >= 300:
        raise NoAnswerError(f"the cluster answered {answer.status}: {document.get('message')}")
    return document
