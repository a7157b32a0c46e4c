"""A Kubernetes cluster, asked through kubectl.

Owns which kubectl command asks what, and what kind of failure its answer is. Objects are dicts as the API has them.
"""

import json
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.plugins import kubeconfig
from lab.plugins.commands import Answer, Commands

OF_SERVICE = "kubernetes.io/service-name"  # label of the EndpointSlices of a Service
REQUEST_TIMEOUT = "--request-timeout=20s"  # a cluster that does not answer must not hold a preview for minutes
# What kubectl writes before what the API server has answered.
SERVER_ERROR = re.compile(
    r"^Error from server(?: \((\w+)\))?: (?:error when \w+(?: \w+)* \"[^\"]*\": )?(.*)", re.DOTALL
)
INVALID = re.compile(r"^The \S+ \".*\" is invalid:.*", re.DOTALL)
CONFLICT = re.compile(
    r"^error: (Apply failed with \d+ conflicts?: .*?)(?:\nPlease review the fields above|$)", re.DOTALL
)
NOISE = re.compile(r"^(?:[EWI]\d{4} |Warning: )")  # lines of kubectl's own log, and deprecations


class ClusterError(Exception):
    """The API server refuses.

    Args:
        reason: its word for why, such as `NotFound`; empty if it has none.
        message: its answer.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class UnreachableError(Exception):
    """The cluster cannot be asked: the message says why."""


class Cluster:
    """A cluster as a provider's inputs name it.

    Args:
        provider: inputs of the Pulumi provider: kubeconfig (path or contents), context, cluster, namespace.
        commands: how kubectl is run.
    """

    def __init__(self, provider: Mapping[str, Any], commands: Commands) -> None:
        self._provider = provider
        self._commands = commands
        self._lock = threading.Lock()
        self._options: list[str] | None = None
        self._written: Path | None = None

    def get(self, thing: dict[str, Any]) -> dict[str, Any] | None:
        """An object as it is now; None if it is gone. Only its apiVersion, kind, name and namespace are looked at."""
        try:
            answer = self._kubectl("get", "--filename=-", "--output=json", given=_identity(thing))
        except ClusterError as error:
            if error.reason != "NotFound":
                raise
            return None
        found: dict[str, Any] = json.loads(answer)["items"][0]  # whatever is asked for by a file comes as a list
        return found

    def items(self, kinds: str, namespace: str, *options: str) -> list[dict[str, Any]]:
        """All objects of some kinds (`a,b`) in a namespace."""
        answer = self._kubectl("get", kinds, f"--namespace={namespace}", "--output=json", *options)
        found: list[dict[str, Any]] = json.loads(answer)["items"]
        return found

    @contextmanager
    def watch(self, thing: dict[str, Any]) -> Iterator[threading.Event]:
        """An event that is set whenever an object has changed, and when it is looked at first.

        A Service is watched by its endpoints. The event is a hint to look again and no more: where nothing can be
        watched it is never set.
        """
        of_service = ["endpointslices", f"--namespace={thing['metadata'].get('namespace', '')}"]
        of_service += [f"--selector={OF_SERVICE}={thing['metadata']['name']}"]
        what, given = (of_service, "") if thing["kind"] == "Service" else (["--filename=-"], _identity(thing))
        command = [self._kubectl_file(), *self._connection(), "get", *what, "--watch", "--output=name"]
        changed = threading.Event()
        with self._commands.beside(command, given, lambda _: changed.set()):
            yield changed

    def apply(self, thing: dict[str, Any], owner: str, *, force: bool, dry_run: bool) -> dict[str, Any]:
        """Create or change an object by server-side apply, and return it as it is then.

        Args:
            thing: the declared fields.
            owner: field manager; fields that it no longer declares go.
            force: take fields from other field managers.
            dry_run: let the server work out the result and change nothing.

        Raises:
            ClusterError: refused; its reason is `Conflict` where another manager has a field.
            UnreachableError: nobody answers.
        """
        options = ["--force-conflicts"] if force else []
        options += ["--dry-run=server"] if dry_run else []
        answer = self._kubectl(
            "apply",
            "--server-side",
            f"--field-manager={owner}",
            "--validate=ignore",  # the server looks at every field itself
            "--filename=-",
            "--output=json",
            *options,
            given=json.dumps(thing),
        )
        return dict(json.loads(answer))

    def delete(self, thing: dict[str, Any]) -> None:
        """Ask for an object to be deleted, what it owns before it. Does not wait."""
        options = ("--filename=-", "--ignore-not-found", "--wait=false", "--cascade=foreground")
        self._kubectl("delete", *options, given=_identity(thing))

    def close(self) -> None:
        """Remove what was written for kubectl."""
        if self._written is not None:
            self._written.unlink(missing_ok=True)

    def _kubectl(self, verb: str, *arguments: str, given: str = "") -> str:
        answer = self._run([verb, *arguments], given)
        if answer.status == 0:
            return answer.output
        lines = [line for line in answer.errors.strip().splitlines() if not NOISE.match(line)]
        message = "\n".join(lines) or f"kubectl {verb} ended with status {answer.status}"
        error = _refusal(message)
        if error is None:
            self._probe()
            error = ClusterError("", message)
        raise error

    def _probe(self) -> None:
        """Raise UnreachableError unless the API server answers at all."""
        answer = self._run(["get", "--raw=/version"])
        if answer.status != 0:
            lines = [line for line in answer.errors.strip().splitlines() if not NOISE.match(line)]
            raise UnreachableError((lines or ["kubectl says nothing"])[0].removeprefix("error: "))

    def _run(self, arguments: list[str], given: str = "") -> Answer:
        return self._commands.run([self._kubectl_file(), *self._connection(), REQUEST_TIMEOUT, *arguments], given)

    def _kubectl_file(self) -> str:
        """The kubectl on PATH, else the one that lies beside the kubeconfig, as in the lab."""
        given = str(self._provider.get("kubeconfig") or os.environ.get("KUBECONFIG") or "")
        path = kubeconfig.as_path(given) if given else None
        found = shutil.which("kubectl") or (path and shutil.which("kubectl", path=str(path.parent)))
        if not found:
            raise UnreachableError("there is no kubectl on PATH")
        return found

    def _connection(self) -> list[str]:
        """Options that name the cluster. Contents are written to a file of the user's own, once."""
        with self._lock:
            if self._options is None:
                options = {name: str(self._provider.get(name) or "") for name in ("context", "cluster")}
                given = str(self._provider.get("kubeconfig") or "")
                if given:
                    options["kubeconfig"] = self._kubeconfig_file(given)
                self._options = [f"--{name}={value}" for name, value in options.items() if value]
            return self._options

    def _kubeconfig_file(self, given: str) -> str:
        try:
            kubeconfig.contents(given)
        except kubeconfig.KubeconfigError as error:
            raise UnreachableError(str(error)) from error
        path = kubeconfig.as_path(given)
        if path is None:
            descriptor, name = tempfile.mkstemp(prefix="kubeconfig-")
            self._written = path = Path(name)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(given)
        return str(path)


def _refusal(message: str) -> ClusterError | None:
    """The API server's answer in what kubectl says; None if it is something else."""
    if conflict := CONFLICT.match(message):
        return ClusterError("Conflict", conflict[1])
    if error := SERVER_ERROR.match(message):
        return ClusterError(error[1] or "", error[2])
    return ClusterError("Invalid", message) if INVALID.match(message) else None


def _identity(thing: dict[str, Any]) -> str:
    metadata = {name: thing["metadata"][name] for name in ("name", "namespace") if thing["metadata"].get(name)}
    return json.dumps({"apiVersion": thing["apiVersion"], "kind": thing["kind"], "metadata": metadata})
