"""The stand-ins for the official plugins, held to what those were measured to do on the same kind of cluster.

The real CLI, a real cluster, engine and registry; a namespace of its own. Needs the lab and no official plugin.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import pulumi_cli
from lab.cluster.places import BASE_IMAGE
from tests.e2e.dev_stack import KUBECONFIG
from tests.e2e.plugins_stack import PluginsStack

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("_lab")]
CONTAINER = ".spec.template.spec.containers[0]"
PODS = "/spec/template/spec/containers/0"
# Hand edits of declared fields: the field as a JSONPath, what to, and what a conflict calls it.
DECLARED = {
    ("deployment", ".spec.replicas"): ("2", ".spec.replicas"),
    ("deployment", f"{CONTAINER}.env[0].value"): ('"red"', '.env[name="COLOUR"].value'),
    ("deployment", f"{CONTAINER}.args[1]"): ('"-d"', ".args"),
    ("service", ".spec.selector.app"): ('"other"', ".spec.selector"),
    ("service", ".spec.ports[0].nodePort"): ("30199", ".nodePort"),
}
# Additions that were never declared: where, and what.
ADDED = {
    ("deployment", f"{CONTAINER}.env[1].name"): (f"{PODS}/env/-", '{"name": "EXTRA", "value": "1"}'),
    ("deployment", f"{CONTAINER}.args[3]"): (f"{PODS}/args/-", '"--bind=0.0.0.0"'),
    ("service", ".spec.selector.tier"): ("/spec/selector/tier", '"x"'),
}


@pytest.fixture(scope="module")
def deployed(_lab: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PluginsStack]:
    """The stack, up; at last it is destroyed, and nothing of it is left."""
    stack = PluginsStack(tmp_path_factory.mktemp("plugins"), pulumi_cli.obtain_here())
    stack.up()
    yield stack
    stack.succeeds("destroy", "--yes", "--skip-preview")
    assert stack.namespace not in stack.by_hand("get", "namespaces", "--output=name")


@pytest.fixture
def served(deployed: PluginsStack) -> Iterator[PluginsStack]:
    """The stack as the program declares it, before and after; whatever a test has configured is taken back."""
    yield deployed
    deployed.restore()
    if deployed.pulumi("up", "--yes", "--skip-preview", "--refresh").status != 0:
        deployed.up()  # the provider in the state may be one that reaches nothing, and a refresh uses that one
        deployed.up("--refresh")


def test_it_serves_and_nothing_is_left_to_do(served: PluginsStack) -> None:
    """The node port answers with the image's file, the image is named by digest, and previews see nothing."""
    served.serves("one")

    assert served.succeeds("stack", "output", "image").startswith(f"localhost:5000/{served.namespace}@sha256:")
    served.succeeds("preview", "--expect-no-changes")
    served.sees_nothing()


def test_a_changed_file_is_built_and_rolled_out(served: PluginsStack) -> None:
    """A file of the context changes: image and Deployment are updated, and the new file is served."""
    served.write("page", "two")

    assert "2 to update" in served.succeeds("preview")
    assert "2 updated" in served.up()
    served.serves("two")
    served.write("page", "one")


@pytest.mark.parametrize("kind", ["deployment", "service"])
def test_changed_fields_conflict_or_are_taken_back(served: PluginsStack, kind: str) -> None:
    """Hand edits of declared fields: without patch force conflicts that undo nothing, with it found and undone."""
    edits = {field: edit for (of_kind, field), edit in DECLARED.items() if of_kind == kind}
    before = {field: served.live(kind, field) for field in edits}
    served.configure(force="false")
    served.up()
    for field, (value, _) in edits.items():
        served.patch(kind, "replace", field, value)
    edited = {field: served.live(kind, field) for field in edits}
    assert not {field for field in edits if edited[field] == before[field]}
    preview = served.fails("preview", "--refresh")
    up = served.fails("up", "--refresh", "--yes", "--skip-preview")

    for _, name in edits.values():
        assert name in preview, preview
        assert name in up, up
    assert f'Apply failed with {len(edits)} conflicts: conflicts with "kubectl-patch"' in preview
    assert {field: served.live(kind, field) for field in edits} == edited
    served.configure(force="true")
    served.fails("preview", "--refresh", "--expect-no-changes")
    served.up("--refresh")
    assert {field: served.live(kind, field) for field in edits} == before
    served.sees_nothing()


def test_another_image_is_taken_back(served: PluginsStack) -> None:
    """`kubectl set image` is found and undone; without patch force it is a conflict with that command."""
    before = served.live("deployment", f"{CONTAINER}.image")
    served.configure(force="false")
    served.up()
    served.by_hand("set", "image", "deployment/folder", f"http={BASE_IMAGE}")

    assert 'conflict with "kubectl-set"' in served.fails("preview", "--refresh")
    served.configure(force="true")
    assert "image: " in served.succeeds("preview", "--refresh", "--diff")
    served.up("--refresh")
    assert served.live("deployment", f"{CONTAINER}.image") == before


@pytest.mark.parametrize("force", ["true", "false"])
def test_what_was_added_is_not_seen(served: PluginsStack, force: str) -> None:
    """An added variable, argument or selector key is neither shown nor undone, as with the official plugin."""
    served.configure(force=force)
    served.up()
    for (kind, _), (path, value) in ADDED.items():
        served.by_hand(
            "patch", kind, "folder", "--type=json", f'--patch=[{{"op": "add", "path": "{path}", "value": {value}}}]'
        )
    served.settle()

    served.sees_nothing()
    assert "6 unchanged" in served.up("--refresh")
    assert all(served.live(*field) for field in ADDED)
    for kind, field in ADDED:
        served.patch(kind, "remove", field.removesuffix(".name"))
    served.settle()


def test_what_was_deleted_is_made_again(served: PluginsStack) -> None:
    """Deleted objects are found by a refresh and created again."""
    served.by_hand("delete", "deployment,service", "folder")

    assert "2 to create" in served.succeeds("preview", "--refresh")
    assert "2 created" in served.up("--refresh")
    served.serves("one")


def test_another_address_of_the_same_cluster_replaces_nothing(served: PluginsStack, tmp_path: Path) -> None:
    """With an identifier another server URL is an update of the provider; without one, all would be replaced."""
    other = tmp_path / "kubeconfig"
    other.write_text(KUBECONFIG.read_text("utf-8").replace("127.0.0.1", "localhost"), "utf-8")
    served.configure(kubeconfig=str(other))

    assert "1 to update" in served.succeeds("preview")
    served.configure(kubeconfig=str(KUBECONFIG), clusterIdentifier="")
    assert "1 to update" in served.succeeds("preview")
    served.up()
    served.configure(kubeconfig=str(other))
    assert "4 to replace" in served.succeeds("preview")


def test_an_unreachable_cluster_is_silent_until_up(served: PluginsStack, tmp_path: Path) -> None:
    """A cluster that does not answer, or a context that is not there: no word in a preview, an error at `up`."""
    dead = tmp_path / "kubeconfig"
    dead.write_text(KUBECONFIG.read_text("utf-8").replace("6443", "1"), "utf-8")
    for change, reason in ({"kubeconfig": str(dead)}, "refused"), ({"context": "nowhere"}, "nowhere"):
        served.configure(port="8502", **change)

        assert "warning" not in served.succeeds("preview")
        said = served.fails("up", "--yes", "--skip-preview")
        assert "configured Kubernetes cluster is unreachable" in said
        assert reason in said
        served.restore()


def test_an_engine_that_is_down_fails_even_a_preview(served: PluginsStack) -> None:
    """Without an engine nothing goes, not even where nothing is to be done."""
    said = served.fails("preview", DOCKER_HOST="unix:///nowhere")
    expected = "docker native provider returned an unexpected error from Configure: failed to connect to any docker"

    assert expected in said


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({"port": "nonsense"}, {"exit code 2"}),
        ({"image": "localhost:5000/nothing:1"}, {"ErrImagePull", "ImagePullBackOff"}),
    ],
)
def test_pods_that_do_not_come_up_are_told(served: PluginsStack, change: dict[str, str], reasons: set[str]) -> None:
    """`up` ends when its time is over and names the pod and why; the old pod serves on; the next `up` mends it."""
    served.configure(**change)
    said = served.fails("up", "--yes", "--skip-preview")

    assert "'folder' timed out waiting to be Ready" in said
    assert f"[Pod {served.namespace}/folder-" in said
    assert any(reason in said for reason in reasons), said
    served.serves("one")
    served.restore()
    assert "1 updated" in served.up()


def test_an_object_that_is_there_is_not_taken_over(served: PluginsStack) -> None:
    """A preview does not notice that an object is there; `up` refuses to touch it."""
    served.succeeds("state", "delete", "urn:pulumi:lab::folder::kubernetes:core/v1:Service::service", "--yes")

    assert "1 to create" in served.succeeds("preview")
    assert "already exists" in served.fails("up", "--yes", "--skip-preview")
    served.by_hand("delete", "service", "folder")
