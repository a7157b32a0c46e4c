"""What may go wrong with engine, registry and cluster: one line that says what to do, and the old pods keep serving."""

import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from lab.cluster.places import LOOPBACK
from tests.e2e.dev_stack import APP, DevStack, kubectl, lab
from tests.lifecycle.checkout import free_port

pytestmark = [pytest.mark.cli, pytest.mark.timeout(600)]

# bcrypt of "right" with 4 rounds, as the registry's htpasswd file has it.
HTPASSWD = "me:$2b$04$8wJT6UyoZsjCMPohaXQ/TeO/53D5aeK/T0vFOMiao5cef0jjSHrje\n"


@contextmanager
def stopped(part: str) -> Iterator[None]:
    """The lab without one of its parts."""
    lab("stop", part)
    try:
        yield
    finally:
        lab("start", part)


def fails(dev: DevStack, *arguments: str) -> str:
    """An operation that must fail while the pods that serve keep serving; what it said."""
    pods = dev.pods()
    said = dev.checkout.fails(*arguments)
    assert pods <= dev.pods()
    assert "AVAILABLE" in dev.status().values()
    return said


def test_a_base_image_that_is_not_there(dev: DevStack) -> None:
    """A base image that cannot be pulled fails the build, and the remedy names it."""
    dev.configure(baseImage="localhost:5000/tensorflow-serving:2.20.999")
    said = fails(dev, "up", "--yes", "--skip-preview")

    assert "docker pull localhost:5000/tensorflow-serving:2.20.999" in said
    assert "pulumi config set baseImage" in said


def test_an_image_that_never_becomes_ready(dev: DevStack) -> None:
    """A pod without the memory to load the model fails the rollout in time, with its reason; the old one serves on."""
    dev.configure(rolloutTimeoutSeconds="30", memoryLimit="24Mi", memoryRequest="24Mi")
    started = time.monotonic()
    said = fails(dev, "up", "--yes", "--skip-preview")

    assert time.monotonic() - started < 60
    assert any(reason in said for reason in ("OOMKilled", "CrashLoopBackOff", "StartError", "RunContainerError"))
    assert f"kubectl logs deployment/{APP}" in said
    assert "the old pods keep serving" in said


def test_the_cluster_is_down(dev: DevStack) -> None:
    """A preview says in one line that it is blind; an up stops before anything is trained."""
    with stopped("cluster"):
        preview = dev.checkout.succeeds("preview")
        dev.configure(epochs="7")
        up = dev.checkout.fails("up", "--yes", "--skip-preview")
        assert dev.status() == {dev.checkout.output("modelVersion"): "AVAILABLE"}

    diagnostics = preview.partition("Diagnostics:")[2]
    assert diagnostics.count("this preview compares with the state only") == 1
    assert "does not answer at https://127.0.0.1" in up
    assert "epoch 1/" not in up


def test_the_registry_is_down(dev: DevStack) -> None:
    """A push without a registry fails with the remedy and the old pods serve on; without a change none is needed."""
    with stopped("registry"):
        dev.checkout.succeeds("up", "--yes", "--skip-preview", "--expect-no-changes")
        dev.configure(modelName="other", nodePort=str(dev.node_port + 1))
        said = fails(dev, "up", "--yes", "--skip-preview")

    assert "does not answer: start it, or pulumi config set registry HOST" in said


def test_the_engine_is_down(dev: DevStack) -> None:
    """Without a container engine even a preview fails: how to start one, and that the target local needs none."""
    with stopped("engine"):
        said = fails(dev, "preview")

    assert "no container engine" in said
    assert "pulumi config set target local" in said


def test_a_node_port_that_is_taken(dev: DevStack) -> None:
    """A node port of another Service is refused by the cluster, and the remedy says how to take another."""
    taken = dev.node_port - 1
    manifest = f"""{{"apiVersion": "v1", "kind": "Service", "metadata": {{"name": "other"}},
        "spec": {{"type": "NodePort", "ports": [{{"port": 80, "nodePort": {taken}}}]}}}}"""
    dev.kubectl("apply", "--filename", "-", text=manifest)
    try:
        dev.configure(nodePort=str(taken))
        said = fails(dev, "up", "--yes", "--skip-preview")
    finally:
        dev.kubectl("delete", "service", "other")

    assert f"another Service has node port {taken}" in said
    assert "pulumi config set nodePort PORT" in said


def test_a_namespace_that_is_not_there(dev: DevStack) -> None:
    """A namespace is not made silently: the remedy is the command that makes it."""
    dev.configure(namespace="e2e-nowhere", nodePort=str(dev.node_port + 1))
    said = fails(dev, "up", "--yes", "--skip-preview")

    assert "kubectl create namespace e2e-nowhere" in said


@pytest.fixture
def neighbour(dev: DevStack) -> Iterator[str]:
    """Another stack in a namespace where somebody made a Deployment of the same name; that namespace."""
    namespace = f"{dev.namespace}-other"
    kubectl("create", "namespace", namespace)
    kubectl("--namespace", namespace, "create", "deployment", APP, "--image=none/model-server", "--replicas=0")
    dev.checkout.succeeds("stack", "init", "other", "--copy-config-from", "dev")
    dev.checkout.configure(namespace=namespace, nodePort=str(dev.node_port + 1))
    yield namespace
    dev.checkout.succeeds("destroy", "--yes", "--remove")
    dev.checkout.succeeds("stack", "select", "dev")
    kubectl("delete", "namespace", namespace, "--wait=false")


def test_an_object_that_is_there_and_not_ours(dev: DevStack, neighbour: str) -> None:
    """An object of somebody else is not taken over; the remedy removes it, or makes it the stack's by one command."""
    said = dev.checkout.fails("up", "--yes", "--skip-preview")
    assert f"Deployment {neighbour}/{APP} is not of this stack: remove it (kubectl delete deployment {APP}" in said
    command = re.search(r"pulumi (import kubernetes:apps/v1:Deployment .*)", said)
    assert command

    dev.checkout.succeeds(*shlex.split(command[1]), "--yes", "--skip-preview")
    up = dev.checkout.succeeds("up", "--yes", "--skip-preview")

    assert "Deployment server-deployment updated" in up
    assert "10 golden examples answered as trained by version 1" in up


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[int]:
    """A registry on loopback that asks for a user and a password; its port."""
    port = free_port()
    (tmp_path / "htpasswd").write_text(HTPASSWD, encoding="utf-8")
    (tmp_path / "config.yml").write_text(
        f"""version: 0.1
storage: {{filesystem: {{rootdirectory: {tmp_path}/storage}}}}
http: {{addr: "{LOOPBACK}:{port}"}}
auth: {{htpasswd: {{realm: registry, path: {tmp_path}/htpasswd}}}}
""",
        encoding="utf-8",
    )
    command = ["docker-registry", "serve", str(tmp_path / "config.yml")]
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _answers(port)
            yield port
        finally:
            process.terminate()


def _answers(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            requests.get(f"http://{LOOPBACK}:{port}/v2/", timeout=1)
        except requests.ConnectionError:
            assert time.monotonic() < deadline, "the registry does not start"
            time.sleep(0.1)
        else:
            return


def test_credentials_that_are_wrong(dev: DevStack, guarded: int) -> None:
    """A registry that refuses the password fails the push with the remedy; the password is shown nowhere."""
    dev.configure(registry=f"localhost:{guarded}", registryUsername="me")
    dev.checkout.succeeds("config", "set", "--secret", "registryPassword", "wrong-hunter2")
    dev.changed["registryPassword"] = None
    said = fails(dev, "up", "--yes", "--skip-preview")

    assert "refused the credentials" in said
    assert "wrong-hunter2" not in said
    assert "wrong-hunter2" not in dev.checkout.succeeds("stack", "export")


def test_credentials_that_are_right(dev: DevStack, guarded: int) -> None:
    """With the right user and password the image is pushed; the password stands nowhere in clear."""
    dev.configure(registry=f"localhost:{guarded}", registryUsername="me", rolloutTimeoutSeconds="15")
    dev.checkout.succeeds("config", "set", "--secret", "registryPassword", "right")
    dev.changed["registryPassword"] = None
    said = fails(dev, "up", "--yes", "--skip-preview")  # the node has no credentials: pulling is what fails

    assert "refused the credentials" not in said
    assert "the node cannot pull the image" in said
    assert "imagePullSecret" in said
