"""LocalServer: a model server on this machine as a resource.

Owns the resource and its provider: which change needs a new version directory, which a new process. Does not own the
process (server_process), the directories (served_versions) nor the server's code (serving).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    UpdateResult,
)
from pulumi.output import Unknown

from infra import ports, served_versions, server_process
from infra.naming import LOOPBACK, predict_url, status_url
from infra.project import ROOT
from infra.provider import DRIFT, PROVIDER_KEY, Properties, Provider, differing, failure, own
from infra.server_process import ServerRecord
from infra.training import TrainedModel

OUTPUTS = ("launch", "pid", "started")
# Where the artifact lies is no matter: the digest says what it is.
PLACE = frozenset({"artifact"})


@dataclass(frozen=True, kw_only=True)
class LocalServerArgs:
    """What a local model server serves.

    Args:
        stack: name of the stack, whose folder under .serving/ the server reads.
        model_name: name of the model in its URLs.
        port: REST port on the loopback interface.
        model: what is served, as the version directory it names.
    """

    stack: str
    model_name: str
    port: int
    model: TrainedModel


class LocalServer(Resource, module="mymodel", name="LocalServer"):
    """A model server process that outlives the CLI and swaps in new versions without a pause.

    Attributes:
        launch: identifies one start of the server: differs for every started process.
        status_url: GET: the model's versions.
        predict_url: POST: instances to predictions.
        image, namespace, app: None: no image is made, and there are no pods.
    """

    launch: pulumi.Output[str]
    image = namespace = app = None

    def __init__(self, name: str, args: LocalServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        self.status_url = status_url(LOOPBACK, args.port, args.model_name)
        self.predict_url = predict_url(LOOPBACK, args.port, args.model_name)
        inputs: dict[str, Any] = {
            "stack": args.stack,
            "modelName": args.model_name,
            "port": args.port,
            "artifact": args.model.path,
            "digest": args.model.digest,
            "version": args.model.version,
        }
        # A stack has one process and one folder: deleted afterwards, a replaced server would take its successor along.
        own_opts = pulumi.ResourceOptions(hide_diffs=[PROVIDER_KEY], delete_before_replace=True)
        properties = inputs | dict.fromkeys(OUTPUTS)
        super().__init__(LocalServerProvider(), name, properties, pulumi.ResourceOptions.merge(own_opts, opts))


class LocalServerProvider(Provider):
    """Keeps one model server process a stack, serving the version the inputs name."""

    def check(self, olds: Properties, news: Properties) -> CheckResult:
        """Add the `drift` of a server that is not what it should be; refuse a port that another program holds."""
        inputs = {key: value for key, value in own(news).items() if value is not None}
        record = server_process.read_record(_folder(inputs))
        fault = _fault(record)
        if olds and fault:
            inputs[DRIFT] = fault
            print(f"{inputs['modelName']}: will start the model server again: {fault}")
        return CheckResult(inputs, _port_failures(inputs, record, adopted=bool(olds) and record is None))

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """An update where what is served, or where, changed. The version follows the digest: alone it is no change."""
        ignored = PLACE | ({"version"} if isinstance(news["version"], Unknown) else set())
        return DiffResult(changes=bool(differing(olds, news, ignore=ignored)))

    def create(self, props: Properties) -> CreateResult:
        """Start a server, in place of one that an earlier state of this stack forgot."""
        inputs = own(props)
        record = server_process.read_record(_folder(inputs))
        if record:
            server_process.stop(record.pid, record.started)
        return CreateResult("server", inputs | _outputs(_start(inputs)))

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Swap the new version in where the server lives at its place; start a server otherwise."""
        inputs = own(news)
        record = server_process.read_record(_folder(inputs))
        at_its_place = record and (record.port, record.model_name) == (inputs["port"], inputs["modelName"])
        if record and at_its_place and served_versions.fault(record) is None:
            record = _swap(inputs, record)
        else:
            record = _restart(inputs, olds, record)
        return UpdateResult(inputs | _outputs(record))

    def read(self, id_: str, props: Properties) -> ReadResult:
        """The same resource while its server serves, else inputs with the drift that was found."""
        record = server_process.read_record(_folder(props))
        fault = _fault(record)
        if not fault:
            return ReadResult(id_, props)
        declared = {key: value for key, value in own(props).items() if key not in OUTPUTS}
        return ReadResult(id_, props | {DRIFT: fault}, declared | {DRIFT: fault})

    def delete(self, _id: str, props: Properties) -> None:
        """End the server and remove what it read."""
        record = server_process.read_record(_folder(props))
        if record:
            server_process.stop(record.pid, record.started)
        server_process.stop(int(props["pid"]), props["started"])
        shutil.rmtree(_folder(props), ignore_errors=True)


def _folder(inputs: Mapping[str, Any]) -> Path:
    return ROOT / ".serving" / str(inputs["stack"])


def _fault(record: ServerRecord | None) -> str | None:
    return served_versions.fault(record) if record else "no model server was started from this folder"


def _outputs(record: ServerRecord) -> Properties:
    return {"launch": record.launch, "pid": record.pid, "started": record.started}


def _port_failures(inputs: Properties, record: ServerRecord | None, *, adopted: bool) -> list[CheckFailure]:
    """A port that another program holds. A server that another checkout of this state started is for `update`."""
    port = int(inputs["port"])
    ours = record and record.port == port and server_process.is_alive(record.pid, record.started)
    if ours or adopted or not ports.is_taken(port):
        return []
    return [CheckFailure("port", _taken(port))]


def _taken(port: int) -> str:
    other = ports.listener(port)
    return f"port {port} is taken by {other}: end it, or choose another: pulumi config set port {port + 1}"


def _restart(inputs: Properties, olds: Properties, record: ServerRecord | None) -> ServerRecord:
    """Start a server and end the one before it: first the end where both want one port, last where they don't."""
    before = [(record.pid, record.started)] if record else []
    before.append((int(olds["pid"]), olds["started"]))
    if inputs["port"] != olds["port"]:
        started = _start(inputs)
        _stop_all(before)
        return started
    _stop_all(before)
    return _start(inputs)


def _stop_all(processes: list[tuple[int, float]]) -> None:
    for pid, started in processes:
        server_process.stop(pid, started)


def _start(inputs: Properties) -> ServerRecord:
    folder, name = _folder(inputs), inputs["modelName"]
    version, port = int(inputs["version"]), int(inputs["port"])
    if ports.stays_taken(port):
        raise failure(f"{name}: {_taken(port)}")
    print(f"{name}: starting the model server on port {port}")
    _publish(inputs)
    served_versions.prune(folder / name, keep=version)
    record = server_process.start(folder, name, port, version)
    try:
        served_versions.wait_until_served(record, version)
    except served_versions.NotServedError as error:
        server_process.stop(record.pid, record.started)
        raise failure(f"{name}: {error}; its log: {folder / 'server.log'}") from None
    record.write()
    return record


def _swap(inputs: Properties, record: ServerRecord) -> ServerRecord:
    name, version = inputs["modelName"], int(inputs["version"])
    base = _folder(inputs) / name
    if version == record.version:
        return record
    _publish(inputs)
    try:
        served_versions.wait_until_served(record, version)
    except served_versions.NotServedError as error:
        shutil.rmtree(base / str(version), ignore_errors=True)
        raise failure(f"{name}: {error}; version {record.version} keeps serving") from None
    served_versions.prune(base, keep=version)
    record = replace(record, version=version)
    record.write()
    return record


def _publish(inputs: Properties) -> None:
    base, version = _folder(inputs) / inputs["modelName"], int(inputs["version"])
    try:
        served_versions.publish(ROOT / inputs["artifact"], base, version)
    except OSError as error:
        raise failure(f"{inputs['modelName']}: cannot copy the model to {base}: {error.strerror}") from None
