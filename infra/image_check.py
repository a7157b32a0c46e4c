"""ImageCheck: the proof, as a resource, that the very image answers as trained, before any pod runs it.

Owns the resource, and when an image has to be tried at all. Does not own the trial (image_trial) nor where its verdict
is kept (verdict).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, UpdateResult

from infra import container_engine, image_trial, rest, verdict
from infra.container import ContainerError
from infra.image_trial import RefusedError, Trial
from infra.project import ROOT
from infra.provider import PROVIDER_KEY, Properties, Provider, differing, failure, own
from infra.training import TrainedModel
from infra.verdict import Verdict
from model.errors import ModelError
from model.manifest import Manifest
from model.store import Store, open_store

# What decides a verdict. The image alone would do; the model and its name are what it is held against.
DECISIVE = frozenset({"image", "digest", "modelName"})
OUTPUTS = ("loadSeconds", "memoryBytes", "examples")


@dataclass(frozen=True, kw_only=True)
class ImageCheckArgs:
    """Which image is tried, and as what.

    Args:
        model_name: name of the model in the image.
        model: what was trained; its manifest in the store has the golden examples and the signature.
        image: reference by digest.
        base_image: reference that it was built from.
        artifact_store: where the manifest is, and the verdicts are kept.
        cpu_limit, memory_limit: Kubernetes quantities of a pod, which the throw-away container has too.
        timeout_seconds: time that the model may take to load.
    """

    model_name: str
    model: TrainedModel
    image: pulumi.Input[str]
    base_image: str
    artifact_store: str
    cpu_limit: str
    memory_limit: str
    timeout_seconds: int


class ImageCheck(Resource, module="mymodel", name="ImageCheck"):
    """An image booted as a pod would, had its model's signature and answered the golden examples as trained.

    Attributes:
        image: reference of the image, by digest; known to whatever comes after the check.
        examples: number of golden examples that it answered.
    """

    image: pulumi.Output[str]
    examples: pulumi.Output[int]

    def __init__(self, name: str, args: ImageCheckArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        properties: dict[str, Any] = {
            "modelName": args.model_name,
            "digest": args.model.digest,
            "version": args.model.version,
            "image": args.image,
            "baseImage": args.base_image,
            "artifactStore": args.artifact_store,
            "cpuLimit": args.cpu_limit,
            "memoryLimit": args.memory_limit,
            "timeoutSeconds": args.timeout_seconds,
        } | dict.fromkeys(OUTPUTS)
        quiet = pulumi.ResourceOptions(hide_diffs=[PROVIDER_KEY])
        super().__init__(ImageCheckProvider(), name, properties, pulumi.ResourceOptions.merge(quiet, opts))

    @property
    @pulumi.getter(name="loadSeconds")
    def load_seconds(self) -> pulumi.Output[float]:
        """From the container's start until the model was AVAILABLE."""
        return pulumi.get(self, "load_seconds")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="memoryBytes")
    def memory_bytes(self) -> pulumi.Output[int]:
        """What the container held once it had answered."""
        return pulumi.get(self, "memory_bytes")  # type: ignore[no-any-return]


class ImageCheckProvider(Provider):
    """Tries every image once; what was seen of it is kept in the artifact store."""

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """An update where the image or what it is held against may have changed; other limits alone try nothing."""
        return DiffResult(changes=bool(differing(olds, news) & DECISIVE))

    def create(self, props: Properties) -> CreateResult:
        """The verdict on the image, kept or found now; an image that must not serve is an error."""
        return CreateResult("image-check", own(props) | _outputs(_verdict(props)))

    def update(self, _id: str, _olds: Properties, news: Properties) -> UpdateResult:
        """As for `create`."""
        return UpdateResult(own(news) | _outputs(_verdict(news)))


def _outputs(found: Verdict) -> Properties:
    return {"loadSeconds": found.load_seconds, "memoryBytes": found.memory_bytes, "examples": found.examples}


def _verdict(inputs: Properties) -> Verdict:
    name = inputs["modelName"]
    store = open_store(inputs["artifactStore"], ROOT)
    try:
        known = verdict.find(store, inputs["image"])
        if known is None:
            known = _tried(inputs, _manifest(store, inputs["digest"]))
            verdict.keep(store, known)
        _require_same_model(known, inputs)
    except (ModelError, ContainerError, RefusedError, rest.NoAnswerError) as error:
        raise failure(
            f"{name}: image check failed: {inputs['image']}: {error}; no pod gets this image, what serves now keeps "
            "serving"
        ) from None
    return known


def _tried(inputs: Properties, model: Manifest) -> Verdict:
    if fault := _no_engine():
        raise RefusedError(
            f"it was never tried, {inputs['artifactStore']} has no verdict on it, and no container engine is there to "
            f"try it with ({fault}); start one, or name the artifactStore of the stack that tried it"
        )
    trial = Trial(
        image=inputs["image"],
        model_name=inputs["modelName"],
        model_version=int(inputs["version"]),
        cpu_limit=inputs["cpuLimit"],
        memory_limit=inputs["memoryLimit"],
        seconds=inputs["timeoutSeconds"],
    )
    seen = image_trial.run(trial, model, lambda line: print(f"{inputs['modelName']}: {line}"))
    return Verdict(
        model_digest=model.digest,
        model_name=trial.model_name,
        model_version=trial.model_version,
        image=trial.image,
        base_image=inputs["baseImage"],
        load_seconds=seen.load_seconds,
        memory_bytes=seen.memory_bytes,
        examples=len(model.golden),
        signature_checked=True,
        created=datetime.now(UTC).isoformat(),
    )


def _no_engine() -> str:
    """Why no image can be tried, in words; empty where one can."""
    if host := container_engine.elsewhere():
        return f"that of DOCKER_HOST={host} publishes ports on its own machine only"
    return container_engine.fault()


def _manifest(store: Store, digest: str) -> Manifest:
    found = store.manifest_of(digest)
    if found is None:
        raise ModelError(f"its model {digest[:12]} is not in {store.folder}; pulumi up --refresh brings it back")
    return found


def _require_same_model(known: Verdict, inputs: Properties) -> None:
    """Refuse a verdict that was about another model than the one declared."""
    if (known.model_digest, known.model_name) != (inputs["digest"], inputs["modelName"]):
        raise RefusedError(
            f"it serves model {known.model_digest[:12]} as {known.model_name}, not {inputs['digest'][:12]} as "
            f"{inputs['modelName']}"
        )
