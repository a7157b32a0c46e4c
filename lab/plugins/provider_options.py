"""The inputs of a Kubernetes provider: which of its settings are on, and what a change of them means.

Owns the rules by which another kubeconfig is the same cluster or another one (pulumi-kubernetes: DiffConfig), and those
of strict mode (CheckConfig).
"""

import os
from collections.abc import Mapping
from typing import Any

from pulumi.runtime.proto.provider_pb2 import CheckFailure, DiffResponse

from lab.plugins import kubeconfig
from lab.plugins.properties import UNKNOWN

CONNECTION = ("kubeconfig", "context", "cluster")
# Settings that a variable of the environment gives where the provider does not (pulumi-kubernetes: Configure).
VARIABLES = {
    "enableServerSideApply": "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY",
    "enablePatchForce": "PULUMI_K8S_ENABLE_PATCH_FORCE",
    "deleteUnreachable": "PULUMI_K8S_DELETE_UNREACHABLE",
    "enableConfigMapMutable": "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
    "enableSecretMutable": "PULUMI_K8S_ENABLE_SECRET_MUTABLE",
    "upsertExistingObjects": "PULUMI_K8S_UPSERT_EXISTING_OBJECTS",
}
DEFAULTS = {"enableServerSideApply": True}


def is_on(provider: Mapping[str, Any], name: str) -> bool:
    """Whether a setting is on: the provider's own word, else the environment's, else the default."""
    given = provider.get(name)
    if given is None:
        given = os.environ.get(VARIABLES[name])
    return DEFAULTS.get(name, False) if given is None else str(given).lower() == "true"


def strict_mode_failures(provider: Mapping[str, Any], *, is_default: bool) -> list[CheckFailure]:
    """What strict mode has against a provider: a default one, or one that leaves open which cluster it means."""
    failures = [CheckFailure(reason="strict mode prohibits default provider")] if is_default else []
    return failures + [
        CheckFailure(property=name, reason=f'strict mode requires Provider "{name}" argument')
        for name in ("kubeconfig", "context")
        if not provider.get(name)
    ]


def difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> DiffResponse:
    """What other inputs of a provider mean for what it has made: nothing, an update of itself, or all of it anew."""
    changed = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
    if not changed:
        return DiffResponse(changes=DiffResponse.DIFF_NONE)
    replaces = []
    old, new = before.get("clusterIdentifier"), now.get("clusterIdentifier")
    if old and new and old != new:
        replaces.append("clusterIdentifier")
    if not new or old != new:
        replaces += _other_cluster(before, now, changed)
    return DiffResponse(changes=DiffResponse.DIFF_SOME, diffs=changed, replaces=replaces)


def _other_cluster(before: Mapping[str, Any], now: Mapping[str, Any], changed: list[str]) -> list[str]:
    """The inputs that make it another cluster; none if it is the same, or the old one cannot be told any more."""
    unknown = [name for name in CONNECTION if now.get(name) == UNKNOWN]
    if unknown:
        return unknown
    old, new = kubeconfig.active_cluster(before), kubeconfig.active_cluster(now)
    return [name for name in CONNECTION if name in changed] if old and new and old != new else []
