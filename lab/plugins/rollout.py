"""Whether a Deployment's new pods serve, and if not, what keeps them.

Owns the judgement of one moment, from objects as the API has them, by the official provider's rules
(pulumi-kubernetes: await/deployment.go). Waiting is lab.plugins.kubernetes_await's. Logs are not looked at: the
official provider tells none.
"""

from dataclasses import dataclass, field
from typing import Any

REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True)
class Judgement:
    """How far something is.

    Args:
        done: nothing is left to wait for.
        progress: one line about what is waited for.
        problems: what stands in the way, a line each.
    """

    done: bool
    progress: str
    problems: list[str] = field(default_factory=list)


def judge(deployment: dict[str, Any], replica_sets: list[dict[str, Any]], pods: list[dict[str, Any]]) -> Judgement:
    """Judge a Deployment by the ReplicaSets and pods of its namespace."""
    metadata, status = deployment["metadata"], deployment.get("status") or {}
    if status.get("observedGeneration", 0) < metadata.get("generation", 0):
        return Judgement(done=False, progress="Waiting for the Deployment to be looked at")
    revision = (metadata.get("annotations") or {}).get(REVISION)
    current = [
        owned
        for owned in _owned_by(deployment, replica_sets)
        if revision and (owned["metadata"].get("annotations") or {}).get(REVISION) == revision
    ]
    if not current:
        return Judgement(done=False, progress="Waiting for a ReplicaSet", problems=_conditions_not_met(status))
    wanted = current[0]["spec"].get("replicas", 1)
    ready = (current[0].get("status") or {}).get("readyReplicas", 0)
    available = _holds(status, "Available")
    # A first revision is no rollout: nothing is progressing then.
    rolled_out = revision == "1" or _holds(status, "Progressing", reason="NewReplicaSetAvailable")
    problems = _conditions_not_met(status)
    if not available:
        problems.append("Minimum number of live Pods was not attained")
    elif not rolled_out or ready < wanted:
        problems.append("Attempted to roll forward to new ReplicaSet, but minimum number of Pods did not become live")
    problems += [line for pod in _owned_by(current[0], pods) for line in pod_problems(pod)]
    done = available and rolled_out and ready >= wanted
    progress = f"Waiting for the new pods to be available ({ready}/{wanted})"
    return Judgement(done=done, progress=progress, problems=[] if done else problems)


def pod_problems(pod: dict[str, Any]) -> list[str]:
    """Why a pod is not ready: where it cannot be placed, and what each of its containers waits for or died of."""
    metadata, status = pod["metadata"], pod.get("status") or {}
    if metadata.get("deletionTimestamp"):
        return []
    name = f"[Pod {metadata['namespace']}/{metadata['name']}]"
    problems = [
        f"{name}: [{condition.get('reason')}] {condition.get('message')}"
        for condition in status.get("conditions") or []
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False"
    ]
    containers = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    return problems + [f"{name}: {text}" for text in map(_container_problem, containers) if text]


def _container_problem(container: dict[str, Any]) -> str:
    """One container's trouble; empty if it has none."""
    state = container.get("state") or {}
    ended = state.get("terminated") or (container.get("lastState") or {}).get("terminated") or {}
    if waiting := state.get("waiting"):
        text = f"[{waiting.get('reason')}] {waiting.get('message', '')}".strip()
    elif state.get("terminated") and not ended.get("exitCode"):
        return ""  # an init container that has done its work
    elif container.get("ready"):
        return ""
    else:
        text = "is not ready"
    died = f"; it ended with exit code {ended.get('exitCode')} ({ended.get('reason')})" if ended else ""
    return f"container {container['name']!r}: {text}{died}"


def _owned_by(owner: dict[str, Any], things: list[dict[str, Any]]) -> list[dict[str, Any]]:
    uid = owner["metadata"]["uid"]
    return [
        thing
        for thing in things
        if any(reference.get("uid") == uid for reference in thing["metadata"].get("ownerReferences") or [])
    ]


def _holds(status: dict[str, Any], name: str, reason: str = "") -> bool:
    return any(
        condition.get("type") == name
        and condition.get("status") == "True"
        and (not reason or condition.get("reason") == reason)
        for condition in status.get("conditions") or []
    )


def _conditions_not_met(status: dict[str, Any]) -> list[str]:
    return [
        f"[{condition.get('reason')}] {condition.get('message')}"
        for condition in status.get("conditions") or []
        if condition.get("type") in {"Progressing", "Available"} and condition.get("status") != "True"
    ]
