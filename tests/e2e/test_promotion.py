"""dev -> prod by pin: the same image in two namespaces, without TensorFlow and without a container engine."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.project import ROOT
from lab.cluster.places import REGISTRY
from tests.e2e.dev_stack import KUBECONFIG, DevStack, free_node_port, kubectl
from tests.lifecycle.checkout import Checkout

pytestmark = [pytest.mark.cli, pytest.mark.timeout(600)]


@pytest.fixture(scope="session")
def deploy_venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtualenv with what requirements-deploy.txt names and nothing else."""
    folder = tmp_path_factory.mktemp("deploy") / "venv"
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=120)
    subprocess.run([*pip, "--requirement", "requirements-deploy.txt"], cwd=ROOT, check=True, timeout=240)
    return folder


@pytest.fixture
def prod(dev: DevStack, deploy_venv: Path, tmp_path: Path) -> Iterator[DevStack]:
    """A checkout of the stack `prod`, configured but for its pins: no TensorFlow, and no engine that answers."""
    namespace = f"{dev.namespace}-prod"
    kubectl("create", "namespace", namespace)
    kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    variables = {"KUBECONFIG": str(KUBECONFIG), "DOCKER_HOST": f"unix://{tmp_path}/stopped.sock"}
    checkout = Checkout.make(tmp_path / "prod", dev.checkout.state, dev.checkout.cli, "prod", variables)
    (checkout.folder / ".venv").unlink()
    (checkout.folder / ".venv").symlink_to(deploy_venv)
    made = DevStack(checkout, namespace, free_node_port())
    made.install_plugins()
    checkout.configure(
        registry=f"{REGISTRY}/{dev.namespace}",
        namespace=namespace,
        nodePort=str(made.node_port),
        artifactStore=str(dev.checkout.folder / ".artifacts"),
    )
    yield made
    checkout.pulumi("state", "unprotect", "--all", "--yes")
    checkout.succeeds("destroy", "--yes", "--skip-preview")
    kubectl("delete", "namespace", namespace, "--wait=false")


def test_dev_is_promoted_to_prod_and_rolled_back(dev: DevStack, prod: DevStack) -> None:
    """Prod serves dev's very image by pin; the next one by the next pin; the one before by the pin before it."""
    pins = prod.checkout.folder / "Pulumi.prod.yaml"
    assert "nothing is pinned" in prod.checkout.fails("preview")
    first, version = dev.checkout.output("image"), int(dev.checkout.output("modelVersion"))
    told = prod.checkout.python("infra.promotion", "dev", "prod")
    assert told.returncode == 0, told.stderr
    assert f"modelDigest empty -> {dev.checkout.output('modelDigest')}" in told.stdout
    assert "# Serves what is pinned here" in pins.read_text(encoding="utf-8")

    preview = prod.checkout.succeeds("preview", "--diff")
    assert first in preview
    assert "output<string>" not in preview.partition("--outputs:--")[2]
    started = time.monotonic()
    up = prod.checkout.up()
    promoted = time.monotonic() - started

    assert "TrainedModel" not in up + preview
    assert "Image" not in up + preview
    assert f"10 golden examples answered as trained by version {version} in 2 pods" in up
    assert prod.image() == dev.image() == first
    assert prod.checkout.output("modelDigest") == dev.checkout.output("modelDigest")
    assert prod.checkout.python("infra.verify", "prod").returncode == 0
    prod.checkout.succeeds("preview", "--expect-no-changes")

    pinned = pins.read_text(encoding="utf-8")
    dev.configure(epochs="1", minAccuracy="0.1", maxAccuracyDrop="1")
    dev.checkout.up()
    assert prod.checkout.python("infra.promotion", "dev", "prod").returncode == 0
    prod.checkout.configure(minAccuracy="0.1")
    assert f"as trained by version {version + 1} in 2 pods" in prod.checkout.up()
    assert prod.image() == dev.image() != first

    pins.write_text(pinned, encoding="utf-8")
    started = time.monotonic()
    up = prod.checkout.up()
    print(f"\npin -> prod answers: {promoted:.1f} s; rollback by pin: {time.monotonic() - started:.1f} s")

    assert f"as trained by version {version} in 2 pods" in up
    assert "epoch" not in up
    assert prod.image() == first
    assert set(prod.status().values()) == {"AVAILABLE"}

    said = prod.checkout.fails("destroy", "--yes", "--skip-preview")
    assert "pulumi state unprotect" in said
    assert len(prod.pods()) == 2


def test_a_stack_that_failed_is_not_promoted(dev: DevStack, prod: DevStack) -> None:
    """After a failed `up` of dev its pins are not written: what it serves is not proven."""
    before = (prod.checkout.folder / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    dev.configure(minAccuracy="0.99")
    dev.checkout.fails("up", "--yes", "--skip-preview")
    told = prod.checkout.python("infra.promotion", "dev", "prod")

    assert told.returncode == 1
    assert "last operation of stack dev ended as failed" in told.stderr
    assert (prod.checkout.folder / "Pulumi.prod.yaml").read_text(encoding="utf-8") == before
    assert json.loads(dev.checkout.succeeds("stack", "history", "--json", "--page-size", "1"))[0]["result"] == "failed"
