"""Applies declarations to a cluster and waits until they have come true.

Owns in whose name that is done, whether fields are taken from others, and what is kept of an object that does not work.
"""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from lab.plugins import provider_options
from lab.plugins.cluster import Cluster, ClusterError
from lab.plugins.commands import CancelledError
from lab.plugins.kubernetes_await import AwaitError, Waiter
from lab.plugins.objects import PATCH_FIELD_MANAGER, PATCH_FORCE, annotation, identity
from lab.plugins.stand_in import NotReadyError

FIELD_MANAGER = "__fieldManager"  # under which a resource's state keeps its field manager
CONFLICT_HELP = (
    "Server-Side Apply field conflict detected: others have set fields that are declared here. Take them back with "
    "`enable_patch_force` of the provider or the annotation pulumi.com/patchForce"
)


class Applier:
    """Applies by the rules of one provider.

    Args:
        options: inputs of the Pulumi provider.
        cluster: that they name.
        waiter: of that cluster.
    """

    def __init__(self, options: Mapping[str, Any], cluster: Cluster, waiter: Waiter) -> None:
        self._options = options
        self._cluster = cluster
        self._waiter = waiter

    @property
    def is_server_side(self) -> bool:
        """Whether the server works out what a declaration changes, and tells fields that others have set."""
        return provider_options.is_on(self._options, "enableServerSideApply")

    def field_manager(self, state: Mapping[str, Any], declared: dict[str, Any]) -> str:
        """Who changes the object: one manager for each, so that others' changes are told from ours."""
        if not self.is_server_side:
            return "pulumi-kubernetes"
        named = annotation(declared, PATCH_FIELD_MANAGER) or state.get(FIELD_MANAGER)
        return str(named or f"pulumi-kubernetes-{secrets.token_hex(4)}")

    def apply(self, declared: dict[str, Any], owner: str, *, dry_run: bool) -> dict[str, Any]:
        """Apply a declaration. Client-side apply is one that takes every declared field from whoever has it.

        Raises:
            ClusterError: refused, or others have declared fields and nobody may take them.
            UnreachableError: nobody answers.
        """
        force = (
            not self.is_server_side
            or provider_options.is_on(self._options, "enablePatchForce")
            or annotation(declared, PATCH_FORCE).lower() == "true"
        )
        try:
            return self._cluster.apply(declared, owner, force=force, dry_run=dry_run)
        except ClusterError as error:
            if error.reason != "Conflict":
                raise
            message = f'{CONFLICT_HELP}\nThe resource managed by field manager "{owner}" had an apply conflict: {error}'
            raise ClusterError("Conflict", message) from error

    def wait(
        self, live: dict[str, Any], owner: str, seconds: float, say: Callable[[str], None], failed: str
    ) -> dict[str, Any]:
        """Wait until an object works; return it as it is then.

        Args:
            live: the object as it was applied.
            owner: its field manager.
            seconds: to wait at most; 0 for the default.
            say: is told what is waited for.
            failed: what an error begins with.

        Raises:
            NotReadyError: it does not, or nobody waits any more; the object as it is then goes into the state.
        """
        try:
            return self._waiter.wait(live, seconds, say)
        except AwaitError as error:
            now = with_owner(self._cluster.get(live) or live, owner)
            raise NotReadyError(f"{failed}: {error}", identity(live), now, error.problems) from error
        except CancelledError as error:  # what is there must not be forgotten
            message = f"{failed}: the operation was cancelled"
            raise NotReadyError(message, identity(live), with_owner(live, owner), []) from error


def with_owner(live: dict[str, Any], owner: str) -> dict[str, Any]:
    """A live object as a resource's state has it."""
    return live | {FIELD_MANAGER: owner}
