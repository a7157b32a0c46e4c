"""The Deployment and the Service of a stack."""

from pathlib import Path

import pytest

from tests.infra import loopback
from tests.infra.engine import Engine
from tests.infra.kubernetes_stack import DIGEST, run

pytestmark = pytest.mark.usefixtures("surroundings")


def test_the_fingerprint_stays_off_the_pods(kubernetes_up: Engine) -> None:
    """Fingerprint and revision stand on the Deployment; the pods' own metadata depends on the model's digest only."""
    deployment = kubernetes_up.resources["server-deployment"].inputs
    template = deployment["spec"]["template"]["metadata"]

    assert deployment["metadata"]["annotations"] == {
        "mymodel-serving/fingerprint": kubernetes_up.resources["model"].inputs["fingerprint"],
        "mymodel-serving/source-revision": "1a2b3c",
    }
    assert template["annotations"] == {"mymodel-serving/model-digest": DIGEST}
    assert template["labels"] == {
        "app": "mymodel-serving",
        "app.kubernetes.io/name": "mymodel-serving",
        "app.kubernetes.io/instance": "dev",
        "app.kubernetes.io/version": "3",
        "app.kubernetes.io/component": "model-server",
        "app.kubernetes.io/managed-by": "pulumi",
    }


def test_a_rollout_keeps_every_pod_until_the_next_is_ready(kubernetes_up: Engine) -> None:
    """No pod goes before a new one is ready, and Kubernetes gives up before Pulumi does."""
    deployment = kubernetes_up.resources["server-deployment"]
    spec = deployment.inputs["spec"]

    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert spec["selector"] == {"matchLabels": {"app": "mymodel-serving"}}
    assert spec["progressDeadlineSeconds"] == 144
    assert deployment.update_timeout == "180s"


def test_the_check_follows_the_pods(kubernetes_up: Engine) -> None:
    """The check is asked again when there are other pods or more of them, not when an annotation is another."""
    assert kubernetes_up.resources["prediction-check"].inputs["launch"] == "u1/2/1"


def test_the_provider_is_bound_to_one_context(kubernetes_up: Engine) -> None:
    """The objects belong to an explicit provider for one context, which a new address or token does not replace."""
    inputs = kubernetes_up.resources["server-cluster"].inputs

    assert (inputs["context"], inputs["clusterIdentifier"], inputs["enablePatchForce"]) == ("lab", "lab", "true")
    assert (
        kubernetes_up.resources["server-deployment"].provider
        == kubernetes_up.resources["server-service"].provider
        == "server-cluster"
    )


def test_a_configured_context_and_kubeconfig_reach_the_provider(tmp_path: Path) -> None:
    """What the configuration names is what the plugin is told, as it was written."""
    with loopback.api_server() as api:
        path = loopback.kubeconfig(tmp_path / "config", api.url, "prod")
        inputs = run(kubeconfig=path, kubeContext="prod").resources["server-cluster"].inputs

    assert (inputs["kubeconfig"], inputs["context"]) == (path, "prod")


def test_the_configuration_reaches_the_objects() -> None:
    """Replicas, port, resources, namespace and pull secret are what the stack says."""
    engine = run(
        modelName="digits",
        namespace="ml",
        replicas="3",
        nodePort="30222",
        servingHost="node.example",
        cpuRequest="1",
        cpuLimit="1500m",
        memoryLimit="2Gi",
        imagePullSecret="registry",
        rolloutTimeoutSeconds="60",
    )
    deployment, service = engine.resources["server-deployment"], engine.resources["server-service"]
    pod = deployment.inputs["spec"]["template"]["spec"]
    container = pod["containers"][0]

    assert deployment.inputs["metadata"]["name"] == service.inputs["metadata"]["name"] == "digits-serving"
    assert deployment.inputs["metadata"]["namespace"] == service.inputs["metadata"]["namespace"] == "ml"
    assert deployment.inputs["spec"]["replicas"] == 3
    assert service.inputs["spec"]["ports"] == [{"name": "rest", "port": 8501, "targetPort": 8501, "nodePort": 30222}]
    assert container["resources"] == {
        "requests": {"cpu": "1", "memory": "512Mi"},
        "limits": {"cpu": "1500m", "memory": "2Gi"},
    }
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    assert container["startupProbe"]["failureThreshold"] == 60
    assert engine.exports["statusUrl"] == "http://node.example:30222/v1/models/digits"
    assert engine.resources["prediction-check"].inputs["namespace"] == "ml"


@pytest.mark.parametrize(
    ("service_type", "url"),
    [
        ("ClusterIP", "http://mymodel-serving.default.svc:8501/v1/models/mymodel"),
        ("LoadBalancer", "http://192.0.2.7:8501/v1/models/mymodel"),
    ],
)
def test_other_services_have_their_own_address_and_no_node_port(service_type: str, url: str) -> None:
    """A ClusterIP is reached by its name in the cluster, a LoadBalancer where it was given an address."""
    engine = run(serviceType=service_type)

    assert engine.exports["statusUrl"] == url
    assert "nodePort" not in engine.resources["server-service"].inputs["spec"]["ports"][0]


def test_every_plugins_resource_has_its_remedies(kubernetes_up: Engine) -> None:
    """The resources whose errors come from a plugin each have a hook that says what to do."""
    assert {name: found.on_error for name, found in kubernetes_up.resources.items() if found.on_error} == {
        "serving-image": ["remedy-serving-image"],
        "server-deployment": ["remedy-deployment"],
        "server-service": ["remedy-service"],
    }
