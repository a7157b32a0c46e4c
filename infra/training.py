"""TrainedModel: a SavedModel as a resource, trained when what decides its result changes.

Owns the resource and its provider. Does not own the child process that trains (training_process), nor what is learned
and how it is stored (model).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
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

from infra import admission, explanation, gates, training_process
from infra.gates import Gates, Serving
from infra.naming import camel_case
from infra.project import ROOT, shown
from infra.provider import DRIFT, PROVIDER_KEY, Properties, Provider, differing, failure, own
from model import datasource, fingerprint, manifest
from model.errors import ModelError
from model.hyperparameters import Hyperparameters
from model.store import Damaged, Found, open_store

# What `check` adds to the inputs; the rest is what the program declared.
FOUND_BY_CHECK = frozenset({"digest", "path", "published"})
# What only `create` and `update` can tell.
OF_THE_TRAINING = frozenset({"version", "accuracy", "revision", "signature"})
OUTPUTS = FOUND_BY_CHECK | OF_THE_TRAINING


@dataclass(frozen=True, kw_only=True)
class TrainedModelArgs:
    """What a model is trained from.

    Args:
        model_name: its name, for messages.
        dataset: `digits`, `mnist` or the path of a .npz file.
        hyperparameters: of the training.
        gates: what it must reach to be let through.
        artifact_store: folder or URL of the trained models.
    """

    model_name: str
    dataset: str
    hyperparameters: Hyperparameters
    gates: Gates
    artifact_store: str


class TrainedModel(Resource, module="mymodel", name="TrainedModel"):
    """A SavedModel in the artifact store, identified by the digest of its files.

    Attributes:
        digest: sha256 of the SavedModel's files, 64 hexadecimal digits.
        version: the version directory a model server sees: 1 at first, one more with every new digest.
        path: the artifact's folder, relative to the project where it lies inside.
        published: when the artifact came into the store, ISO 8601: another time for one that was lost and made again.
        accuracy: share of right answers on the test images, 0 to 1.
        fingerprint: sha256 of everything that decides the result; known before the training.
        revision: source revision of the training, "-dirty" added where sources were changed; "unknown" without git.
    """

    digest: pulumi.Output[str]
    version: pulumi.Output[int]
    path: pulumi.Output[str]
    published: pulumi.Output[str]
    accuracy: pulumi.Output[float]
    fingerprint: pulumi.Output[str]
    revision: pulumi.Output[str]

    def __init__(self, name: str, args: TrainedModelArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        quiet = pulumi.ResourceOptions(hide_diffs=[PROVIDER_KEY, "fingerprint"])
        properties = _inputs(args) | dict.fromkeys(OUTPUTS)
        super().__init__(TrainedModelProvider(), name, properties, pulumi.ResourceOptions.merge(quiet, opts))


def _inputs(args: TrainedModelArgs) -> Properties:
    try:
        source = datasource.locate(args.dataset, ROOT)
        parts = fingerprint.parts(args.hyperparameters, source)
    except ModelError as error:
        raise pulumi.RunError(str(error)) from None
    chosen = asdict(args.hyperparameters) | asdict(args.gates)
    return {camel_case(key): value for key, value in chosen.items()} | {
        "modelName": args.model_name,
        "dataset": args.dataset,
        "datasetSha256": source.sha256,
        "sources": dict(parts.sources),
        "packages": dict(parts.packages),
        "fingerprint": parts.fingerprint,
        "artifactStore": args.artifact_store,
    }


class TrainedModelProvider(Provider):
    """Keeps the model that the inputs' fingerprint names in the artifact store."""

    def check(self, olds: Properties, news: Properties) -> CheckResult:
        """Say what will happen and why; add `digest` and `path` of a stored result, or the `drift` that lost it."""
        inputs = {key: value for key, value in own(news).items() if key not in FOUND_BY_CHECK and value is not None}
        stored = _find(inputs)
        changed = inputs["fingerprint"] != olds.get("fingerprint")
        failures: list[CheckFailure] = []
        if isinstance(stored, Found):
            inputs |= _identity(stored)
            serving = admission.serving_before(olds, inputs) if changed else None
            refused = admission.refusals(inputs, stored, serving)
            failures = [CheckFailure(refusal.gate, admission.text(inputs, stored, refusal)) for refusal in refused]
        elif olds and not changed:
            inputs[DRIFT] = _loss(inputs, stored)
        _announce(olds, inputs, stored, changed=changed)
        return CheckResult(inputs, failures)

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """An update where an input changed or the artifact drifted; a gate alone changes nothing."""
        return DiffResult(changes=bool(differing(olds, news, ignore=gates.KEYS)))

    def create(self, props: Properties) -> CreateResult:
        """The model of these inputs: stored or trained now."""
        inputs = own(props)
        stored = _obtain(inputs)
        admission.require(inputs, stored, None)
        return CreateResult("model", inputs | _outputs(stored, version=1))

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """The model of the new inputs: stored or trained now. A new digest is a new version."""
        inputs = own(news)
        stored = _obtain(inputs)
        admission.require(inputs, stored, Serving.of_state(olds))
        version = int(olds["version"]) + (stored.manifest.digest != olds["digest"])
        return UpdateResult(inputs | _outputs(stored, version=version))

    def read(self, id_: str, props: Properties) -> ReadResult:
        """The same resource, its inputs drifted if the artifact is not whole: gone, it would restart its version."""
        stored = _find(props)
        if isinstance(stored, Found):
            return ReadResult(id_, props)
        declared = {key: value for key, value in own(props).items() if key not in OF_THE_TRAINING}
        drift = {DRIFT: _loss(props, stored)}
        return ReadResult(id_, props | drift, declared | drift)

    def delete(self, _id: str, _props: Properties) -> None:
        """Forget the model. The store keeps it: other stacks may use it, and the next `up` need not train."""


def _find(inputs: Mapping[str, Any]) -> Found | Damaged | None:
    try:
        return open_store(inputs["artifactStore"], ROOT).find(inputs["fingerprint"])
    except ModelError as error:
        raise failure(f"{inputs['modelName']}: {error}") from None


def _loss(inputs: Mapping[str, Any], stored: Damaged | None) -> str:
    return stored.reason if stored else f"no trained model of this fingerprint in {inputs['artifactStore']}"


def _outputs(stored: Found, *, version: int) -> Properties:
    found = stored.manifest
    return _identity(stored) | {
        "version": version,
        "accuracy": found.metrics.accuracy,
        "revision": found.revision,
        "signature": asdict(found)["signature"],
    }


def _identity(stored: Found) -> Properties:
    """Which artifact it is; trainings with one digest share the artifact that the first of them published."""
    published = manifest.read(stored.path / "manifest.json").created
    return {"digest": stored.manifest.digest, "path": shown(stored.path), "published": published}


def _announce(olds: Properties, inputs: Properties, stored: Found | Damaged | None, *, changed: bool) -> None:
    name = inputs["modelName"]
    why = explanation.changes(olds, inputs) if olds else ""
    if DRIFT in inputs:
        print(f"{name}: will retrain: {inputs[DRIFT]}")
    elif not isinstance(stored, Found):
        print(f"{name}: will retrain: {why}" if olds else f"{name}: will train on {inputs['dataset']}")
    elif changed:
        reuse = f"{name}: takes model {stored.manifest.digest[:12]} from {inputs['artifactStore']}, no training"
        print(f"{reuse}: {why}" if olds else reuse)


def _obtain(inputs: Properties) -> Found:
    stored = _find(inputs)
    if isinstance(stored, Found):
        return stored
    training_process.run(inputs)
    stored = _find(inputs)
    if not isinstance(stored, Found):
        raise failure(f"{inputs['modelName']}: the training ended well, but {_loss(inputs, stored)}; run it again")
    return stored
