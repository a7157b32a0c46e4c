"""Whether a stored model is let through: the gates, with the figures they need of it and of the model that serves.

Owns where those figures come from, and that one which is missing is measured once. Does not own the gates' rules
(gates) nor the measuring (a child process, training_process).
"""

from infra import gates, training_process
from infra.gates import Gates, Refusal, Serving
from infra.project import ROOT
from infra.provider import Properties, failure
from model import comparison
from model.errors import ModelError
from model.store import Found, Store, open_store


def require(inputs: Properties, stored: Found, serving: Serving | None) -> None:
    """Let a TrainedModel's stored model pass, or fail; the serving model is measured on the new test images if need be.

    Raises:
        RuntimeError: a gate refuses it; a line for each.
    """
    refused = refusals(inputs, stored, serving)
    if not refused and serving and _is_unmeasured(inputs, stored, serving):
        print(f"{inputs['modelName']}: measuring model {serving.digest[:12]}, which serves, on the new test images")
        training_process.measure(inputs, serving.digest)
        refused = refusals(inputs, stored, serving)
    if refused:
        raise failure("\n".join(text(inputs, stored, refusal) for refusal in refused))


def refusals(inputs: Properties, stored: Found, serving: Serving | None) -> list[Refusal]:
    """The gates that are known not to be passed: what is not measured yet refuses nothing."""
    chosen, new = Gates.of(inputs), stored.manifest
    size = sum(path.stat().st_size for path in (stored.path / "model").rglob("*") if path.is_file())
    found = gates.refusals(chosen, new, size)
    if serving is None or serving.digest == new.digest:
        return found
    found += gates.breaks(chosen, new, serving)
    if not gates.is_comparable(chosen, new, serving):
        return found
    accuracy = _accuracy(inputs, serving)
    if accuracy is not None:
        return found + gates.drops(chosen, new, serving, accuracy)
    return found + ([gates.incomparable(serving, inputs["artifactStore"])] if _is_gone(inputs, serving) else [])


def _is_unmeasured(inputs: Properties, stored: Found, serving: Serving) -> bool:
    other = serving.digest != stored.manifest.digest
    return (
        other and gates.is_comparable(Gates.of(inputs), stored.manifest, serving) and _accuracy(inputs, serving) is None
    )


def _accuracy(inputs: Properties, serving: Serving) -> float | None:
    """Of the serving model on the new model's test images; None if it was never measured."""
    if serving.dataset_sha256 == inputs["datasetSha256"]:
        return serving.accuracy
    found = comparison.find(_store(inputs), serving.digest, inputs["datasetSha256"])
    return found.accuracy if found else None


def _is_gone(inputs: Properties, serving: Serving) -> bool:
    return _store(inputs).manifest_of(serving.digest) is None


def _store(inputs: Properties) -> Store:
    return open_store(inputs["artifactStore"], ROOT)


def serving_before(olds: Properties, inputs: Properties) -> Serving | None:
    """The model of a TrainedModel's old inputs, which are all that `check` is given, as far as the store can tell."""
    try:
        if "digest" in olds:
            known = _store(inputs).manifest_of(olds["digest"])
        else:
            found = _store(inputs).find(olds["fingerprint"]) if olds else None
            known = found.manifest if isinstance(found, Found) else None
    except ModelError:
        return None
    return Serving.of_manifest(known) if known else None


def text(inputs: Properties, stored: Found, refusal: Refusal) -> str:
    """A refusal as people read it."""
    return refusal.text(inputs["modelName"], stored.manifest.digest)
