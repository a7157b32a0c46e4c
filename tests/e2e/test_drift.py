"""What someone changed by hand in the cluster: seen by `preview --refresh`, undone by `up --refresh`."""

import json
import re
from collections.abc import Callable

import pytest

from infra.project import ROOT
from tests.e2e.dev_stack import APP, DevStack

pytestmark = [pytest.mark.cli, pytest.mark.timeout(600)]

CONTAINER = "/spec/template/spec/containers/0"


def _patch(kind: str, *operations: dict[str, object]) -> Callable[[DevStack], None]:
    def edit(dev: DevStack) -> None:
        dev.kubectl("patch", kind, APP, "--type=json", "--patch", json.dumps(operations))

    return edit


def _scale(dev: DevStack) -> None:
    dev.kubectl("scale", "deployment", APP, "--replicas=2")


def _set_image(dev: DevStack) -> None:
    dev.kubectl("set", "image", f"deployment/{APP}", "model-server=localhost:5000/tensorflow-serving:2.20.0")


def _delete(kind: str) -> Callable[[DevStack], None]:
    return lambda dev: print(dev.kubectl("delete", kind, APP, "--wait=true"))


SEEN = {
    "kubectl set image": _set_image,
    "scaled": _scale,
    "argument changed": _patch("deployment", {"op": "replace", "path": f"{CONTAINER}/args/2", "value": "--x=1"}),
    "limit changed": _patch(
        "deployment", {"op": "replace", "path": f"{CONTAINER}/resources/limits/memory", "value": "2Gi"}
    ),
    "node port changed": _patch("service", {"op": "replace", "path": "/spec/ports/0/nodePort", "value": 32749}),
    "selector changed": _patch("service", {"op": "replace", "path": "/spec/selector/app", "value": "other"}),
    "Deployment deleted": _delete("deployment"),
    "Service deleted": _delete("service"),
}
UNSEEN = {
    "environment variable added": _patch(
        "deployment", {"op": "add", "path": f"{CONTAINER}/env", "value": [{"name": "ADDED", "value": "1"}]}
    ),
    "argument added": _patch("deployment", {"op": "add", "path": f"{CONTAINER}/args/-", "value": "--enable_batching"}),
    "selector key added": _patch("service", {"op": "add", "path": "/spec/selector/added", "value": "1"}),
}


def _declared(dev: DevStack) -> tuple[object, ...]:
    """What the program declares of the two objects and people change by hand."""
    deployment, service = dev.get("deployment", APP)["spec"], dev.get("service", APP)["spec"]
    container = deployment["template"]["spec"]["containers"][0]
    ports = [port["nodePort"] for port in service["ports"]]
    shape = {key: container[key] for key in ("image", "args", "resources")}
    return deployment["replicas"], shape, service["selector"], ports


@pytest.mark.parametrize("edit", SEEN.values(), ids=SEEN.keys())
def test_a_hand_edit_is_shown_and_undone(dev: DevStack, edit: Callable[[DevStack], None]) -> None:
    """An edit of what the program declares shows in `preview --refresh`, and `up --refresh` brings it back."""
    declared = _declared(dev)
    edit(dev)
    assert dev.checkout.pulumi("preview", "--refresh", "--expect-no-changes").status != 0

    up = dev.checkout.succeeds("up", "--yes", "--skip-preview", "--refresh")

    assert "error" not in up
    assert _declared(dev) == declared
    dev.wait_for_port()
    assert set(dev.status().values()) == {"AVAILABLE"}
    dev.checkout.succeeds("preview", "--refresh", "--expect-no-changes")


@pytest.mark.parametrize("edit", UNSEEN.values(), ids=UNSEEN.keys())
def test_an_addition_stays(dev: DevStack, edit: Callable[[DevStack], None]) -> None:
    """What was added beside the declared fields is no difference to the plugin: it is neither shown nor undone."""
    edit(dev)
    dev.kubectl("rollout", "status", f"deployment/{APP}", "--timeout=90s")
    edited = _specs(dev)
    try:
        preview = dev.checkout.succeeds("preview", "--refresh")
        dev.checkout.succeeds("up", "--yes", "--skip-preview", "--refresh")

        assert not re.search(r"(Deployment|Service) server-\w+ (update|replace)", preview)
        assert _specs(dev) == edited
    finally:
        for kind in ("deployment", "service"):
            dev.kubectl("delete", kind, APP, "--wait=true")


def _specs(dev: DevStack) -> list[object]:
    return [dev.get(kind, APP)["spec"] for kind in ("deployment", "service")]


def test_the_table_has_every_edit() -> None:
    """docs/drift.md has a row for each of these edits, in which it is seen and mended, or is not."""
    table = (ROOT / "docs" / "drift.md").read_text(encoding="utf-8")
    rows = {row[3]: row[1] for row in re.findall(r"^\| (.*?) \| (.*?) \| (.*?) \| ([^|]+) \|$", table, re.MULTILINE)}

    assert {test for test, seen in rows.items() if seen == "`preview --refresh`"} == SEEN.keys()
    assert {test for test, seen in rows.items() if seen == "nothing"} == UNSEEN.keys()
