"""`make verify`: everything that serves is asked whether it is what was declared; nothing is changed.

Owns which questions a stack is asked, and the exit status. The questions are live_objects', live_pods', live_process',
registry's and the store's. No program runs: what was declared stands in the stack's state.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from infra import live_objects, live_pods, live_process, pods, prediction_check, registry, stack_state
from infra.finding import Finding
from infra.project import ROOT
from infra.rest import NoAnswerError
from infra.stack_state import StackError, StackState
from model.errors import ModelError
from model.store import ArtifactStore, Damaged, open_store

USAGE = "usage: make verify STACK=name, or python -m infra.verify STACK"
Question = Callable[[], list[Finding]]


def findings(state: StackState, config: Mapping[str, str]) -> list[Finding]:
    """Everything that is not as the stack's last operation left it.

    Args:
        state: of the stack.
        config: its configuration: where the store and the registry are, and how they are reached.

    Raises:
        StackError: the stack serves nothing.
    """
    check = state.one(":PredictionCheck")
    if check is None:
        raise StackError(f"stack {state.stack} serves nothing that was checked; serve a model: {_up(state)}")
    questions: list[Question] = [partial(_of_store, state, config)]
    if state.one("apps/v1:Deployment"):
        questions += [partial(_of_cluster, state, config, check["inputs"]), partial(_of_registry, state, config)]
    else:
        questions.append(partial(_of_process, state, check["inputs"]))
    return [finding for question in questions for finding in _asked(question)]


def _asked(question: Question) -> list[Finding]:
    try:
        return question()
    except (NoAnswerError, ModelError) as error:
        return [Finding(str(error), "see that it can be reached, then ask again")]


def _of_store(state: StackState, config: Mapping[str, str]) -> list[Finding]:
    store, digest = open_store(config["artifactStore"], ROOT), state.outputs["modelDigest"]
    again = _up(state) if state.one(":TrainedModel") else "pulumi up on the stack that trained it"
    record = store.record(state.outputs["fingerprint"])
    if record is None:
        return [Finding(f"{config['artifactStore']} has no training {state.outputs['fingerprint'][:12]}", again)]
    if isinstance(record, Damaged):
        return [Finding(record.reason, again)]
    if record.digest != digest:
        return [Finding(f"the training's result in the store is {record.digest[:12]}, not {digest[:12]}", again)]
    if reason := store.fault(record):
        return [Finding(reason, again)]
    own = store.manifest_of(digest)
    if own and store.record(own.fingerprint) == own:
        return []
    words = f"artifact {digest[:12]}: its manifest.json and the record of its training differ"
    if isinstance(store, ArtifactStore):
        return [Finding(words, f"rm -r {shlex.quote(str(store.folder / digest))} && {again}")]
    where = f"{digest}/manifest.json and fingerprints/{record.fingerprint}.json at {store.location}"
    return [Finding(words, f"remove {where}, then {again}")]


def _of_registry(state: StackState, config: Mapping[str, str]) -> list[Finding]:
    image = _container(state)["image"]
    try:
        there = registry.has(image, config["registryUsername"], config["registryPassword"])
    except registry.NotAskedError as error:
        return [Finding(f"whether the registry has {image} is not known: {error}", "see that it can be reached")]
    built = state.one(":Image")
    again = f"{_up(state)} --replace {shlex.quote(built['urn'])}" if built else "push it again where it was built"
    return [] if there else [Finding(f"image {image} is gone from its registry", again)]


def _of_cluster(state: StackState, config: Mapping[str, str], check: Mapping[str, Any]) -> list[Finding]:
    # The context of the state: the kubeconfig's current one may be another cluster by now.
    context = (state.one("providers:kubernetes") or {"inputs": {}})["inputs"].get("context", "")
    api = pods.connect(config["kubeconfig"], context)
    kubectl = shlex.join(
        ["kubectl", "--context", context, *(["--kubeconfig", config["kubeconfig"]] if config["kubeconfig"] else [])]
    )
    ask = partial(pods.ask, api, timeout=pods.LIST_TIMEOUT_SECONDS)
    found = []
    for type_ in ("apps/v1:Deployment", "core/v1:Service"):
        resource = state.one(type_)
        if resource:
            found += live_objects.findings(resource["inputs"], ask, kubectl, _up(state))
    declared = live_pods.Declared(
        namespace=check["namespace"],
        app=check["app"],
        container=_container(state)["name"],
        image=_container(state)["image"],
        replicas=int(_spec(state)["replicas"]),
        check=check,
    )
    return found + live_pods.findings(declared, prediction_check.golden_examples(dict(check)), api, kubectl)


def _of_process(state: StackState, check: Mapping[str, Any]) -> list[Finding]:
    server = state.one(":LocalServer")
    if server is None:
        return [Finding("no model server is in the state", _up(state))]
    return live_process.findings(server["inputs"], check, prediction_check.golden_examples(dict(check)), _up(state))


def _spec(state: StackState) -> Mapping[str, Any]:
    deployment = state.one("apps/v1:Deployment")
    spec: Mapping[str, Any] = deployment["inputs"]["spec"] if deployment else {}
    return spec


def _container(state: StackState) -> Mapping[str, Any]:
    """The declared container of the pods."""
    found: Mapping[str, Any] = _spec(state)["template"]["spec"]["containers"][0]
    return found


def _up(state: StackState) -> str:
    return f"pulumi up --stack {state.stack}"


def main(arguments: Sequence[str]) -> int:
    """Verify a stack and say what was found, a line each; the exit status, 1 with findings."""
    if len(arguments) != 1:
        print(USAGE, file=sys.stderr)
        return 2
    (stack,) = arguments
    try:
        state = stack_state.state(stack)
        found = findings(state, stack_state.configuration(stack))
    except StackError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for finding in found:
        print(f"{stack}: {finding}")
    if not found:
        print(f"{stack}: all is as declared: model {state.outputs['modelDigest'][:12]} answers as it was trained")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
