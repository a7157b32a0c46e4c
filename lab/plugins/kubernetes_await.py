"""Waits until a created or changed object works, or a deleted one is gone.

Owns the waiting: for what, how long, and what is told meanwhile. As the official provider, with one difference: a
Service is done as soon as it has an endpoint, not ten seconds after the last change of its endpoints.
"""

import time
from collections.abc import Callable
from contextlib import nullcontext
from threading import Event
from typing import Any

from lab.plugins import rollout
from lab.plugins.cluster import OF_SERVICE, Cluster
from lab.plugins.commands import Commands
from lab.plugins.objects import SKIP_AWAIT, TIMEOUT, annotation
from lab.plugins.rollout import Judgement

DEFAULT_SECONDS = 600.0  # for Deployments and Services (pulumi-kubernetes)
EVERY_SECONDS = 1.0  # looked at again, also when nothing tells of a change: problems of pods change no Deployment
WORKS = Judgement(done=True, progress="")
NO_ENDPOINT = (
    "Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' may not match labels "
    "on any Pods"
)


class AwaitError(Exception):
    """What was waited for did not come about in time.

    Args:
        message: that, in one line.
        problems: why, a line each.
    """

    def __init__(self, message: str, problems: list[str]) -> None:
        super().__init__(message)
        self.problems = problems


class Waiter:
    """Waits for objects of a cluster."""

    def __init__(self, cluster: Cluster, commands: Commands) -> None:
        self._cluster = cluster
        self._commands = commands

    def wait(self, thing: dict[str, Any], seconds: float, say: Callable[[str], None]) -> dict[str, Any]:
        """Wait until an object works; return it as it is then.

        Args:
            thing: as the API server has returned it.
            seconds: to wait at most; 0 for the default.
            say: is told what is waited for.

        Raises:
            AwaitError: it does not work in time.
        """
        if annotation(thing, SKIP_AWAIT).lower() == "true":
            return thing
        deadline = time.monotonic() + _limit(thing, seconds)
        now, judgement = self.judge(thing)
        said = ""
        # The watch tells at once of the object as it then is: what changes before it begins is not missed.
        with nullcontext(Event()) if judgement.done else self._cluster.watch(thing) as changed:
            while not judgement.done:
                if time.monotonic() >= deadline:
                    raise AwaitError(f"'{thing['metadata']['name']}' timed out waiting to be Ready", judgement.problems)
                line = "; ".join([judgement.progress, *judgement.problems[:1]])
                if line != said:
                    say(line)
                    said = line
                self._until(changed)
                now, judgement = self.judge(thing)
        say("")  # nothing is waited for any more
        return now

    def judge(self, thing: dict[str, Any]) -> tuple[dict[str, Any], Judgement]:
        """An object as it is now, and how far it is. Most kinds work as soon as they are there."""
        if thing["kind"] == "Deployment":
            return self._judge_deployment(thing)
        return thing, self._judge_service(thing) if thing["kind"] == "Service" else WORKS

    def wait_until_gone(self, thing: dict[str, Any], seconds: float, say: Callable[[str], None]) -> None:
        """Wait until an object is no more.

        Raises:
            AwaitError: it is still there.
        """
        deadline = time.monotonic() + _limit(thing, seconds)
        name = f"{thing['kind']} {thing['metadata']['name']!r}"
        say(f"Waiting until {name} is gone")
        with self._cluster.watch(thing) as changed:
            while self._cluster.get(thing) is not None:
                if time.monotonic() >= deadline:
                    raise AwaitError(f"{name} still exists", [])
                self._until(changed)

    def _until(self, changed: Event) -> None:
        """Wait until something has changed, or a while."""
        changed.wait(EVERY_SECONDS)
        changed.clear()
        self._commands.pause(0)

    def _judge_deployment(self, thing: dict[str, Any]) -> tuple[dict[str, Any], Judgement]:
        name, namespace = thing["metadata"]["name"], thing["metadata"]["namespace"]
        found = self._cluster.items("deployments,replicasets,pods", namespace)
        of_kind = {kind: [one for one in found if one["kind"] == kind] for kind in ("Deployment", "ReplicaSet", "Pod")}
        named = [one for one in of_kind["Deployment"] if one["metadata"]["name"] == name]
        if not named:
            return thing, Judgement(done=False, progress="Waiting for the Deployment", problems=["it was deleted"])
        return named[0], rollout.judge(named[0], of_kind["ReplicaSet"], of_kind["Pod"])

    def _judge_service(self, service: dict[str, Any]) -> Judgement:
        spec, metadata = service["spec"], service["metadata"]
        if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None":
            return WORKS
        of_service = f"--selector={OF_SERVICE}={metadata['name']}"
        slices = self._cluster.items("endpointslices", metadata["namespace"], of_service)
        endpoints = [endpoint for part in slices for endpoint in part.get("endpoints") or []]
        if not any((endpoint.get("conditions") or {}).get("ready", True) for endpoint in endpoints):
            return Judgement(done=False, progress="Finding Pods to direct traffic to", problems=[NO_ENDPOINT])
        if spec.get("type") == "LoadBalancer":
            now = self._cluster.get(service) or {}
            if not ((now.get("status") or {}).get("loadBalancer") or {}).get("ingress"):
                unallocated = "Service was not allocated an IP address; does your cloud provider support this?"
                return Judgement(done=False, progress="Waiting for an address", problems=[unallocated])
        return WORKS


def _limit(thing: dict[str, Any], seconds: float) -> float:
    """What the operation allows, else what the object's annotation says, else the default."""
    annotated = annotation(thing, TIMEOUT)
    return seconds or (float(annotated) if annotated.isdigit() else DEFAULT_SECONDS)
