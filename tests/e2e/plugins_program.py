"""A Pulumi program for tests/e2e/test_plugins.py: an image, built and pushed, and a Deployment and Service of it.

It is copied as `__main__.py` into a folder of its own. Its configuration is what the tests change.
"""

import pulumi
import pulumi_docker as docker
import pulumi_kubernetes as kubernetes

config = pulumi.Config()
namespace = config.require("namespace")
labels = {"app": "folder"}
cluster = kubernetes.Provider(
    "cluster",
    kubeconfig=config.require("kubeconfig"),
    context=config.get("context"),
    cluster_identifier=config.get("clusterIdentifier"),
    enable_patch_force=config.get_bool("force"),
)
image = docker.Image(
    "image",
    image_name=f"localhost:5000/{namespace}:1",
    build={"context": "context", "dockerfile": "context/Dockerfile", "platform": config.require("platform")},
)
space = kubernetes.core.v1.Namespace(
    "namespace", metadata={"name": namespace}, opts=pulumi.ResourceOptions(provider=cluster)
)
server = kubernetes.apps.v1.Deployment(
    "server",
    metadata={"name": "folder", "namespace": namespace},
    spec={
        "replicas": 1,
        "selector": {"match_labels": labels},
        "strategy": {"rolling_update": {"max_unavailable": 0}},
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "termination_grace_period_seconds": 1,
                "containers": [
                    {
                        "name": "http",
                        "image": config.get("image") or image.repo_digest,
                        "command": ["python3", "-m", "http.server"],
                        "args": [config.get("port") or "8501", "--directory", "/served"],
                        "env": [{"name": "COLOUR", "value": "blue"}],
                        "readiness_probe": {"http_get": {"path": "/", "port": 8501}, "period_seconds": 1},
                        "resources": {
                            "limits": {"cpu": "0.5", "memory": "1024Mi"},
                            "requests": {"cpu": "10m", "memory": "0"},
                        },
                    }
                ],
            },
        },
    },
    opts=pulumi.ResourceOptions(
        provider=cluster, depends_on=space, custom_timeouts=pulumi.CustomTimeouts(create="60s", update="20s")
    ),
)
kubernetes.core.v1.Service(
    "service",
    metadata={"name": "folder", "namespace": namespace},
    spec={
        "type": "NodePort",
        "selector": labels,
        "ports": [{"port": 80, "target_port": 8501, "node_port": config.require_int("nodePort")}],
    },
    opts=pulumi.ResourceOptions(provider=cluster, depends_on=server),
)
pulumi.export("image", image.repo_digest)
