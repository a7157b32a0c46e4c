"""ModelServer: the Deployment and the Service that serve an image on Kubernetes.

Owns the two objects, their provider and their names. Does not own what a pod looks like (pod) nor the image (image).
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from infra import naming, pod
from infra.pod import REST_PORT, PodArgs
from infra.remedies import Remedies
from infra.sources import Model

TYPE = "mymodel-serving:infra:ModelServer"
# The rollout's own deadline comes first, so that Kubernetes names the reason before Pulumi stops waiting.
DEADLINE_SHARE = 0.8
# Kubernetes' own count of a Deployment's pod templates.
REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True, kw_only=True)
class ModelServerArgs:
    """What is served, how, and where.

    Args:
        stack: name of the stack, for labels.
        pod: what each pod runs.
        model: what the image holds, for annotations.
        kubeconfig: path of a kubeconfig, or "" for the ambient one.
        context: context of the kubeconfig.
        namespace: of both objects.
        replicas: number of pods.
        service_type: NodePort, ClusterIP or LoadBalancer.
        node_port: port of every node, for a NodePort.
        serving_host: host of the URLs of a NodePort.
        rollout_timeout_seconds: time a rollout may take.
        protect: whether Pulumi refuses to delete either object.
    """

    stack: str
    pod: PodArgs
    model: Model
    kubeconfig: str
    context: str
    namespace: str
    replicas: int
    service_type: str
    node_port: int
    serving_host: str
    rollout_timeout_seconds: int
    protect: bool


class ModelServer(pulumi.ComponentResource):
    """Pods that serve one image, and the Service in front of them.

    Attributes:
        launch: differs after every change of what the pods run, and of how many there are.
        status_url: GET: the model's versions.
        predict_url: POST: instances to predictions.
        image: reference of the image, by digest.
        namespace: where the pods are.
        app: value of the pods' `app` label.
    """

    def __init__(self, name: str, args: ModelServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, None, opts)
        self.image = pulumi.Output.from_input(args.pod.image)
        self.namespace, self.app = args.namespace, f"{args.pod.model_name}-serving"
        cluster = kubernetes.Provider(
            f"{name}-cluster",
            kubeconfig=args.kubeconfig or None,
            context=args.context,
            # A stack stays on its context's cluster whatever address that has: only another context is another cluster.
            cluster_identifier=args.context,
            # Else a field that someone changed by hand blocks every later `up` instead of being changed back.
            enable_patch_force=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        deployment = self._deployment(name, args, cluster)
        service = self._service(name, args, cluster, deployment)
        # Which pods there are, and how many. Not the generation: that counts the Deployment's own annotations too.
        self.launch = pulumi.Output.all(
            deployment.metadata.uid, deployment.metadata.annotations, deployment.spec.replicas
        ).apply(lambda found: f"{found[0]}/{(found[1] or {}).get(REVISION)}/{found[2]}")
        host, port = _address(args, service)
        url = pulumi.Output.all(host, port, args.pod.model_name)
        self.status_url = url.apply(lambda parts: naming.status_url(*parts))
        self.predict_url = url.apply(lambda parts: naming.predict_url(*parts))
        self.register_outputs({"statusUrl": self.status_url, "predictUrl": self.predict_url, "image": self.image})

    def _deployment(
        self, name: str, args: ModelServerArgs, cluster: kubernetes.Provider
    ) -> kubernetes.apps.v1.Deployment:
        labels = self._labels(args)
        return kubernetes.apps.v1.Deployment(
            f"{name}-deployment",
            metadata={
                "name": self.app,
                "namespace": self.namespace,
                "labels": labels,
                # Here and not on the pods: another fingerprint of the same model must not replace a pod.
                "annotations": {
                    "mymodel-serving/fingerprint": args.model.fingerprint,
                    "mymodel-serving/source-revision": args.model.revision,
                },
            },
            spec={
                "replicas": args.replicas,
                "selector": {"match_labels": {"app": self.app}},
                "strategy": {"type": "RollingUpdate", "rolling_update": {"max_unavailable": 0, "max_surge": "25%"}},
                "progress_deadline_seconds": int(args.rollout_timeout_seconds * DEADLINE_SHARE),
                "template": {
                    "metadata": {"labels": labels, "annotations": {"mymodel-serving/model-digest": args.model.digest}},
                    "spec": pod.spec(args.pod),
                },
            },
            opts=self._child("Deployment", name, args, cluster),
        )

    def _service(
        self,
        name: str,
        args: ModelServerArgs,
        cluster: kubernetes.Provider,
        deployment: kubernetes.apps.v1.Deployment,
    ) -> kubernetes.core.v1.Service:
        port: kubernetes.core.v1.ServicePortArgsDict = {"name": "rest", "port": REST_PORT, "target_port": REST_PORT}
        if args.service_type == "NodePort":
            port["node_port"] = args.node_port
        return kubernetes.core.v1.Service(
            f"{name}-service",
            metadata={"name": self.app, "namespace": self.namespace, "labels": self._labels(args)},
            spec={"type": args.service_type, "selector": {"app": self.app}, "ports": [port]},
            # The plugin waits for the Service's endpoints, which there are none of before the rollout.
            opts=pulumi.ResourceOptions.merge(
                self._child("Service", name, args, cluster), pulumi.ResourceOptions(depends_on=[deployment])
            ),
        )

    def _labels(self, args: ModelServerArgs) -> dict[str, pulumi.Input[str]]:
        return {
            "app": self.app,
            "app.kubernetes.io/name": self.app,
            "app.kubernetes.io/instance": args.stack[:63].strip("-_."),
            "app.kubernetes.io/version": args.model.version.apply(str),
            "app.kubernetes.io/component": "model-server",
            "app.kubernetes.io/managed-by": "pulumi",
        }

    def _child(
        self, kind: str, name: str, args: ModelServerArgs, cluster: kubernetes.Provider
    ) -> pulumi.ResourceOptions:
        seconds = f"{args.rollout_timeout_seconds}s"
        return pulumi.ResourceOptions.merge(
            pulumi.ResourceOptions(
                parent=self,
                provider=cluster,
                protect=args.protect,
                custom_timeouts=pulumi.CustomTimeouts(create=seconds, update=seconds, delete=seconds),
            ),
            _remedies(kind, name, self.app, args).options(kind.lower()),
        )


def _address(args: ModelServerArgs, service: kubernetes.core.v1.Service) -> tuple[pulumi.Input[str], pulumi.Input[int]]:
    """Host and port at which users reach the Service."""
    if args.service_type == "NodePort":
        return args.serving_host, args.node_port
    if args.service_type == "ClusterIP":
        return service.metadata.apply(lambda found: f"{found.name}.{found.namespace}.svc"), REST_PORT
    return service.status.apply(_balancer), REST_PORT


def _balancer(status: kubernetes.core.v1.outputs.ServiceStatus | None) -> str:
    ingress = status.load_balancer.ingress if status and status.load_balancer else None
    return (ingress[0].hostname or ingress[0].ip or "") if ingress else ""


def _import(kind: str, name: str, object_id: str) -> str:
    """The command that takes an object of the cluster into the state as the resource that the program declares."""
    group = {"Deployment": "apps/v1", "Service": "core/v1"}[kind]
    parent = f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{TYPE}"
    return (
        f"pulumi import kubernetes:{group}:{kind} {name}-{kind.lower()} {object_id} --protect=false "
        f"--generate-code=false --parent '{name}={parent}::{name}' "
        f"--provider '{name}-cluster={parent}$pulumi:providers:kubernetes::{name}-cluster'"
    )


def _remedies(kind: str, name: str, app: str, args: ModelServerArgs) -> Remedies:
    what = f"{kind.lower()} {app} --namespace {args.namespace}"
    return Remedies(
        {
            r"already exists": (
                f"{kind} {args.namespace}/{app} is not of this stack: remove it (kubectl delete {what}), let this one "
                "have another name (pulumi config set modelName NAME) or namespace, or make it this stack's: "
                f"{_import(kind, name, f'{args.namespace}/{app}')}"
            ),
            r"namespaces? .*not found": (
                f"make the namespace: kubectl create namespace {args.namespace}, or name another: "
                "pulumi config set namespace NAME"
            ),
            r"port is already allocated": (
                f"another Service has node port {args.node_port} (kubectl get services --all-namespaces); "
                "take another: pulumi config set nodePort PORT"
            ),
            r"ImagePullBackOff|ErrImagePull": (
                f"the node cannot pull the image: see that it reaches the registry (kubectl describe {what}); one that "
                "asks for credentials needs pulumi config set imagePullSecret NAME"
            ),
            r"BackOff|timed? ?out|deadline|Init:|ContainersNotReady|not ready": (
                f"the old pods keep serving; what the new ones say: kubectl logs {what.replace(' ', '/', 1)}; "
                "slow start: pulumi config set rolloutTimeoutSeconds SECONDS"
            ),
            r"unreachable|connection refused": (
                f"the cluster of context {args.context} does not answer: start it and run pulumi up again"
            ),
        }
    )
