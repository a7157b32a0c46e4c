"""A stack of this program has the `dev` stack's ten resources, by the same providers, in the plainest form."""

import pulumi
import pulumi_docker as docker
import pulumi_kubernetes as kubernetes

from bench.bare.resources import QUIET, CheckProvider, Model


class Check(pulumi.dynamic.Resource, module="bare", name="Check"):
    """In the place of ImageCheck and PredictionCheck."""

    image: pulumi.Output[str]

    def __init__(self, name: str, digest: pulumi.Output[str], **subject: pulumi.Output[str]) -> None:
        super().__init__(CheckProvider(), name, {"digest": digest, **subject, "examples": None}, QUIET)


config = pulumi.Config()
namespace = config.require("namespace")

model = Model("model")
image = docker.Image(
    "image",
    image_name=f"{config.require('registry')}/bare:1",
    build={"context": "image", "platform": "linux/amd64", "args": {"BASE_IMAGE": config.require("baseImage")}},
    opts=pulumi.ResourceOptions(parent=pulumi.ComponentResource("bare:index:Image", "serving-image")),
)
tried = Check("image-check", model.digest, image=image.repo_digest)
server = pulumi.ComponentResource("bare:index:Server", "server")
cluster = kubernetes.Provider(
    "cluster", context=config.require("context"), enable_patch_force=True, opts=pulumi.ResourceOptions(parent=server)
)
inside = pulumi.ResourceOptions(parent=server, provider=cluster)
deployment = kubernetes.apps.v1.Deployment(
    "deployment",
    metadata={"name": "bare", "namespace": namespace},
    spec={
        "selector": {"match_labels": {"app": "bare"}},
        "template": {
            "metadata": {"labels": {"app": "bare"}},
            "spec": {"containers": [{"name": "bare", "image": tried.image, "command": ["sleep", "infinity"]}]},
        },
    },
    opts=inside,
)
kubernetes.core.v1.Service(
    "service",
    metadata={"name": "bare", "namespace": namespace},
    spec={
        "type": "NodePort",
        "selector": {"app": "bare"},
        "ports": [{"port": 8501, "node_port": config.require_int("nodePort")}],
    },
    opts=pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(depends_on=[deployment])),
)
Check("check", model.digest, launch=deployment.metadata.apply(lambda found: f"{found.uid}/{found.generation}"))

pulumi.export("modelDigest", model.digest)
pulumi.export("modelVersion", model.version)
pulumi.export("fingerprint", model.fingerprint)
pulumi.export("accuracy", model.accuracy)
pulumi.export("artifact", model.path)
pulumi.export("image", image.repo_digest)
pulumi.export("statusUrl", "http://127.0.0.1:30111/v1/models/mymodel")
pulumi.export("predictUrl", "http://127.0.0.1:30111/v1/models/mymodel:predict")
