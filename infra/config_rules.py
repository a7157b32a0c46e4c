"""What each configuration key may hold: one rule a key, text in, value out.

Owns the ranges and forms of the public interface's table. Does not read configuration (settings does) and knows no
default (Pulumi.yaml and model.hyperparameters do).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from model import store_url
from model.hyperparameters import RANGES, Range

DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
INTEGER = re.compile(r"[+-]?\d+")
# RFC 1123 label, the form of names of Kubernetes objects that become part of a host name.
DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
# RFC 1035 label, the form of a Service's name.
DNS_1035_LABEL = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
# RFC 1123 subdomain: the form of a Secret's name.
DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?")
# Kubernetes' resource.Quantity without its exponent form.
QUANTITY = re.compile(r"(?P<number>\d+(\.\d+)?)(?P<unit>m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi)?")
UNITS: Mapping[str | None, Decimal] = {
    None: Decimal(1),
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTP", start=1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTP", start=1)},
}
# host[:port]/path parts as the distribution project's reference grammar has them; no scheme, no tag, no digest.
REPOSITORY = r"[a-zA-Z0-9]([-.a-zA-Z0-9]*[a-zA-Z0-9])?(:\d+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
REGISTRY = re.compile(REPOSITORY)
IMAGE = re.compile(REPOSITORY + r"(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?")
PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9]+(/[a-z0-9]+)?")
HOST = re.compile(r"[a-zA-Z0-9]([-.a-zA-Z0-9]*[a-zA-Z0-9])?")

# The digest of a SavedModel (model.digest), and that of an image's manifest as registries write it.
MODEL_DIGEST = re.compile(r"[0-9a-f]{64}")
IMAGE_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

Value = int | float | str


@dataclass(frozen=True)
class Rule:
    """What a key may hold.

    Args:
        expected: what it may be, in words that follow "must be".
        parse: the value of a text; None for a text that breaks the rule.
        shown: a text as messages may show it.
    """

    expected: str
    parse: Callable[[str], Value | None]
    shown: Callable[[str], str] = str


def number(bounds: Range) -> Rule:
    """A number within bounds, an integer where the bounds say so."""
    form, kind = (INTEGER, int) if bounds.integer else (DECIMAL, float)

    def parse(text: str) -> Value | None:
        if not form.fullmatch(text):
            return None
        value = kind(text)
        return value if bounds.holds(value) else None

    return Rule(str(bounds), parse)


def integer(low: int, high: int) -> Rule:
    """An integer from low to high, both included."""
    return number(Range(low, high, integer=True))


def choice(*values: str) -> Rule:
    """One of a few words."""
    return Rule(" or ".join(values), lambda text: text if text in values else None)


def boolean() -> Rule:
    """True or false, as the Pulumi CLI writes them."""
    return Rule("true or false", {"true": True, "false": False}.get)


def form(pattern: re.Pattern[str], expected: str, *, optional: bool = False) -> Rule:
    """A text of a form; an optional one may be empty."""

    def parse(text: str) -> Value | None:
        return text if (optional and not text) or pattern.fullmatch(text) else None

    return Rule(expected, parse)


def quantity(text: str) -> Decimal | None:
    """A Kubernetes quantity as a number (CPU in cores, memory in bytes); None for anything else or zero."""
    match = QUANTITY.fullmatch(text)
    value = Decimal(match["number"]) * UNITS[match["unit"]] if match else Decimal(0)
    return value or None


def _quantity_rule(example: str) -> Rule:
    return Rule(f"a Kubernetes quantity above 0 such as {example}", lambda text: text if quantity(text) else None)


def _store(text: str) -> Value | None:
    return None if not text or (store_url.is_url(text) and store_url.problem(text)) else text


def _dataset(text: str) -> Value | None:
    return text if text in ("digits", "mnist") or text.endswith(".npz") else None


ANYTHING = Rule("text", lambda text: text)

RULES: Mapping[str, Rule] = {
    "target": choice("local", "kubernetes"),
    "modelName": form(DNS_LABEL, "a DNS label: a-z, 0-9 and -, at most 63 characters"),
    "dataset": Rule("digits, mnist or the path of a .npz file", _dataset),
    "epochs": number(RANGES["epochs"]),
    "batchSize": number(RANGES["batch_size"]),
    "hiddenUnits": number(RANGES["hidden_units"]),
    "learningRate": number(RANGES["learning_rate"]),
    "dropout": number(RANGES["dropout"]),
    "minAccuracy": number(Range(0, 1)),
    "maxAccuracyDrop": number(Range(0, 1)),
    "minClassAccuracy": number(Range(0, 1)),
    "allowSignatureChange": boolean(),
    "maxModelMegabytes": integer(1, 100_000),
    "seed": number(RANGES["seed"]),
    "artifactStore": Rule(store_url.EXPECTED, _store, shown=store_url.shown),
    "source": choice("train", "promote"),
    "modelDigest": form(MODEL_DIGEST, "64 hexadecimal digits, or empty", optional=True),
    "imageDigest": form(IMAGE_DIGEST, "sha256: and 64 hexadecimal digits, or empty", optional=True),
    "port": integer(1024, 65535),
    "baseImage": form(IMAGE, "an image reference such as tensorflow/serving:2.20.0"),
    "platform": form(PLATFORM, "os/arch such as linux/amd64"),
    "registry": form(REGISTRY, "host[:port] and optional path, without https://"),
    "registryUsername": ANYTHING,
    "registryPassword": ANYTHING,
    "kubeContext": ANYTHING,
    "kubeconfig": ANYTHING,
    "namespace": form(DNS_LABEL, "a DNS label: a-z, 0-9 and -, at most 63 characters"),
    "replicas": integer(1, 1000),
    "serviceType": choice("NodePort", "ClusterIP", "LoadBalancer"),
    "nodePort": integer(30000, 32767),
    "servingHost": form(HOST, "a host name or an IPv4 address"),
    "imagePullSecret": form(DNS_SUBDOMAIN, "the name of a Secret, or empty", optional=True),
    "cpuRequest": _quantity_rule("250m"),
    "cpuLimit": _quantity_rule("1"),
    "memoryRequest": _quantity_rule("512Mi"),
    "memoryLimit": _quantity_rule("1Gi"),
    "rolloutTimeoutSeconds": integer(10, 3600),
    "protect": boolean(),
}
