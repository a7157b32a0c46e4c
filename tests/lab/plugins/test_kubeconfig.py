"""What kubeconfigs say, as paths and as contents."""

import json
from pathlib import Path

import pytest

from lab.plugins import kubeconfig
from lab.plugins.kubeconfig import KubeconfigError

YAML = """
current-context: one
contexts:
- name: one
  context: {cluster: here}
- name: two
  context: {cluster: there, namespace: web}
clusters:
- name: here
  cluster: {server: "https://here"}
- name: there
  cluster: {server: "https://there"}
"""


def test_the_active_cluster_is_that_of_the_context(tmp_path: Path) -> None:
    """The provider's context counts before the current one, its cluster before the context's; a path will do."""
    path = tmp_path / "kubeconfig"
    path.write_text(YAML, "utf-8")

    assert kubeconfig.active_cluster({"kubeconfig": YAML}) == {"server": "https://here"}
    assert kubeconfig.active_cluster({"kubeconfig": str(path), "context": "two"}) == {"server": "https://there"}
    assert kubeconfig.active_cluster({"kubeconfig": str(path), "cluster": "there"}) == {"server": "https://there"}


def test_what_cannot_be_told_is_none(tmp_path: Path) -> None:
    """No file, no context or no kubeconfig at all: there is no active cluster."""
    gone = {"kubeconfig": str(tmp_path / "none")}

    assert kubeconfig.active_cluster(gone) is None
    assert kubeconfig.active_cluster({"kubeconfig": YAML, "context": "three"}) is None
    assert kubeconfig.active_cluster({}) is None
    assert kubeconfig.namespace(gone) == "default"


def test_the_namespace_is_the_providers_or_the_contexts() -> None:
    """The provider's own namespace counts first, then the context's, then `default`."""
    assert kubeconfig.namespace({"kubeconfig": YAML, "context": "two", "namespace": "own"}) == "own"
    assert kubeconfig.namespace({"kubeconfig": YAML, "context": "two"}) == "web"
    assert kubeconfig.namespace({"kubeconfig": YAML}) == "default"


def test_contents_may_be_json() -> None:
    """JSON is read as such, on one line too."""
    assert kubeconfig.contents(json.dumps({"kind": "Config"})) == {"kind": "Config"}
    assert kubeconfig.as_path(json.dumps({"kind": "Config"})) is None


@pytest.mark.parametrize("given", ["a: [\nb", "one\ntwo"])
def test_text_that_is_no_kubeconfig_is_refused(given: str) -> None:
    """Broken YAML, or YAML that is no mapping, is told."""
    with pytest.raises(KubeconfigError, match="the text given as kubeconfig is not a kubeconfig"):
        kubeconfig.contents(given)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The error names the path."""
    with pytest.raises(KubeconfigError, match=r"kubeconfig .*/none cannot be read"):
        kubeconfig.contents(str(tmp_path / "none"))
