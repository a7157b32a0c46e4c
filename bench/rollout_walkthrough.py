"""The hand-made walkthrough's commands, scripted: docker run, cp, commit, rm and push, kubectl apply, and waiting.

Owns the commands and the clock between them. The pods are this project's own (infra.pod), probes and all: both sides
wait for the same. What a person does at an editor (the model's folder, the image's tag in the YAML) is not timed.
"""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.rollout_lab import kubectl, run
from bench.rollout_models import Model
from bench.rollout_split import IMAGE, PUSH, ROLLOUT
from bench.rollout_update import MODEL_NAME, Update
from bench.rollout_watch import Watch
from infra import pod
from infra.naming import camel_case
from infra.pod import REST_PORT, PodArgs
from lab.cluster.places import BASE_IMAGE, REGISTRY

APP = f"{MODEL_NAME}-serving"
START_SECONDS = 120


@dataclass(frozen=True)
class Walkthrough:
    """A namespace that the walkthrough's commands are run in.

    Args:
        namespace: of the objects, and the path of the images.
        node_port: of the Service.
        desk: a folder for the model as people lay it out, and for the YAML.
        settings: quantities of CPU and memory, by PodArgs' names: those of the stack it is compared with.
    """

    namespace: str
    node_port: int
    desk: Path
    settings: dict[str, str]

    @property
    def repository(self) -> str:
        """Where the images are in the registry."""
        return f"{self.namespace}/{APP}"

    def update(self, model: Model, version: int) -> Update:
        """Serve this model as this version, from `docker run` on."""
        image = f"{REGISTRY}/{self.repository}:{version}"
        self._lay_out(model, version)
        (self.desk / "serving.json").write_text(json.dumps(self.objects(image)), encoding="utf-8")
        with Watch(self.node_port, MODEL_NAME, version) as watch:
            started = time.time()
            self._make_image(image)
            made = time.time()
            run(["docker", "push", image])
            pushed = time.time()
            kubectl("apply", "--filename", self.desk / "serving.json")
            served = watch.served_at()
        return Update(
            served=served - started,
            whole=served - started,
            stages={IMAGE: made - started, PUSH: pushed - made, ROLLOUT: served - pushed},
            reference=str(version),
        )

    def objects(self, image: str) -> dict[str, Any]:
        """The Deployment and the Service, as kubectl takes them."""
        labels = {"app": APP}
        metadata = {"name": APP, "namespace": self.namespace, "labels": labels}
        args = PodArgs(
            model_name=MODEL_NAME, image=image, image_pull_secret="", start_seconds=START_SECONDS, **self.settings
        )
        deployment = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": camel_cased(pod.spec(args))},
            },
        }
        port = {"port": REST_PORT, "targetPort": REST_PORT, "nodePort": self.node_port}
        service = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {"type": "NodePort", "selector": labels, "ports": [port]},
        }
        return {"apiVersion": "v1", "kind": "List", "items": [deployment, service]}

    def _lay_out(self, model: Model, version: int) -> None:
        shutil.rmtree(self.desk / "models", ignore_errors=True)
        shutil.copytree(model.folder, self.desk / "models" / MODEL_NAME / str(version))

    def _make_image(self, image: str) -> None:
        container = f"{self.namespace}-base"
        try:
            run(["docker", "run", "--detach", "--name", container, BASE_IMAGE])
            # The folder above, since not every base image has a /models.
            run(["docker", "cp", str(self.desk / "models"), f"{container}:/"])
            run(["docker", "commit", "--change", f"ENV MODEL_NAME {MODEL_NAME}", container, image])
        finally:
            run(["docker", "rm", "--force", container])


def camel_cased(value: Any) -> Any:
    """A structure with the Python SDK's names as one with Kubernetes' own."""
    if isinstance(value, dict):
        return {camel_case(key): camel_cased(item) for key, item in value.items()}
    return [camel_cased(item) for item in value] if isinstance(value, list) else value
