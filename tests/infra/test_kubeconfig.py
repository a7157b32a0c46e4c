"""Which cluster a stack means."""

import os
from pathlib import Path

import pytest

from infra.kubeconfig import Cluster, KubeconfigError, find
from tests.infra.loopback import kubeconfig

URL = "https://127.0.0.1:6443"


def test_the_ambient_kubeconfig_gives_its_current_context(tmp_path: Path) -> None:
    """Without configuration the cluster is that of KUBECONFIG's current context, and is known not to be chosen."""
    path = kubeconfig(tmp_path / "config", URL, "here", "there", current="there")

    assert find("", "", {"KUBECONFIG": path}) == Cluster("there", URL, "", path, chosen=False)


def test_a_configured_context_and_path_count(tmp_path: Path) -> None:
    """A configured path and context count, whatever the environment and the current context say."""
    path = kubeconfig(tmp_path / "config", URL, "here", "there", current="there")

    assert find(path, "here", {"KUBECONFIG": "/nowhere"}) == Cluster("here", URL, "", path, chosen=True)


def test_several_files_are_read_as_kubectl_reads_them(tmp_path: Path) -> None:
    """Of several files in KUBECONFIG the first that names a thing counts; one that is not there is passed over."""
    first = kubeconfig(tmp_path / "first", "https://first", "a", current="b")
    second = kubeconfig(tmp_path / "second", "https://second", "b", current="a")
    files = os.pathsep.join([str(tmp_path / "gone"), first, second])

    assert find("", "", {"KUBECONFIG": files}) == Cluster("b", "https://first", "", files, chosen=False)


@pytest.mark.parametrize(
    ("context", "current", "said"),
    [
        ("prod", "dev", "context 'prod' is not in .*it has dev, test.*pulumi config set kubeContext dev"),
        ("", "", "has no current context .*it has dev, test.*pulumi config set kubeContext dev"),
    ],
)
def test_a_context_that_is_not_there_is_named_with_those_that_are(
    tmp_path: Path, context: str, current: str, said: str
) -> None:
    """An unknown context, or none at all, is refused with the contexts that there are and the command."""
    path = kubeconfig(tmp_path / "config", URL, "test", "dev", current=current)

    with pytest.raises(KubeconfigError, match=said):
        find(path, context)


def test_no_kubeconfig_says_the_two_ways_out(tmp_path: Path) -> None:
    """Where there is no kubeconfig the error names where it was looked for, and the target that needs none."""
    with pytest.raises(KubeconfigError, match=r"gone does not exist.*kubeconfig PATH.*target local"):
        find("", "", {"KUBECONFIG": str(tmp_path / "gone")})
    with pytest.raises(KubeconfigError, match=r"cannot be read .*No such file"):
        find(str(tmp_path / "gone"), "")


@pytest.mark.parametrize("text", ["- a list", "{", "\tx: :", ""])
def test_another_file_is_no_kubeconfig(tmp_path: Path, text: str) -> None:
    """A file that is not a YAML mapping is refused by name."""
    path = tmp_path / "config"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(KubeconfigError, match="config is not a kubeconfig"):
        find(str(path), "")


def test_a_context_without_a_server_is_refused(tmp_path: Path) -> None:
    """A context whose cluster has no address is refused."""
    with pytest.raises(KubeconfigError, match="names no cluster with a server"):
        find(kubeconfig(tmp_path / "config", "", "dev", current="dev"), "")
