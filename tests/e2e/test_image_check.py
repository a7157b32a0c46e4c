"""Before any pod sees it: an image that does not answer as trained reaches none, and no container is left behind."""

import json
import os
import signal
import subprocess
import sys

import pytest

from infra.container import LABEL
from tests.e2e.dev_stack import DevStack, wait_until

pytestmark = [pytest.mark.cli, pytest.mark.timeout(600)]

EPOCHS = "8"  # of no other test: its image was never tried


def containers() -> list[str]:
    """The throw-away containers that there are, running or not."""
    listed = ["docker", "ps", "--all", "--quiet", "--filter", f"label={LABEL}"]
    return subprocess.run(listed, capture_output=True, text=True, check=True, timeout=20).stdout.split()


def falsified(dev: DevStack) -> str:
    """Train a model into the stack's store, and give its manifest golden answers that are not its own; its digest."""
    store = dev.checkout.folder / ".artifacts"
    command = [sys.executable, "-m", "model", "train", "--dataset", "digits", "--epochs", EPOCHS, "--store", str(store)]
    told = subprocess.run(command, cwd=dev.checkout.folder, env=os.environ, capture_output=True, text=True, check=True)
    (digest,) = told.stdout.rpartition("/")[2].split()
    for path in [store / digest / "manifest.json", *(store / "fingerprints").iterdir()]:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if manifest["digest"] == digest:
            manifest["golden"][3]["logits"][0] += 0.01
            path.write_text(json.dumps(manifest), encoding="utf-8")
    return digest


def test_an_image_that_answers_otherwise_reaches_no_pod(dev: DevStack) -> None:
    """What differs from the manifest in one golden example fails the check: Deployment and pods stay what they were."""
    pods, image, generation = (
        dev.pods(),
        dev.image(),
        dev.get("deployment", "mymodel-serving")["metadata"]["generation"],
    )
    digest = falsified(dev)
    dev.configure(epochs=EPOCHS)
    said = dev.checkout.fails("up", "--yes", "--skip-preview")

    assert f"it does not answer as model {digest[:12]}: golden example 3 gave [" in said
    assert "no pod gets this image, what serves now keeps serving" in said
    assert (dev.pods(), dev.image()) == (pods, image)
    assert dev.get("deployment", "mymodel-serving")["metadata"]["generation"] == generation
    assert containers() == []


def test_a_killed_check_leaves_no_container(dev: DevStack) -> None:
    """When the CLI is killed while an image is tried, the container goes, and what served serves."""
    pods = dev.pods()
    dev.configure(epochs="9")
    with dev.checkout.start("up", "--yes", "--skip-preview") as cli:
        assert cli.stdout is not None
        assert any("in a throw-away container" in line for line in cli.stdout)
        wait_until(lambda: bool(containers()), "the container is there", seconds=20)
        cli.send_signal(signal.SIGKILL)

    wait_until(lambda: containers() == [], "the container is gone", seconds=20)
    dev.checkout.succeeds("cancel", "--yes")
    assert dev.pods() == pods
