"""The Kubernetes stand-in over gRPC, as the engine asks it, on a cluster in files."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto import status_pb2
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderStub

from lab.plugins import kubernetes_await
from lab.plugins.commands import Commands
from lab.plugins.engine_log import EngineLog
from lab.plugins.kubernetes_provider import KubernetesProvider
from lab.plugins.properties import UNKNOWN, to_python, to_struct
from lab.plugins.stand_in import StandIn
from tests.lab.processes import wait_until

URN = "urn:pulumi:dev::p::kubernetes:apps/v1:Deployment::server"
Serve = Callable[[StandIn], ResourceProviderStub]


def deployment(**spec: Any) -> dict[str, Any]:
    """A declared Deployment."""
    metadata = {"name": "server", "namespace": "web"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"replicas": 1, **spec}}


@pytest.fixture
def provider(cluster_files: Path, client: Serve, monkeypatch: pytest.MonkeyPatch) -> ResourceProviderStub:
    """A configured provider; the namespace `web` is there."""
    monkeypatch.setattr(kubernetes_await, "EVERY_SECONDS", 0.02)
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}}
    (cluster_files / "objects.json").write_text(json.dumps({"Namespace//web": namespace}), "utf-8")
    return configured(client, {})


def configured(client: Serve, options: dict[str, str]) -> ResourceProviderStub:
    """A provider with options."""
    stub = client(KubernetesProvider("4.34.2", EngineLog(""), Commands()))
    variables = {f"kubernetes:config:{name}": value for name, value in options.items()}
    assert stub.Configure(messages.ConfigureRequest(variables=variables)).supportsPreview
    return stub


def create(stub: ResourceProviderStub, declared: dict[str, Any], **more: Any) -> messages.CreateResponse:
    """Create an object."""
    answer: messages.CreateResponse = stub.Create(
        messages.CreateRequest(urn=URN, properties=to_struct(declared), **more)
    )
    return answer


def update(
    stub: ResourceProviderStub, state: messages.CreateResponse, declared: dict[str, Any], **more: Any
) -> messages.UpdateResponse:
    """Change an object."""
    request = messages.UpdateRequest(id=state.id, urn=URN, olds=state.properties, news=to_struct(declared), **more)
    answer: messages.UpdateResponse = stub.Update(request)
    return answer


def init_failure(error: grpc.RpcError) -> messages.ErrorResourceInitFailed:
    """The state that an error carries."""
    (serialised,) = [value for name, value in error.trailing_metadata() if name == "grpc-status-details-bin"]
    detail = messages.ErrorResourceInitFailed()
    assert status_pb2.Status.FromString(serialised).details[0].Unpack(detail)
    return detail


def calls(files: Path) -> list[str]:
    """The kubectl command lines so far."""
    return (files / "calls").read_text("utf-8").splitlines() if (files / "calls").exists() else []


def test_check_fills_in_namespace_and_name(provider: ResourceProviderStub) -> None:
    """An object without a name gets one that it keeps, and without a namespace `default`; a Namespace has none."""
    nameless = {"apiVersion": "v1", "kind": "Service", "spec": {"type": UNKNOWN}}
    first = to_python(provider.Check(messages.CheckRequest(urn=URN, news=to_struct(nameless))).inputs)
    again = messages.CheckRequest(urn=URN, olds=to_struct(first), news=to_struct(nameless))
    second = to_python(provider.Check(again).inputs)
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}

    assert first["metadata"]["name"].startswith("server-")
    assert first["metadata"]["namespace"] == "default"
    assert first["spec"] == {"type": UNKNOWN}
    assert second == first
    assert to_python(provider.Check(messages.CheckRequest(urn=URN, news=to_struct(space))).inputs) == space


def test_a_created_object_is_the_state(provider: ResourceProviderStub, cluster_files: Path) -> None:
    """Create applies with a field manager of the object's own, waits, and keeps the live object and the manager."""
    answer = create(provider, deployment())
    state = to_python(answer.properties)

    assert answer.id == "web/server"
    assert state["status"]["observedGeneration"] == 1
    assert state["__fieldManager"].startswith("pulumi-kubernetes-")
    (applied,) = [line for line in calls(cluster_files) if " apply " in line]
    assert f"--field-manager={state['__fieldManager']}" in applied
    assert "--force-conflicts" not in applied


def test_an_object_that_is_there_is_not_taken_over(provider: ResourceProviderStub, client: Serve) -> None:
    """Create fails where the object exists, but not in a preview, and not where upserts are wanted."""
    create(provider, deployment())
    with pytest.raises(grpc.RpcError, match='Deployment "web/server" already exists'):
        create(provider, deployment())

    assert to_python(create(provider, deployment(), preview=True).properties) == deployment()
    assert create(configured(client, {"upsertExistingObjects": "true"}), deployment()).id == "web/server"


def test_a_preview_changes_nothing(provider: ResourceProviderStub, cluster_files: Path) -> None:
    """A preview is a dry run of the server, without status; with an unknown input it is an echo and asks nobody."""
    shown = to_python(create(provider, deployment(), preview=True).properties)
    asked = calls(cluster_files)
    unknown = deployment(paused=UNKNOWN)

    assert shown["metadata"]["uid"]
    assert "status" not in shown
    assert "--dry-run=server" in asked[-1]
    assert to_python(create(provider, unknown, preview=True).properties) == unknown
    assert calls(cluster_files) == asked
    assert "Deployment/web/server" not in (cluster_files / "objects.json").read_text("utf-8")


def test_a_previewed_update_changes_nothing(provider: ResourceProviderStub, cluster_files: Path) -> None:
    """An update's preview is a dry run too, without status; with an unknown input it is an echo and asks nobody."""
    state = create(provider, deployment())
    before = (cluster_files / "objects.json").read_text("utf-8")
    shown = to_python(update(provider, state, deployment(paused=True), preview=True).properties)
    asked = calls(cluster_files)
    unknown = deployment(paused=UNKNOWN)

    assert shown["spec"]["paused"] is True
    assert "status" not in shown
    assert to_python(update(provider, state, unknown, preview=True).properties) == unknown
    assert calls(cluster_files) == asked
    assert (cluster_files / "objects.json").read_text("utf-8") == before


def test_an_unreachable_cluster_is_silent_until_it_is_needed(
    provider: ResourceProviderStub, cluster_files: Path
) -> None:
    """Previews echo their inputs; the operations themselves say that the cluster is unreachable."""
    state = create(provider, deployment())
    (cluster_files / "down").touch()

    assert to_python(create(provider, deployment(), preview=True).properties) == deployment()
    assert to_python(update(provider, state, deployment(), preview=True).properties) == deployment()
    for operation in (lambda: create(provider, deployment()), lambda: update(provider, state, deployment())):
        with pytest.raises(grpc.RpcError, match="configured Kubernetes cluster is unreachable: The connection"):
            operation()
    with pytest.raises(grpc.RpcError, match="PULUMI_K8S_DELETE_UNREACHABLE"):
        provider.Read(messages.ReadRequest(id=state.id, urn=URN, inputs=to_struct(deployment())))


def test_a_missing_kubeconfig_is_an_unreachable_cluster(cluster_files: Path, client: Serve) -> None:
    """A kubeconfig that is not there is told where the cluster is needed, and not before."""
    stub = configured(client, {"kubeconfig": str(cluster_files / "none")})

    assert to_python(create(stub, deployment(), preview=True).properties) == deployment()
    with pytest.raises(grpc.RpcError, match=r"cluster is unreachable: kubeconfig .*none cannot be read"):
        create(stub, deployment())


def test_a_crashing_deployment_stays_in_the_state(provider: ResourceProviderStub, cluster_files: Path) -> None:
    """One that does not come up in time fails with the pod's reason and exit code, is kept, and mended next time."""
    (cluster_files / "broken").touch()
    with pytest.raises(grpc.RpcError, match="'server' timed out waiting to be Ready") as failure:
        create(provider, deployment(), timeout=0.1)
    detail = init_failure(failure.value)

    assert detail.id == "web/server"
    assert any("[Pod web/server-1-1]" in reason and "CrashLoopBackOff" in reason for reason in detail.reasons)
    assert any("exit code 3" in reason for reason in detail.reasons)
    (cluster_files / "broken").unlink()
    state = messages.CreateResponse(id=detail.id, properties=detail.properties)
    assert to_python(update(provider, state, deployment()).properties)["status"]


def test_a_cancelled_wait_keeps_what_was_made(provider: ResourceProviderStub, cluster_files: Path) -> None:
    """Cancel ends the wait at once, and the Deployment that is there goes into the state."""
    (cluster_files / "broken").touch()

    def cancel_the_wait() -> None:
        wait_until(lambda: any("replicasets" in line for line in calls(cluster_files)), seconds=60)
        provider.Cancel(Empty())

    thread = threading.Thread(target=cancel_the_wait)
    thread.start()
    with pytest.raises(grpc.RpcError, match="the operation was cancelled") as failure:
        create(provider, deployment(), timeout=120)
    thread.join()

    assert init_failure(failure.value).id == "web/server"


def test_fields_of_others_are_taken_only_by_force(
    provider: ResourceProviderStub, cluster_files: Path, client: Serve
) -> None:
    """A conflict is an error, in a preview too, that names the other manager; patch force takes the field."""
    state = create(provider, deployment())
    (cluster_files / "conflict").write_text("kubectl-scale", "utf-8")
    for preview in (True, False):
        with pytest.raises(grpc.RpcError, match=r'conflict with "kubectl-scale" using apps/v1: .spec.replicas"'):
            update(provider, state, deployment(), preview=preview)
    annotated = deployment()
    annotated["metadata"]["annotations"] = {"pulumi.com/patchForce": "true"}

    assert to_python(update(provider, state, annotated).properties)["metadata"]["uid"]
    forced = configured(client, {"enablePatchForce": "true"})
    owner = to_python(update(forced, state, deployment()).properties)["__fieldManager"]
    assert owner == to_python(state.properties)["__fieldManager"]
    client_side = configured(client, {"enableServerSideApply": "false"})
    assert to_python(update(client_side, state, deployment()).properties)["__fieldManager"] == "pulumi-kubernetes"


def test_an_update_of_what_was_deleted_by_hand_fails(provider: ResourceProviderStub, cluster_files: Path) -> None:
    """An object that is gone is not created by an update."""
    state = create(provider, deployment())
    (cluster_files / "objects.json").write_text("{}", "utf-8")
    with pytest.raises(grpc.RpcError, match="was not found"):
        update(provider, state, deployment())


def test_read_tells_what_is_declared_as_it_is(provider: ResourceProviderStub, cluster_files: Path) -> None:
    """A refresh returns the live values of declared fields, and nothing of an object that is gone."""
    state = create(provider, deployment(template={"args": ["a"]}))
    objects = json.loads((cluster_files / "objects.json").read_text("utf-8"))
    live = objects["Deployment/web/server"]
    live["spec"] |= {"replicas": 3, "paused": True, "template": {"args": ["a", "by hand"], "more": 1}}
    (cluster_files / "objects.json").write_text(json.dumps(objects), "utf-8")
    request = messages.ReadRequest(
        id=state.id, urn=URN, inputs=to_struct(deployment(template={"args": ["a"]})), properties=state.properties
    )
    answer = provider.Read(request)

    assert to_python(answer.inputs)["spec"] == {"replicas": 3, "template": {"args": ["a"]}}
    assert to_python(answer.properties)["spec"] == live["spec"]
    (cluster_files / "objects.json").write_text("{}", "utf-8")
    assert provider.Read(request).id == ""


def test_read_without_inputs_is_an_import(provider: ResourceProviderStub) -> None:
    """An object of which only the id is known is read whole, without what the server writes."""
    create(provider, deployment())
    request = messages.ReadRequest(id="web/server", urn=URN, type="kubernetes:apps/v1:Deployment")
    inputs = to_python(provider.Read(request).inputs)

    assert inputs["spec"] == {"replicas": 1}
    assert "status" not in inputs
    assert "uid" not in inputs["metadata"]


def test_a_refreshed_deployment_that_does_not_work_is_reported(
    provider: ResourceProviderStub, cluster_files: Path
) -> None:
    """A refresh of a crashing Deployment says so, and keeps state and inputs."""
    (cluster_files / "broken").touch()
    with pytest.raises(grpc.RpcError):
        create(provider, deployment(), timeout=0.1)
    with pytest.raises(grpc.RpcError, match="was created but failed to initialize") as failure:
        provider.Read(messages.ReadRequest(id="web/server", urn=URN, inputs=to_struct(deployment())))

    assert to_python(init_failure(failure.value).inputs)["spec"] == {"replicas": 1}


def test_delete_waits_until_the_object_is_gone(provider: ResourceProviderStub, cluster_files: Path) -> None:
    """Delete asks for the deletion and looks until nothing is left; one that is gone already is no error."""
    state = create(provider, deployment())
    for _ in range(2):
        provider.Delete(messages.DeleteRequest(id=state.id, urn=URN, properties=state.properties))

    assert "Deployment/web/server" not in json.loads((cluster_files / "objects.json").read_text("utf-8"))


def test_diff_sees_declared_fields_only(provider: ResourceProviderStub) -> None:
    """The live object counts where it was declared; what is ignored or never declared does not."""
    state = to_python(create(provider, deployment()).properties) | {"spec": {"replicas": 3, "paused": True}}
    request = messages.DiffRequest(
        id="web/server",
        urn=URN,
        olds=to_struct(state),
        old_inputs=to_struct(deployment()),
        news=to_struct(deployment()),
    )
    found = provider.Diff(request)

    assert list(found.detailedDiff) == ["spec.replicas"]
    assert not found.replaces
    request.ignoreChanges.append("spec.replicas")
    assert provider.Diff(request).changes == messages.DiffResponse.DIFF_NONE


def test_strict_mode_wants_kubeconfig_and_context(provider: ResourceProviderStub) -> None:
    """A strict provider that names no context is refused, and so is a default one."""
    strict = to_struct({"strictMode": "true", "kubeconfig": "/k"})
    named = messages.CheckRequest(urn="urn:pulumi:dev::p::pulumi:providers:kubernetes::k8s", news=strict)
    default = messages.CheckRequest(urn="urn:pulumi:dev::p::pulumi:providers:kubernetes::default_4_34_2", news=strict)

    assert [failure.property for failure in provider.CheckConfig(named).failures] == ["context"]
    assert "default provider" in provider.CheckConfig(default).failures[0].reason
    assert not provider.CheckConfig(messages.CheckRequest(urn=URN, news=to_struct({}))).failures


def test_a_missing_namespace_is_told(provider: ResourceProviderStub) -> None:
    """An object for a namespace that is not there is refused with the server's words, but not in a preview."""
    lost = deployment()
    lost["metadata"]["namespace"] = "lost"

    assert to_python(create(provider, lost, preview=True).properties) == lost
    with pytest.raises(grpc.RpcError, match='created by the Kubernetes API server: namespaces "lost" not found'):
        create(provider, lost)
