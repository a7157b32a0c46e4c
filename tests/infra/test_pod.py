"""What a pod of the model server looks like."""

import re
from typing import Any

import pytest

from infra import pod
from infra.pod import PodArgs
from infra.project import ROOT
from tests.model.conftest import Trained


@pytest.fixture
def spec() -> dict[str, Any]:
    """The specification of a pod."""
    return dict(
        pod.spec(
            PodArgs(
                model_name="m",
                image="registry/m-serving@sha256:0",
                image_pull_secret="",
                cpu_request="250m",
                cpu_limit="1500m",
                memory_request="512Mi",
                memory_limit="1Gi",
                start_seconds=60,
            )
        )
    )


def test_a_pod_is_what_the_restricted_standard_admits(spec: dict[str, Any]) -> None:
    """No root, no privilege to gain, no capability, the runtime's own seccomp profile: the `restricted` standard."""
    (container,) = spec["containers"]

    assert spec["security_context"]["run_as_non_root"] is True
    assert spec["security_context"]["run_as_user"] == spec["security_context"]["run_as_group"] == 65532
    assert spec["security_context"]["seccomp_profile"] == {"type": "RuntimeDefault"}
    assert container["security_context"] == {
        "allow_privilege_escalation": False,
        "read_only_root_filesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert spec["automount_service_account_token"] is False
    assert "image_pull_secrets" not in spec


def test_ready_means_that_the_model_is_loaded(spec: dict[str, Any]) -> None:
    """Start and readiness ask for the model's metadata, which is 404 until it is loaded; life for its status."""
    (container,) = spec["containers"]
    paths = {name: container[f"{name}_probe"]["http_get"]["path"] for name in ("startup", "readiness", "liveness")}

    assert paths == {
        "startup": "/v1/models/m/metadata",
        "readiness": "/v1/models/m/metadata",
        "liveness": "/v1/models/m",
    }
    assert container["startup_probe"]["failure_threshold"] * container["startup_probe"]["period_seconds"] == 60


@pytest.mark.parametrize(("limit", "cpus"), [("250m", 1), ("1", 1), ("1500m", 2), ("64", 64)])
def test_threads_follow_the_cpu_limit(limit: str, cpus: int) -> None:
    """The server is told the CPUs of the limit, rounded up: it would count those of the node."""
    flags = dict(flag.removeprefix("--").split("=") for flag in pod.flags(limit))

    assert flags["tensorflow_intra_op_parallelism"] == flags["tensorflow_inter_op_parallelism"] == str(cpus)
    assert flags["rest_api_num_threads"] == flags["grpc_max_threads"] == str(4 * cpus)


def test_the_dockerfile_copies_all_of_a_model(trained: Trained) -> None:
    """The recipe names the parts of a SavedModel one by one: it has no part that the recipe forgets."""
    recipe = (ROOT / "infra" / "model.Dockerfile").read_text(encoding="utf-8")
    parts = {path.name for path in (trained.found.path / "model").iterdir()}

    assert set(re.findall(r"^COPY (\S+) /models/", recipe, re.MULTILINE)) == parts
