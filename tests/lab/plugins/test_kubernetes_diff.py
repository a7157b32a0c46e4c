"""What changed declarations and live values mean."""

from typing import Any

import pytest
from pulumi.runtime.proto.provider_pb2 import DiffResponse, PropertyDiff

from lab.plugins import kubernetes_diff
from lab.plugins.properties import UNKNOWN


def deployment(name: str = "server", **spec: Any) -> dict[str, Any]:
    """A declared or live Deployment."""
    return {"kind": "Deployment", "metadata": {"name": name, "namespace": "web"}, "spec": spec}


def found(before: dict[str, Any], live: dict[str, Any], now: dict[str, Any]) -> dict[str, int]:
    """The changes as paths and kinds."""
    changes = kubernetes_diff.changes(before, live, now)
    return {kubernetes_diff.as_text(change.path): change.kind for change in changes}


def answer(before: dict[str, Any], now: dict[str, Any], **more: Any) -> DiffResponse:
    """What the engine is told where the live object is as it was declared."""
    changes = kubernetes_diff.changes(before, before, now)
    return kubernetes_diff.response(changes, before, now, more.pop("ignored", []), **more)


def test_no_change_is_none() -> None:
    """What was declared, is live and is declared again is no difference, however it is spelt."""
    declared = deployment(limits={"cpu": "0.5"}, hostNetwork=False, volumes=[])
    live = deployment(limits={"cpu": "500m"}, strategy={"type": "RollingUpdate"})

    assert found(declared, live, declared) == {}


def test_live_values_of_declared_fields_are_seen() -> None:
    """Edited, removed and shortened live values are differences; added ones are not."""
    declared = deployment(replicas=1, args=["a", "b"], env=[{"name": "A"}], labels={"x": "1"})
    live = deployment(replicas=2, args=["a"], env=[{"name": "A"}, {"name": "B"}], labels={"x": "1", "y": "2"}, more=1)

    assert found(declared, live, declared) == {"spec.replicas": PropertyDiff.UPDATE, "spec.args[1]": PropertyDiff.ADD}
    assert found(declared, deployment(), declared)["spec.labels"] == PropertyDiff.ADD


def test_changes_of_the_declaration_are_seen() -> None:
    """What is declared anew is added, what no longer is is deleted, and what is not known yet is an update."""
    before = deployment(replicas=1, args=["a", "b"], image="one")
    now = deployment(args=["a"], image=UNKNOWN, paused=True)

    assert found(before, before, now) == {
        "spec.args[1]": PropertyDiff.DELETE,
        "spec.image": PropertyDiff.UPDATE,
        "spec.paused": PropertyDiff.ADD,
        "spec.replicas": PropertyDiff.DELETE,
    }


@pytest.mark.parametrize(
    ("now", "replaced"),
    [
        (deployment(selector={"matchLabels": {"a": "2"}}), ["spec.selector.matchLabels.a"]),
        (deployment("other", selector={"matchLabels": {"a": "1"}}), ["metadata.name"]),
    ],
)
def test_some_changes_need_another_object(now: dict[str, Any], replaced: list[str]) -> None:
    """A selector or a name cannot change; the old object goes first only where the new one has its name."""
    response = answer(deployment(selector={"matchLabels": {"a": "1"}}), now)

    assert list(response.replaces) == replaced
    assert response.detailedDiff[replaced[0]].kind == PropertyDiff.UPDATE_REPLACE
    assert response.deleteBeforeReplace == (replaced != ["metadata.name"])


def test_an_automatic_name_lets_the_old_object_stay() -> None:
    """An object that was named for its declaration is replaced before it is deleted."""
    now = deployment(selector={"a": "2"})
    now["metadata"]["annotations"] = {"pulumi.com/autonamed": "true"}

    assert not answer(deployment(selector={"a": "1"}), now).deleteBeforeReplace


def test_data_of_a_config_map_is_immutable_unless_told() -> None:
    """Other data need another ConfigMap, but not where the provider has them mutable."""
    before, now = ({"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": text}} for text in "12")

    assert list(answer(before, now).replaces) == ["data.a"]
    assert not answer(before, now, mutable=frozenset({"ConfigMap"})).replaces
    assert answer(before, now | {"immutable": True}, mutable=frozenset({"ConfigMap"})).replaces


def test_ignored_changes_are_not_told() -> None:
    """A path covers what is below it, and nothing that only begins like it."""
    before, now = deployment(replicas=1, args=["a"]), deployment(replicas=2, args=["b"])

    assert list(answer(before, now, ignored=["spec.args"]).detailedDiff) == ["spec.replicas"]
    assert answer(before, now, ignored=["spec"]).changes == DiffResponse.DIFF_NONE
    assert len(answer(before, now, ignored=["spec.arg"]).detailedDiff) == 2


def test_paths_are_pulumis() -> None:
    """Indices and keys that are no names stand in brackets."""
    assert kubernetes_diff.as_text(("metadata", "labels", "app/name", 0, "x")) == 'metadata.labels["app/name"][0].x'
