"""PromotedModel: the model that a stack's pins name, known before anything is declared.

Owns what must hold before a pinned model is served: the store has it, and the verdict on the pinned image says that it
is in there. Trains, builds and pushes nothing, and is no resource: what serves changes by the pins alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from infra import gates, registry, verdict
from infra.project import ROOT
from infra.settings import Settings
from infra.verdict import Verdict
from model.errors import ModelError
from model.manifest import Manifest
from model.store import Store, open_store


@dataclass(frozen=True, kw_only=True)
class PromotedModel:
    """A model that another stack has trained, and the image that it was built into; every output is known.

    Attributes:
        digest, version, published, accuracy, fingerprint, revision: as TrainedModel's.
        path: None: the files are in the image.
        image: reference of the image, `repository@sha256:...`.
    """

    digest: pulumi.Output[str]
    version: pulumi.Output[int]
    published: pulumi.Output[str]
    accuracy: pulumi.Output[float]
    fingerprint: pulumi.Output[str]
    revision: pulumi.Output[str]
    image: str
    path: None = None

    @classmethod
    def find(cls, settings: Settings) -> PromotedModel:
        """The model and the image of the stack's pins.

        Raises:
            pulumi.RunError: the store has no such model or no verdict on the image, the verdict is on another model,
                the registry has no such image, or a gate refuses the model.
        """
        image = f"{settings.registry}/{settings.model_name}-serving@{settings.image_digest}"
        try:
            store = open_store(settings.artifact_store, ROOT)
            manifest = _manifest(store, settings)
            judged = _verdict(store, settings, image)
        except ModelError as error:
            raise pulumi.RunError(str(error)) from None
        _require_same(settings, judged)
        _require_passed(settings, manifest)
        _require_image(settings, image)
        return cls(
            digest=pulumi.Output.from_input(manifest.digest),
            version=pulumi.Output.from_input(judged.model_version),
            published=pulumi.Output.from_input(manifest.created),
            accuracy=pulumi.Output.from_input(manifest.metrics.accuracy),
            fingerprint=pulumi.Output.from_input(manifest.fingerprint),
            revision=pulumi.Output.from_input(manifest.revision),
            image=image,
        )


def _manifest(store: Store, settings: Settings) -> Manifest:
    manifest = store.manifest_of(settings.model_digest)
    if manifest is None:
        raise ModelError(
            f"modelDigest: {settings.artifact_store} has no model {settings.model_digest[:12]}; name the store of the "
            f"stack that trained it: pulumi config set artifactStore LOCATION, or {_pin(settings)}"
        )
    return manifest


def _verdict(store: Store, settings: Settings, image: str) -> Verdict:
    found = verdict.find(store, image)
    if found is None:
        raise ModelError(
            f"imageDigest: {settings.artifact_store} has no verdict on image {settings.image_digest[:19]}, so nobody "
            f"knows what is in it; run `pulumi up` on the stack that builds it, which checks it, or {_pin(settings)}"
        )
    return found


def _require_same(settings: Settings, judged: Verdict) -> None:
    if judged.model_digest != settings.model_digest:
        raise pulumi.RunError(
            f"imageDigest: image {settings.image_digest[:19]} holds model {judged.model_digest[:12]}, but modelDigest "
            f"is {settings.model_digest[:12]}; {_pin(settings)}"
        )
    if judged.model_name != settings.model_name:
        raise pulumi.RunError(
            f"modelName: image {settings.image_digest[:19]} serves its model as {judged.model_name}, got "
            f"{settings.model_name!r}; mend it: pulumi config set modelName {judged.model_name}"
        )


def _require_passed(settings: Settings, manifest: Manifest) -> None:
    """Refuse a model that this stack's own gates do not let through, as far as its manifest tells: not by its size."""
    refused = gates.refusals(settings.gates, manifest, size=0)
    if refused:
        lines = [refusal.text(settings.model_name, manifest.digest) for refusal in refused]
        raise pulumi.RunError("\n".join([*lines, _pin(settings)]))


def _require_image(settings: Settings, image: str) -> None:
    """Refuse an image that its registry has not; one that does not tell from here may still tell the nodes."""
    try:
        there = registry.has(image, settings.registry_username, settings.registry_password)
    except registry.NotAskedError as error:
        pulumi.log.warn(f"whether {settings.registry} has the pinned image is not known: {error}")
        return
    if not there:
        raise pulumi.RunError(f"imageDigest: there is no image {image}; push it there, or {_pin(settings)}")


def _pin(settings: Settings) -> str:
    return f"pin what another stack serves: make promote FROM=dev TO={settings.stack}"
