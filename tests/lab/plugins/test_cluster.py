"""Which kubectl commands ask what, and what their answers mean."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.plugins.cluster import Cluster, ClusterError, UnreachableError
from lab.plugins.commands import Commands
from tests.lab.stubs import write_program

SPACE: dict[str, Any] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}}
KUBECONFIG = json.dumps({"kind": "Config", "clusters": []})


def cluster(**provider: str) -> Cluster:
    """A cluster as a provider names it."""
    return Cluster(provider, Commands())


def last_call(files: Path) -> list[str]:
    """The last kubectl command line."""
    return (files / "calls").read_text("utf-8").splitlines()[-1].split()


def answering(monkeypatch: pytest.MonkeyPatch, folder: Path, errors: str) -> None:
    """Put a kubectl first on PATH whose every command fails with the same words; only the API's version it tells."""
    (folder / "errors").write_text(errors, "utf-8")
    script = f'case "$*" in *--raw=/version*) exit 0;; esac; cat {folder}/errors >&2; exit 1'
    write_program(folder / "bin", "kubectl", script)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:/usr/bin:/bin")


def test_objects_come_and_go(cluster_files: Path) -> None:
    """What was applied can be got and listed until it is deleted; a second deletion is no error."""
    here = cluster()
    assert here.get(SPACE) is None
    here.apply(SPACE, "me", force=False, dry_run=False)

    assert here.get(SPACE) == here.items("namespaces", "web")[0]
    here.delete(SPACE)
    here.delete(SPACE)
    assert here.get(SPACE) is None
    assert "--cascade=foreground" in (cluster_files / "calls").read_text("utf-8")


def test_a_change_is_told(cluster_files: Path) -> None:
    """A watched object is told when it is looked at first and when it has changed; afterwards no kubectl runs."""
    here = cluster()
    here.apply(SPACE, "me", force=False, dry_run=False)
    with here.watch(SPACE) as changed:
        assert changed.wait(10)
        changed.clear()
        assert not changed.wait(0.3)
        here.delete(SPACE)
        assert changed.wait(10)

    watched = [call for call in (cluster_files / "calls").read_text("utf-8").splitlines() if "--watch" in call]
    assert watched == ["get --filename=- --watch --output=name"]


def test_a_service_is_watched_by_its_endpoints(cluster_files: Path) -> None:
    """The Service itself does not change when its pods become ready."""
    with cluster().watch({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "n"}}) as told:
        assert told.wait(10)

    selector = "--selector=kubernetes.io/service-name=s"
    assert last_call(cluster_files)[:4] == ["get", "endpointslices", "--namespace=n", selector]


def test_the_provider_names_the_cluster(cluster_files: Path) -> None:
    """Context and kubeconfig become options; contents go into a file of the user's own, which is removed at last."""
    named = cluster(kubeconfig=KUBECONFIG, context="lab")
    named.get(SPACE)
    options = dict(option.split("=", 1) for option in last_call(cluster_files) if "=" in option)
    written = Path(options["--kubeconfig"])

    assert options["--context"] == "lab"
    assert written.read_text("utf-8") == KUBECONFIG
    assert written.stat().st_mode & 0o077 == 0
    named.close()
    assert not written.exists()


def test_a_path_is_used_as_it_is(cluster_files: Path, tmp_path: Path) -> None:
    """A kubeconfig given as a path is neither copied nor removed."""
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG, "utf-8")
    named = cluster(kubeconfig=str(path))
    named.get(SPACE)
    named.close()

    assert f"--kubeconfig={path}" in last_call(cluster_files)
    assert path.exists()


def test_a_cluster_that_does_not_answer_is_unreachable(cluster_files: Path) -> None:
    """The reason is kubectl's first word on it."""
    (cluster_files / "down").touch()
    with pytest.raises(UnreachableError, match=r"^The connection to the server 127.0.0.1:1 was refused"):
        cluster().get(SPACE)


def test_without_kubectl_there_is_no_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That kubectl is missing is the reason then, unless one lies beside the kubeconfig."""
    monkeypatch.setenv("PATH", "")
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG, "utf-8")
    for here in (cluster(), cluster(kubeconfig=str(path))):
        with pytest.raises(UnreachableError, match="no kubectl on PATH"):
            here.get(SPACE)
    write_program(tmp_path, "kubectl", "echo '{\"items\": [{}]}'")
    assert cluster(kubeconfig=str(path)).get(SPACE) == {}


def test_an_object_that_may_not_be_seen_is_not_gone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only the server's word that it is not there makes an object one that is gone."""
    answering(monkeypatch, tmp_path, "Error from server (Forbidden): not you")
    with pytest.raises(ClusterError, match="not you"):
        cluster().get(SPACE)


@pytest.mark.parametrize(
    ("errors", "reason", "message"),
    [
        ('Error from server (Forbidden): error when creating "STDIN": not you', "Forbidden", "not you"),
        ("Error from server: etcd is sad", "", "etcd is sad"),
        (
            'The Service "s" is invalid: spec.ports[0]: taken',
            "Invalid",
            'The Service "s" is invalid: spec.ports[0]: taken',
        ),
        (
            'Warning: old\nerror: Apply failed with 2 conflicts: with "x":\n- .a\n- .b\nPlease review the fields above',
            "Conflict",
            'Apply failed with 2 conflicts: with "x":\n- .a\n- .b',
        ),
        ("E0102 03:04 memcache.go\nerror: something else", "", "error: something else"),
    ],
)
def test_refusals_are_the_servers_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, errors: str, reason: str, message: str
) -> None:
    """What kubectl puts around the server's answer goes; the reason stays."""
    answering(monkeypatch, tmp_path, errors)
    with pytest.raises(ClusterError) as refusal:
        cluster().apply(SPACE, "me", force=False, dry_run=True)

    assert (refusal.value.reason, str(refusal.value)) == (reason, message)
