"""What someone changed by hand in the cluster or its registry: found and mended as docs/drift.md says."""

import json
from collections.abc import Callable

import pytest
import requests

from lab.cluster.places import REGISTRY, STATE
from tests import drift_table
from tests.drift_table import MEND, find, is_well, mend, verify
from tests.e2e.dev_stack import APP, DevStack, wait_until
from tests.lifecycle.checkout import Result

pytestmark = [pytest.mark.cli, pytest.mark.timeout(600)]

CONTAINER = "/spec/template/spec/containers/0"
POD = "one pod of several answers as another model"
FILE = "a model file replaced inside a running container"
SIDECAR = {
    "name": "sidecar",
    "image": "localhost:5000/tensorflow-serving:2.20.0",
    "command": ["sleep", "600"],
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
}


def _patch(kind: str, *operations: dict[str, object]) -> Callable[[DevStack], None]:
    def edit(dev: DevStack) -> None:
        dev.kubectl("patch", kind, APP, "--type=json", "--patch", json.dumps(operations))
        dev.kubectl("rollout", "status", f"deployment/{APP}", "--timeout=90s")

    return edit


def _scale(dev: DevStack) -> None:
    dev.kubectl("scale", "deployment", APP, "--replicas=2")


def _set_image(dev: DevStack) -> None:
    dev.kubectl("set", "image", f"deployment/{APP}", "model-server=localhost:5000/tensorflow-serving:2.20.0")


def _delete(kind: str) -> Callable[[DevStack], None]:
    return lambda dev: print(dev.kubectl("delete", kind, APP, "--wait=true"))


def _remove_image(dev: DevStack) -> None:
    repository, _, digest = dev.image().removeprefix(f"{REGISTRY}/").partition("@")
    gone = requests.delete(f"http://{REGISTRY}/v2/{repository}/manifests/{digest}", timeout=10)
    assert gone.status_code == requests.codes.accepted


DRIFTS = {
    "kubectl set image": _set_image,
    "scaled by hand": _scale,
    "a declared argument changed": _patch(
        "deployment", {"op": "replace", "path": f"{CONTAINER}/args/2", "value": "--rest_api_num_threads=5"}
    ),
    "a declared limit changed": _patch(
        "deployment", {"op": "replace", "path": f"{CONTAINER}/resources/limits/memory", "value": "2Gi"}
    ),
    "the node port changed": _patch("service", {"op": "replace", "path": "/spec/ports/0/nodePort", "value": 32749}),
    "a declared selector value changed": _patch(
        "service", {"op": "replace", "path": "/spec/selector/app", "value": "other"}
    ),
    "Deployment deleted": _delete("deployment"),
    "Service deleted": _delete("service"),
    "an environment variable was added": _patch(
        "deployment", {"op": "add", "path": f"{CONTAINER}/env", "value": [{"name": "ADDED", "value": "1"}]}
    ),
    "an argument was added": _patch(
        "deployment", {"op": "add", "path": f"{CONTAINER}/args/-", "value": "--enable_batching"}
    ),
    "a selector key was added": _patch("service", {"op": "add", "path": "/spec/selector/added", "value": "1"}),
    "a sidecar container was added": _patch(
        "deployment", {"op": "add", "path": "/spec/template/spec/containers/-", "value": SIDECAR}
    ),
    "the image is gone from the registry": _remove_image,
}


def _specs(dev: DevStack) -> list[object]:
    """What the two objects are, but for the address that the cluster gave the Service."""
    deployment, service = dev.get("deployment", APP)["spec"], dev.get("service", APP)["spec"]
    return [deployment, {key: value for key, value in service.items() if not key.startswith("clusterIP")}]


def _is_mended(dev: DevStack, what: str) -> None:
    """The commands of the table find it and no other does; what the table names mends it, and all is well again."""
    row = drift_table.rows("kubernetes")[what]
    found = find(dev.checkout, "dev")
    print(f"\n| kubernetes | {what} | {found.by} | {row.mended_by} |")
    assert found.by == row.found_by, found.said

    mend(dev.checkout, "dev", row.mended_by, found.said, path=str(STATE))
    dev.kubectl("rollout", "status", f"deployment/{APP}", "--timeout=90s")
    wait_until(lambda: is_well(dev.checkout, "dev"), "all is well again")
    dev.wait_for_port()
    assert set(dev.status().values()) == {"AVAILABLE"}


def test_twenty_times_without_an_alarm(dev: DevStack) -> None:
    """Where all is as declared every run says so in one line, with status 0, and changes nothing."""
    before = dev.get("deployment,service", "--selector", f"app={APP}")["items"]
    said = {verify(dev.checkout, "dev") for _ in range(20)}

    digest = dev.checkout.output("modelDigest")[:12]
    assert said == {Result(0, f"dev: all is as declared: model {digest} answers as it was trained\n")}
    assert dev.get("deployment,service", "--selector", f"app={APP}")["items"] == before


@pytest.mark.parametrize("what", DRIFTS)
def test_a_drift_is_found_and_mended_as_the_table_says(stack: DevStack, what: str) -> None:
    """An edit by hand is found, and afterwards both objects are what they were."""
    declared = _specs(stack)
    DRIFTS[what](stack)
    try:
        _is_mended(stack, what)
        assert _specs(stack) == declared
    except BaseException:
        for kind in ("deployment", "service"):  # an addition would stay
            stack.kubectl("delete", kind, APP, "--wait=true", "--ignore-not-found")
        stack.restore()
        raise


def test_one_pod_that_answers_as_another_model_is_found_and_mended(dev: DevStack) -> None:
    """A pod of two that runs the image of the model before is named with both faults; the named command replaces it."""
    before = dev.image()
    dev.configure(replicas="2", epochs="1", minAccuracy="0.1", maxAccuracyDrop="1")
    dev.checkout.up()
    wait_until(lambda: len(dev.get("pods")["items"]) == 2, "the old pod is gone")
    pod = min(dev.pods())
    dev.kubectl("set", "image", f"pod/{pod}", f"model-server={before}")
    wait_until(lambda: _runs(dev, pod, before), "the container runs the other image")

    (found,) = verify(dev.checkout, "dev").text.splitlines()
    assert f"pod {pod}: container model-server runs" in found
    assert "serves version" in found
    assert found.partition(MEND)[2].endswith(f"delete pod {pod}")
    _is_mended(dev, POD)


def _runs(dev: DevStack, pod: str, image: str) -> bool:
    (status,) = dev.get("pod", pod)["status"]["containerStatuses"]
    return bool(status["ready"] and status["imageID"] == image)


def test_a_model_file_cannot_be_replaced_in_a_running_container(dev: DevStack) -> None:
    """The file system of a container is read-only: the attempt is refused and changes nothing."""
    (pod,) = dev.pods()
    version = dev.checkout.output("modelVersion")
    overwrite = f"(echo x > /models/mymodel/{version}/saved_model.pb) 2>&1 || true"
    said = dev.kubectl("exec", pod, "--", "sh", "-c", overwrite)
    row = drift_table.rows("kubernetes")[FILE]
    print(f"\n| kubernetes | {FILE} | {row.found_by} | {row.mended_by} |")

    assert "Read-only file system" in said
    assert "read-only" in row.found_by
    assert verify(dev.checkout, "dev").status == 0


def test_the_table_has_every_drift() -> None:
    """docs/drift.md has a row for each of these drifts, and no other."""
    assert drift_table.rows("kubernetes").keys() == {*DRIFTS, POD, FILE}
