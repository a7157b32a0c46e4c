"""`pulumi up` of the dev stack: from nothing to served pods, no-ops, changes, destroy."""

import json
import subprocess

import pytest
import requests

from lab.cluster.places import REGISTRY
from tests.e2e.dev_stack import APP, DevStack, kubectl, wait_until
from tests.lifecycle.client import Client

pytestmark = [pytest.mark.cli, pytest.mark.timeout(600)]


def test_the_first_preview_shows_the_chain(dev: DevStack) -> None:
    """On a new stack a preview shows what will be made, from the model to the check, and makes nothing."""
    assert "mymodel: will train on digits" in dev.first_preview
    for kind in ("TrainedModel", "ServingImage", "Image", "ImageCheck", "Deployment", "Service", "PredictionCheck"):
        assert f":{kind} " in dev.first_preview


def test_the_first_up_builds_pushes_deploys_and_checks(dev: DevStack) -> None:
    """The first up trains, pushes an image, tries it and serves it from a pod that answers as trained."""
    assert "mymodel: epoch 5/5" in dev.first_up
    before, _, _ = dev.first_up.partition("Deployment server-deployment creating")
    assert "in a throw-away container" in before
    assert "answers 10 golden examples as trained" in before
    assert "10 golden examples answered as trained by version 1" in dev.first_up
    assert set(dev.status().values()) == {"AVAILABLE"}
    assert len(dev.pods()) == 1


def test_again_nothing_changes(dev: DevStack) -> None:
    """A preview and an up right after it find nothing to do, with and without a look at what is there."""
    pods = dev.pods()
    dev.checkout.succeeds("preview", "--expect-no-changes")
    dev.checkout.succeeds("up", "--yes", "--skip-preview", "--expect-no-changes")
    dev.checkout.succeeds("preview", "--refresh", "--expect-no-changes")

    assert dev.pods() == pods


def test_what_runs_is_the_pushed_image_by_digest(dev: DevStack) -> None:
    """The pods run the digest that the registry has under the model's version and digest, with the model's labels."""
    image, digest = dev.checkout.output("image"), dev.checkout.output("modelDigest")
    version = dev.checkout.output("modelVersion")
    repository, _, manifest = image.removeprefix(f"{REGISTRY}/").partition("@")
    registry = f"http://{REGISTRY}/v2/{repository}"
    accept = {"Accept": "application/vnd.docker.distribution.manifest.v2+json"}
    tagged = requests.get(f"{registry}/manifests/{version}-{digest[:12]}", headers=accept, timeout=10)
    config = requests.get(f"{registry}/blobs/{tagged.json()['config']['digest']}", timeout=10).json()["config"]

    assert tagged.headers["Docker-Content-Digest"] == manifest
    assert dev.image() == image
    assert config["Labels"]["org.opencontainers.image.version"] == version
    assert config["Labels"]["mymodel-serving.model-digest"] == digest
    assert "MODEL_NAME=mymodel" in config["Env"]


def test_the_pods_have_no_rights(dev: DevStack) -> None:
    """In a namespace that admits nothing more, the server runs as 65532 and cannot write to its own image."""
    (pod,) = dev.pods()
    whoami = dev.kubectl("exec", pod, "--", "sh", "-c", "id -u; touch /models/x 2>&1 || true; ls /var/run/secrets 2>&1")

    assert whoami.splitlines()[0] == "65532"
    assert "Read-only file system" in whoami
    assert "serviceaccount" not in whoami


def test_predictions_through_the_service_are_right(dev: DevStack) -> None:
    """`make predict` asks the Service as a user would, with the URL that the stack gives."""
    url = dev.checkout.output("predictUrl")
    command = [
        str(dev.checkout.folder / ".venv/bin/python"),
        "-m",
        "model",
        "predict",
        "--url",
        url,
        "--dataset",
        "digits",
    ]
    told = subprocess.run(command, cwd=dev.checkout.folder, capture_output=True, text=True, timeout=60, check=False)

    assert url == f"http://127.0.0.1:{dev.node_port}/v1/models/mymodel:predict"
    assert told.returncode == 0, told.stderr
    assert "5 of 5 right" in told.stdout


def test_a_changed_model_rolls_out_and_loses_no_request(dev: DevStack) -> None:
    """Epochs 5 -> 6: the preview shows the chain; up serves the next version; a client at 50/s loses nothing."""
    old, version = dev.pods(), int(dev.checkout.output("modelVersion")) + 1
    dev.configure(epochs="6")
    preview = dev.checkout.succeeds("preview")
    assert "mymodel: will retrain: epochs 5 -> 6" in preview
    for kind in ("TrainedModel", "Image", "Deployment", "PredictionCheck"):
        assert f":{kind} " in preview

    client = Client(dev.checkout.output("predictUrl"))
    client.start()
    up = dev.checkout.succeeds("up", "--yes", "--skip-preview")
    wait_until(lambda: len(dev.get("pods")["items"]) == 1, "the old pod is gone")
    client.stop()

    assert f"answered as trained by version {version}" in up
    assert dev.status() == {str(version): "AVAILABLE"}
    assert dev.pods().isdisjoint(old)
    assert client.lost == []
    assert client.answered > 200
    assert len(client.answers) == 2  # the old model's and the new one's


def test_a_comment_makes_no_image_and_no_pod(dev: DevStack) -> None:
    """A comment in train.py retrains the same model: with the build cache gone, image and pods stay what they were."""
    pods, image, digest = dev.pods(), dev.image(), dev.checkout.output("modelDigest")
    subprocess.run(["docker", "builder", "prune", "--all", "--force"], check=True, capture_output=True, timeout=120)
    with (dev.checkout.folder / "model" / "train.py").open("a", encoding="utf-8") as source:
        source.write("# a remark\n")
    up = dev.checkout.succeeds("up", "--yes", "--skip-preview")

    assert "~  pulumi-python:dynamic/mymodel:TrainedModel model updated" in up
    assert "docker:index:Image" not in up
    assert "PredictionCheck" not in up
    assert "ImageCheck" not in up
    assert (dev.pods(), dev.image(), dev.checkout.output("modelDigest")) == (pods, image, digest)
    annotations = dev.get("deployment", APP)["metadata"]["annotations"]
    assert annotations["mymodel-serving/fingerprint"] == dev.checkout.output("fingerprint")


def test_replicas_are_added_and_each_is_asked(dev: DevStack) -> None:
    """Two replicas: the pod that serves stays, another comes, and the check asks both."""
    pods = dev.pods()
    dev.configure(replicas="2")
    up = dev.checkout.succeeds("up", "--yes", "--skip-preview")

    assert "in 2 pods" in up
    assert pods < dev.pods()


def test_another_address_of_the_same_cluster_replaces_nothing(dev: DevStack) -> None:
    """A kubeconfig with another server URL, at another path, is an update of the provider and of nothing else."""
    pods = dev.pods()
    text = kubectl("config", "view", "--raw", "--flatten").replace("127.0.0.1", "localhost")
    assert "localhost" in text
    moved = dev.checkout.folder / "kubeconfig"
    moved.write_text(text, encoding="utf-8")
    up = dev.checkout.succeeds("up", "--yes", "--skip-preview", KUBECONFIG=str(moved))

    assert "replaced" not in up
    assert "Deployment" not in up
    assert dev.pods() == pods


def test_objects_are_described_for_people(dev: DevStack) -> None:
    """`kubectl get pods -L` can tell which model each pod serves."""
    (pod,) = dev.get("pods", "--selector", f"app={APP},app.kubernetes.io/managed-by=pulumi")["items"]

    assert pod["metadata"]["annotations"]["mymodel-serving/model-digest"] == dev.checkout.output("modelDigest")
    assert pod["metadata"]["labels"]["app.kubernetes.io/version"] == dev.checkout.output("modelVersion")
    assert json.loads(dev.checkout.output("accuracy")) > 0.9


def test_destroy_leaves_no_object(dev: DevStack) -> None:
    """After destroy nothing of the stack is left in the namespace; the trained model stays in the store."""
    digest = dev.checkout.output("modelDigest")
    dev.checkout.succeeds("destroy", "--yes", "--skip-preview")

    assert dev.get("deployments,services,replicasets", "--selector", f"app={APP}")["items"] == []
    wait_until(lambda: dev.get("pods")["items"] == [], "the pods are gone")
    assert (dev.checkout.folder / ".artifacts" / digest / "manifest.json").is_file()
