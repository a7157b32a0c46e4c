"""What a pod of the model server looks like: container, probes, threads, rights.

Owns the pod's part of a Deployment, which depends on nothing but the model's digest, name and version, the image and
the configuration: whatever else stood here would replace pods that serve the same model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from infra.config_rules import quantity

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import ContainerArgsDict, PodSpecArgsDict, ProbeArgsDict

REST_PORT = 8501
USER = 65532
"""User and group of the process: any but root, whom the `restricted` Pod Security Standard forbids."""
# As process 1 TensorFlow Serving ignores SIGTERM and serves on until SIGKILL. So this is how long requests that are
# still routed to a pod that goes are answered, and how long a rollout's last step takes.
GRACE_SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class PodArgs:
    """What a pod runs.

    Args:
        model_name: name of the model in its URLs.
        image: reference by digest.
        image_pull_secret: name of a Secret with the registry's credentials, or "".
        cpu_request, cpu_limit, memory_request, memory_limit: Kubernetes quantities.
        start_seconds: time the server may take to load its model.
    """

    model_name: str
    image: pulumi.Input[str]
    image_pull_secret: str
    cpu_request: str
    cpu_limit: str
    memory_request: str
    memory_limit: str
    start_seconds: int


def spec(args: PodArgs) -> PodSpecArgsDict:
    """The pod's specification, which the `restricted` Pod Security Standard admits."""
    found: PodSpecArgsDict = {
        "containers": [_container(args)],
        "security_context": {
            "run_as_non_root": True,
            "run_as_user": USER,
            "run_as_group": USER,
            "seccomp_profile": {"type": "RuntimeDefault"},
        },
        "automount_service_account_token": False,
        "enable_service_links": False,
        "termination_grace_period_seconds": GRACE_SECONDS,
    }
    if args.image_pull_secret:
        found["image_pull_secrets"] = [{"name": args.image_pull_secret}]
    return found


def _container(args: PodArgs) -> ContainerArgsDict:
    status = f"/v1/models/{args.model_name}"
    return {
        "name": "model-server",
        "image": args.image,
        "args": flags(args.cpu_limit),
        "ports": [{"name": "rest", "container_port": REST_PORT}],
        "resources": {
            "requests": {"cpu": args.cpu_request, "memory": args.memory_request},
            "limits": {"cpu": args.cpu_limit, "memory": args.memory_limit},
        },
        # Metadata is answered once the model is loaded; the status path answers 200 in every state.
        "startup_probe": _probe(f"{status}/metadata", period=1, failures=args.start_seconds),
        "readiness_probe": _probe(f"{status}/metadata", period=5, failures=3),
        "liveness_probe": _probe(status, period=10, failures=6),
        "security_context": {
            "allow_privilege_escalation": False,
            "read_only_root_filesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def _probe(path: str, *, period: int, failures: int) -> ProbeArgsDict:
    return {
        "http_get": {"path": path, "port": REST_PORT},
        "period_seconds": period,
        "timeout_seconds": 5,
        "failure_threshold": failures,
    }


def flags(cpu_limit: str) -> list[str]:
    """TensorFlow Serving's flags for a model that is part of the image, and for the CPUs that the limit allows.

    It counts the CPUs of the node, not those of the limit, and would make threads for all of them (issues 1618 and 2060
    of tensorflow/serving); with one REST thread it would answer nothing (issue 1576). The defaults are 4 threads a CPU.
    """
    cpus = max(1, math.ceil(quantity(cpu_limit) or 1))
    return [
        f"--tensorflow_intra_op_parallelism={cpus}",
        f"--tensorflow_inter_op_parallelism={cpus}",
        f"--rest_api_num_threads={4 * cpus}",
        f"--grpc_max_threads={4 * cpus}",
        "--file_system_poll_wait_seconds=0",  # no other version can come
        "--max_num_load_retries=0",  # a model that cannot be loaded ends the process at once, and the rollout
    ]
