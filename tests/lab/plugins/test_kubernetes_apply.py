"""In whose name a declaration is applied; how it is applied is tested with the provider."""

from pathlib import Path
from typing import Any

import pytest

from lab.plugins.cluster import Cluster, ClusterError
from lab.plugins.commands import Commands
from lab.plugins.kubernetes_apply import FIELD_MANAGER, Applier, with_owner
from lab.plugins.kubernetes_await import Waiter

SPACE: dict[str, Any] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}}


def applier(**options: str) -> Applier:
    """By the rules of a provider with such options."""
    cluster = Cluster({}, Commands())
    return Applier(options, cluster, Waiter(cluster, Commands()))


def test_every_object_has_a_field_manager_of_its_own() -> None:
    """A new one, else that of the state, else that of the annotation; client-side apply has one for all."""
    named = {"metadata": {"annotations": {"pulumi.com/patchFieldManager": "mine"}}}
    ours = applier()
    first, second = ours.field_manager({}, SPACE), ours.field_manager({}, SPACE)

    assert first.startswith("pulumi-kubernetes-")
    assert first != second
    assert ours.field_manager(with_owner({}, first), SPACE) == first
    assert ours.field_manager({FIELD_MANAGER: first}, named) == "mine"
    assert applier(enableServerSideApply="false").field_manager({FIELD_MANAGER: first}, SPACE) == "pulumi-kubernetes"


def test_only_a_conflict_tells_how_to_take_fields(cluster_files: Path) -> None:
    """The help stands in front of the server's words; any other refusal is just those words."""
    (cluster_files / "conflict").write_text("kubectl-edit", "utf-8")
    with pytest.raises(ClusterError, match=r'enable_patch_force(.|\n)*manager "me"(.|\n)*"kubectl-edit"'):
        applier().apply(SPACE, "me", dry_run=True)
    (cluster_files / "conflict").unlink()
    lost = SPACE | {"kind": "Service"}
    with pytest.raises(ClusterError, match=r"^namespaces .* not found$"):
        applier().apply(lost, "me", dry_run=True)
