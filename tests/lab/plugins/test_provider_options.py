"""Settings of a provider, and what it means when they change."""

import json
from typing import Any

import pytest
from pulumi.runtime.proto.provider_pb2 import DiffResponse

from lab.plugins import provider_options
from lab.plugins.properties import UNKNOWN


def kubeconfig(server: str, user: str = "me") -> str:
    """A kubeconfig for a server."""
    context = {"name": "c", "context": {"cluster": "k", "user": user}}
    clusters = [{"name": "k", "cluster": {"server": server}}]
    return json.dumps({"current-context": "c", "contexts": [context], "clusters": clusters})


ONE = {"kubeconfig": kubeconfig("https://one")}
TWO = {"kubeconfig": kubeconfig("https://two")}


@pytest.mark.parametrize(
    ("before", "now", "replaces"),
    [
        (ONE, TWO, ["kubeconfig"]),
        (ONE, {"kubeconfig": kubeconfig("https://one", "you")}, []),
        (ONE | {"clusterIdentifier": "a"}, TWO | {"clusterIdentifier": "a"}, []),
        (ONE | {"clusterIdentifier": "a"}, ONE | {"clusterIdentifier": "b"}, ["clusterIdentifier"]),
        (ONE, ONE | {"clusterIdentifier": "a"}, []),
        (ONE, ONE | {"enablePatchForce": "true"}, []),
        (ONE, {"kubeconfig": UNKNOWN}, ["kubeconfig"]),
        (ONE | {"clusterIdentifier": "a"}, {"kubeconfig": UNKNOWN, "clusterIdentifier": "a"}, []),
        (ONE, ONE | {"context": "nowhere"}, []),
    ],
)
def test_another_cluster_replaces_what_was_made(
    before: dict[str, Any], now: dict[str, Any], replaces: list[str]
) -> None:
    """Another server does, unless an identifier says that it is the same cluster; any change is at least an update."""
    response = provider_options.difference(before, now)

    assert response.changes == DiffResponse.DIFF_SOME
    assert list(response.replaces) == replaces


def test_equal_inputs_are_no_difference() -> None:
    """Nothing changed: nothing to do."""
    assert provider_options.difference(ONE, dict(ONE)).changes == DiffResponse.DIFF_NONE


def test_settings_come_from_the_provider_then_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider's word counts first, then the variable's; server-side apply is on by itself."""
    assert provider_options.is_on({}, "enableServerSideApply")
    assert not provider_options.is_on({}, "enablePatchForce")
    monkeypatch.setenv("PULUMI_K8S_ENABLE_PATCH_FORCE", "true")

    assert provider_options.is_on({}, "enablePatchForce")
    assert not provider_options.is_on({"enablePatchForce": "false"}, "enablePatchForce")


def test_strict_mode_names_what_is_missing() -> None:
    """Both kubeconfig and context are wanted, and a provider of the program's own."""
    failures = provider_options.strict_mode_failures({"kubeconfig": ""}, is_default=True)

    assert [failure.property for failure in failures] == ["", "kubeconfig", "context"]
    assert not provider_options.strict_mode_failures({"kubeconfig": "k", "context": "c"}, is_default=False)
