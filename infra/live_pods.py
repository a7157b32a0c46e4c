"""The pods that get a Service's requests, one by one: whose they are, which image they run, what they answer.

Owns the judgement of a pod. Does not own the way to it (pods) nor the comparison of answers (prediction_check).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra import pods, prediction_check, rest
from infra.finding import Finding
from model.manifest import GoldenExample


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What every pod should be.

    Attributes:
        namespace: where the pods are.
        app: value of their `app` label.
        container: name of the one that serves.
        image: its image, by digest.
        replicas: how many there should be.
        check: inputs of the PredictionCheck: model name, digest, version.
    """

    namespace: str
    app: str
    container: str
    image: str
    replicas: int
    check: Mapping[str, Any]


def findings(declared: Declared, golden: Sequence[GoldenExample], api: Any, kubectl: str) -> list[Finding]:
    """What is not as declared about the pods.

    Raises:
        NoAnswerError: the cluster does not answer, or refuses.
    """
    staying = pods.staying(declared.namespace, declared.app, api)
    ready = [pod for pod in staying if pods.is_ready(pod)]
    found = []
    if len(ready) != declared.replicas:
        command = f"{kubectl} --namespace {declared.namespace} describe pods --selector app={declared.app}"
        found = [Finding(f"{len(ready)} pods are ready, declared {declared.replicas}", f"see why: {command}")]
    for pod in staying:
        name = pod["metadata"]["name"]
        if faults := _faults(pod, declared, golden, api if pod in ready else None):
            remove = f"{kubectl} --namespace {declared.namespace} delete pod {name}"
            found.append(Finding(f"pod {name}: {', '.join(faults)}", remove))
    return found


def _faults(pod: Mapping[str, Any], declared: Declared, golden: Sequence[GoldenExample], api: Any | None) -> list[str]:
    faults = []
    owners = pod["metadata"].get("ownerReferences") or []
    if not any(owner["kind"] == "ReplicaSet" for owner in owners):
        faults.append("it is not the Deployment's, and gets requests")
    for container in pod["status"].get("containerStatuses") or []:
        runs = container.get("imageID", "")
        # Some runtimes tell the digest of the image's configuration, which is another one: without a repository.
        if container["name"] == declared.container and "@" in runs and _digest(runs) != _digest(declared.image):
            faults.append(f"container {container['name']} runs {runs}, declared {declared.image}")
    if api is None:
        return faults
    place = prediction_check.place_of(
        pods.Pod(pod["metadata"]["name"], declared.namespace, api), declared.check["modelName"]
    )
    try:
        prediction_check.require(place, golden, dict(declared.check))
    except rest.NoAnswerError as error:
        faults.append(str(error))
    return faults


def _digest(image: str) -> str:
    return image.rpartition("@")[2]
