"""Stands in for pulumi-resource-kubernetes: objects of a cluster as Pulumi resources, through kubectl.

Owns what each call of the protocol means for an object. As the official provider 4.34 does: it sees of a live object
only what was declared, it takes no field from others unless told so, it is silent about a cluster it cannot reach until
something has to be done there, and it leaves validation to the API server. The state of a resource is the live object;
what the official one keeps in it besides (`__inputs`), the engine has anyway.
"""

# ruff: noqa: N802, ARG002 - the service's names and arguments, whether needed or not

from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as messages

from lab.plugins import kubeconfig, kubernetes_diff, objects, provider_options
from lab.plugins.cluster import Cluster, ClusterError, UnreachableError
from lab.plugins.commands import Commands
from lab.plugins.engine_log import EngineLog
from lab.plugins.kubernetes_apply import FIELD_MANAGER, Applier, with_owner
from lab.plugins.kubernetes_await import AwaitError, Waiter
from lab.plugins.objects import AUTONAMED, CLUSTER_WIDE, SKIP_AWAIT, annotation, identity
from lab.plugins.properties import has_unknown, to_python, to_struct
from lab.plugins.stand_in import NotReadyError, OperationError, StandIn, answering

BOOKKEEPING = (FIELD_MANAGER, "__initialApiVersion", "__inputs")
NOT_LIVE = "failed to fully initialize or become live"
LOST_CLUSTER = (
    "If the cluster was deleted, remove this resource from the state by running the operation again with "
    'PULUMI_K8S_DELETE_UNREACHABLE set to "true"'
)


class KubernetesProvider(StandIn):
    """The provider. Its cluster is known after Configure."""

    def __init__(self, version: str, log: EngineLog, commands: Commands) -> None:
        super().__init__(version, log, commands)
        self._configure({})

    def _configure(self, options: dict[str, Any]) -> None:
        self._options = options
        self._cluster = Cluster(options, self.commands)
        self._waiter = Waiter(self._cluster, self.commands)
        self._applier = Applier(options, self._cluster, self._waiter)

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> messages.CheckResponse:
        """Refuse what strict mode refuses; anything else is found out when the cluster is needed."""
        news = to_python(request.news)
        failures = []
        if str(news.get("strictMode")).lower() == "true":
            is_default = request.urn.rpartition("::")[2].startswith("default")
            failures = provider_options.strict_mode_failures(news, is_default=is_default)
        return messages.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> messages.DiffResponse:
        """Tell whether the provider is still of the same cluster."""
        return provider_options.difference(to_python(request.olds), to_python(request.news))

    def Configure(self, request: Any, context: grpc.ServicerContext) -> messages.ConfigureResponse:
        """Remember the settings. The cluster is not asked: that would cost every operation that changes nothing."""
        prefix = "kubernetes:config:"
        self._configure({name.removeprefix(prefix): value for name, value in request.variables.items()})
        return messages.ConfigureResponse(supportsPreview=True)

    @answering
    def Check(self, request: Any) -> messages.CheckResponse:
        """Give an object the namespace and name that it does not declare; keep a name given before."""
        inputs = Struct()
        inputs.CopyFrom(request.news)
        declared, before = to_python(request.news), to_python(request.olds)
        metadata = declared.get("metadata", {})
        if isinstance(metadata, dict):
            more: dict[str, Any] = {}
            if not metadata.get("name") and not metadata.get("generateName"):
                reused = annotation(before, AUTONAMED) and before["metadata"].get("name")
                more["name"] = reused or objects.automatic_name(request.name or request.urn.rpartition("::")[2])
                more["annotations"] = {**(metadata.get("annotations") or {}), AUTONAMED: "true"}
            if not metadata.get("namespace") and declared.get("kind") not in CLUSTER_WIDE:
                more["namespace"] = kubeconfig.namespace(self._options)
            inputs.update({"metadata": metadata | more})
        return messages.CheckResponse(inputs=inputs)

    @answering
    def Diff(self, request: Any) -> messages.DiffResponse:
        """Compare the declaration with the live object of the last operation or refresh."""
        live, declared = _live(request.olds), to_python(request.news)
        found = kubernetes_diff.changes(to_python(request.old_inputs), live, declared)
        mutable = {kind for kind in ("ConfigMap", "Secret") if provider_options.is_on(self._options, _mutable(kind))}
        return kubernetes_diff.response(found, live, declared, list(request.ignoreChanges), frozenset(mutable))

    @answering
    def Create(self, request: Any) -> messages.CreateResponse:
        """Create an object and wait until it works; refuse to take over one that is there."""
        declared = to_python(request.properties)
        echo = messages.CreateResponse(properties=request.properties)
        if request.preview and (has_unknown(declared) or not self._applier.is_server_side):
            return echo
        owner = self._applier.field_manager({}, declared)
        try:
            if not provider_options.is_on(self._options, "upsertExistingObjects") and self._cluster.get(declared):
                raise ClusterError("AlreadyExists", _already_exists(declared))  # noqa: TRY301 - as the server would say
            live = self._applier.apply(declared, owner, dry_run=request.preview)
        except UnreachableError as error:
            if request.preview:
                return echo
            raise _unreachable(error) from error
        except ClusterError as error:
            if request.preview and error.reason in {"AlreadyExists", "Forbidden", "NotFound"}:
                return echo
            message = f'resource "{request.urn}" was not successfully created by the Kubernetes API server: {error}'
            raise OperationError(message) from error
        if request.preview:
            return messages.CreateResponse(properties=_as_state(live, owner, preview=True))
        what = f'resource "{request.urn}" was successfully created, but the Kubernetes API server reported that it '
        live = self._applier.wait(live, owner, request.timeout, self._say(request), f"{what}{NOT_LIVE}")
        return messages.CreateResponse(id=identity(live), properties=_as_state(live, owner))

    @answering
    def Read(self, request: Any) -> messages.ReadResponse:
        """Look at an object: gone, or as it is, and of its declaration what is there of it."""
        declared, state = to_python(request.inputs), to_python(request.properties)
        thing = declared if declared.get("kind") else objects.from_identity(request.type, request.id)
        try:
            live = self._cluster.get(thing | {"metadata": objects.name_of(request.id)})
        except UnreachableError as error:
            if not provider_options.is_on(self._options, "deleteUnreachable"):
                message = f"failed to read resource state: {_unreachable(error)}. {LOST_CLUSTER}"
                raise OperationError(message) from error
            live = None
        except ClusterError as error:
            raise OperationError(str(error)) from error
        if live is None:
            return messages.ReadResponse()
        owner = self._applier.field_manager(state, declared)
        inputs = objects.prune(live, declared) if declared else objects.without_written_by_server(live)
        # The official provider judges a Service too, but measured it did not report one that had lost its pods.
        if live["kind"] == "Deployment" and annotation(live, SKIP_AWAIT).lower() != "true":
            live, judgement = self._waiter.judge(live)
            if not judgement.done:
                message = f"Resource '{live['metadata']['name']}' was created but failed to initialize"
                properties = to_python(_as_state(live, owner))
                raise NotReadyError(message, request.id, properties, judgement.problems, inputs)
        return messages.ReadResponse(id=request.id, properties=_as_state(live, owner), inputs=to_struct(inputs))

    @answering
    def Update(self, request: Any) -> messages.UpdateResponse:
        """Change an object to what is declared and wait until it works."""
        declared, state = to_python(request.news), to_python(request.olds)
        echo = messages.UpdateResponse(properties=request.news)
        if request.preview and has_unknown(declared):
            return echo
        owner = self._applier.field_manager(state, declared)
        failed = f'the Kubernetes API server reported that "{request.id}" {NOT_LIVE}'
        try:
            before = self._cluster.get(declared)
            if before is None:
                raise OperationError(
                    f'update of resource "{request.urn}" failed: {_name(declared)} was not found: it was deleted by '
                    "others; `pulumi up --refresh` creates it again"
                )
            try:
                live = self._applier.apply(declared, owner, dry_run=request.preview)
            except ClusterError as error:
                if request.preview and error.reason == "Forbidden":
                    return echo
                raise NotReadyError(f"{failed}: {error}", request.id, with_owner(before, owner), []) from error
        except UnreachableError as error:
            if request.preview:
                return echo
            raise _unreachable(error) from error
        if not request.preview:
            live = self._applier.wait(live, owner, request.timeout, self._say(request), failed)
        return messages.UpdateResponse(properties=_as_state(live, owner, preview=request.preview))

    @answering
    def Delete(self, request: Any) -> Empty:
        """Delete an object and wait until it is gone."""
        live = _live(request.properties)
        thing = live if live.get("kind") else objects.from_identity(request.type, request.id)
        try:
            self._cluster.delete(thing)
            self._waiter.wait_until_gone(thing, request.timeout, self._say(request))
        except UnreachableError as error:
            if not provider_options.is_on(self._options, "deleteUnreachable"):
                raise OperationError(f"{_unreachable(error)}. {LOST_CLUSTER}") from error
        except (ClusterError, AwaitError) as error:
            raise OperationError(str(error)) from error
        return Empty()

    def _say(self, request: Any) -> Callable[[str], None]:
        """Tells the user what is done about a request's resource."""
        return lambda line: self.log.status(request.urn, line)

    def close(self) -> None:
        """End what runs and remove what was written."""
        super().close()
        self._cluster.close()


def _live(state: Struct) -> dict[str, Any]:
    return {name: value for name, value in to_python(state).items() if name not in BOOKKEEPING}


def _as_state(live: dict[str, Any], owner: str, *, preview: bool = False) -> Struct:
    """A live object as the state of its resource. What a dry run says of its status is nothing to go by."""
    shown = {name: value for name, value in live.items() if name != "status"} if preview else live
    return to_struct(with_owner(shown, owner))


def _unreachable(error: UnreachableError) -> OperationError:
    return OperationError(f"configured Kubernetes cluster is unreachable: {error}")


def _name(declared: dict[str, Any]) -> str:
    return f'{declared["kind"]} "{identity(declared)}"'


def _already_exists(declared: dict[str, Any]) -> str:
    return f"{_name(declared)} already exists: import it (`pulumi import`), or delete it"


def _mutable(kind: str) -> str:
    return f"enable{kind}Mutable"
