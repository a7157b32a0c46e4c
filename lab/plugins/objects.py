"""What declared and live Kubernetes objects have to do with each other.

Owns names and identities, the shape of the declared part of a live object, and the spellings that mean the same. The
rules are the official provider's (pulumi-kubernetes 4: pruning of the live state, normalisation, auto-naming), what
they overlook included: a list is compared element by element from its start, and what follows its end is not seen.
"""

import base64
import secrets
from decimal import Decimal, InvalidOperation
from typing import Any

AUTONAMED = "pulumi.com/autonamed"
SKIP_AWAIT = "pulumi.com/skipAwait"
PATCH_FORCE = "pulumi.com/patchForce"
PATCH_FIELD_MANAGER = "pulumi.com/patchFieldManager"
TIMEOUT = "pulumi.com/timeoutSeconds"
# Kinds that belong to no namespace, as far as anybody may meet them here.
CLUSTER_WIDE = {
    "APIService", "CSIDriver", "CSINode", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition",
    "IngressClass", "MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume", "PriorityClass",
    "RuntimeClass", "StorageClass", "ValidatingWebhookConfiguration", "VolumeAttachment",
}  # fmt: skip
# Fields the server writes, which nobody declares.
WRITTEN_BY_SERVER = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")
# Names of fields whose values are maps of quantities (k8s.io/apimachinery: resource.Quantity).
QUANTITIES = {"limits", "requests", "capacity", "hard"}
# Suffixes of quantities, largest first, as the server writes them.
BINARY = {"Ei": 60, "Pi": 50, "Ti": 40, "Gi": 30, "Mi": 20, "Ki": 10}
DECIMAL = {"E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "": 0, "m": -3, "u": -6, "n": -9}


def identity(thing: dict[str, Any]) -> str:
    """The id of an object in the state: `namespace/name`, or `name` where there is no namespace."""
    metadata = thing["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else str(metadata["name"])


def from_identity(token: str, identity: str) -> dict[str, Any]:
    """An object with nothing but its type and name.

    Args:
        token: Pulumi's type, such as `kubernetes:apps/v1:Deployment`.
        identity: as `identity` writes it.
    """
    _, version, kind = token.split(":")
    return {"apiVersion": version.removeprefix("core/"), "kind": kind, "metadata": name_of(identity)}


def name_of(identity: str) -> dict[str, str]:
    """The name, and the namespace if there is one, that an id stands for."""
    namespace, _, name = identity.rpartition("/")
    return {"name": name} | ({"namespace": namespace} if namespace else {})


def automatic_name(name: str) -> str:
    """A name for an object that declares none: that of the Pulumi resource, which may not be unique, made so."""
    return f"{name}-{secrets.token_hex(4)}"


def annotation(thing: dict[str, Any], name: str) -> str:
    """The text of an annotation; empty without it."""
    annotations = (thing.get("metadata") or {}).get("annotations")
    return str(annotations.get(name, "")) if isinstance(annotations, dict) else ""


def prune(live: Any, like: Any) -> Any:
    """The part of a live value that has a counterpart in `like`; lists are matched by position."""
    if isinstance(live, dict) and isinstance(like, dict):
        return {name: prune(value, like[name]) for name, value in live.items() if name in like}
    if isinstance(live, list) and isinstance(like, list):
        return [prune(value, declared) for value, declared in zip(live, like, strict=False)]
    return live


def without_written_by_server(live: dict[str, Any]) -> dict[str, Any]:
    """What of a live object could have been declared: for objects whose declaration is not known."""
    metadata = {name: value for name, value in live["metadata"].items() if name not in WRITTEN_BY_SERVER}
    return {name: value for name, value in live.items() if name != "status"} | {"metadata": metadata}


def normalise(thing: dict[str, Any]) -> dict[str, Any]:
    """An object with quantities spelt as the server spells them, and the texts of a Secret encoded as it does."""
    normal: dict[str, Any] = _normalise_quantities(thing)
    if normal.get("kind") == "Secret" and isinstance(texts := normal.pop("stringData", None), dict):
        encoded = {name: base64.b64encode(str(text).encode()).decode() for name, text in texts.items()}
        normal["data"] = (normal.get("data") or {}) | encoded
    return normal


def _normalise_quantities(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        if name in QUANTITIES:
            return {key: quantity(part) for key, part in value.items()}
        return {key: _normalise_quantities(part, key) for key, part in value.items()}
    if isinstance(value, list):
        return [_normalise_quantities(part) for part in value]
    return value


def quantity(value: Any) -> Any:
    """An amount in the server's spelling (`1000m` is `1`, `0.5` is `500m`, `1024Mi` is `1Gi`); else as it is."""
    text = str(value)
    binary = next((suffix for suffix in BINARY if text.endswith(suffix)), None)
    decimal = "" if binary or text[-1:].isdigit() else text[-1:]
    try:
        number = Decimal(text.removesuffix(binary or decimal))
    except InvalidOperation:
        return value
    if binary:
        amount = number * 2 ** BINARY[binary]
        for suffix, power in BINARY.items():
            if amount and amount % 2**power == 0:
                return f"{int(amount / 2**power)}{suffix}"
        return str(int(amount)) if amount == int(amount) else value
    if decimal not in DECIMAL:
        return value
    amount = number.scaleb(DECIMAL[decimal])
    for suffix, power in DECIMAL.items():
        scaled = amount.scaleb(-power)
        if amount and scaled == int(scaled):
            return f"{int(scaled)}{suffix}"
    return "0" if not amount else value
