"""A stack's configuration as one typed, validated, immutable value.

Owns the reading of pulumi.Config: nothing else in the program reads it. Does not own what a key may hold
(config_rules) nor its default (Pulumi.yaml, model.hyperparameters).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import cast

import pulumi
from pulumi.runtime.config import CONFIG, is_config_secret

from infra import base_image
from infra.config_rules import DNS_1035_LABEL, RULES, Value, quantity
from infra.gates import Gates
from infra.naming import snake_case
from infra.project import declared_defaults
from model.fingerprint import installed_tensorflow
from model.hyperparameters import Hyperparameters

SECRET_KEYS = frozenset({"registryPassword"})
PINS = ("modelDigest", "imageDigest")
REQUESTS_AND_LIMITS = (("cpuRequest", "cpuLimit"), ("memoryRequest", "memoryLimit"))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a stack is configured to be; field by field the configuration table of the README.

    `hyperparameters` holds epochs, batchSize, hiddenUnits, learningRate, dropout and seed; `gates` minAccuracy and the
    others that a model must pass. `registry_password` is never shown; a resource gets it as a secret. Paths are as
    written: relative ones start from the project's folder.
    """

    stack: str
    target: str
    model_name: str
    dataset: str
    hyperparameters: Hyperparameters
    gates: Gates
    artifact_store: str
    source: str
    model_digest: str
    image_digest: str
    port: int
    base_image: str
    platform: str
    registry: str
    registry_username: str
    registry_password: str = field(repr=False)
    kube_context: str
    kubeconfig: str
    namespace: str
    replicas: int
    service_type: str
    node_port: int
    serving_host: str
    image_pull_secret: str
    cpu_request: str
    cpu_limit: str
    memory_request: str
    memory_limit: str
    rollout_timeout_seconds: int
    protect: bool

    @classmethod
    def load(cls) -> Settings:
        """The settings of the stack that runs.

        Raises:
            pulumi.RunError: one message that names every wrong or unknown key, what it got, what it may be and the
                command that mends it.
        """
        config = pulumi.Config()
        texts = {key: _text(config, key) for key in RULES}
        values = {key: rule.parse(texts[key]) for key, rule in RULES.items()}
        problems = [*_unknown_keys(config.name), *_bare_secrets(config.name, texts), *_wrong_values(texts, values)]
        problems += [] if problems else _impossible_combinations(texts)
        if problems:
            raise pulumi.RunError(_report(problems))
        return cls._from_values(cast("dict[str, Value]", values))

    @classmethod
    def _from_values(cls, values: dict[str, Value]) -> Settings:
        fields = {snake_case(key): value for key, value in values.items()}
        learned = {name: fields.pop(name) for name in Hyperparameters.__dataclass_fields__}
        hyperparameters = Hyperparameters(**learned)  # type: ignore[arg-type]
        gates = Gates(**{name: fields.pop(name) for name in Gates.__dataclass_fields__})  # type: ignore[arg-type]
        return cls(stack=pulumi.get_stack(), hyperparameters=hyperparameters, gates=gates, **fields)  # type: ignore[arg-type]


def _text(config: pulumi.Config, key: str) -> str:
    # Config.get would warn that a secret key should be asked for as a secret; its text goes no further than load().
    value = CONFIG.get().get(f"{config.name}:{key}") if key in SECRET_KEYS else config.get(key)
    return str(value) if value is not None else declared_defaults()[key]


def _unknown_keys(project: str) -> list[str]:
    prefix = f"{project}:"
    names = [key.removeprefix(prefix) for key in CONFIG.get() if key.startswith(prefix)]
    return [_unknown_key(name) for name in sorted(set(names) - set(RULES))]


def _unknown_key(name: str) -> str:
    near = difflib.get_close_matches(name, RULES, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"{name}: there is no such key{hint}; remove it: pulumi config rm {name}"


def _bare_secrets(project: str, texts: dict[str, str]) -> list[str]:
    # Pulumi.yaml cannot say it: the CLI refuses the empty default of a key that is declared secret.
    return [
        f"{key}: must be a secret, got a plain text; mend it: pulumi config set --secret {key} ..."
        for key in SECRET_KEYS
        if texts[key] and not is_config_secret(f"{project}:{key}")
    ]


def _wrong_values(texts: dict[str, str], values: dict[str, Value | None]) -> list[str]:
    return [
        f"{key}: must be {RULES[key].expected}, got {RULES[key].shown(texts[key])!r}; "
        f"mend it: pulumi config set {key} {declared_defaults()[key] or repr('')}"
        for key, value in values.items()
        if value is None
    ]


def _impossible_combinations(texts: dict[str, str]) -> list[str]:
    problems = _requests_above_limits(texts) + _half_credentials(texts) + _unfit_pins(texts)
    return problems + (_unfit_for_kubernetes(texts) if texts["target"] == "kubernetes" else [])


def _requests_above_limits(texts: dict[str, str]) -> list[str]:
    return [
        f"{request}: must be at most {limit} ({texts[limit]}), got {texts[request]!r}; "
        f"mend it: pulumi config set {limit} {texts[request]}"
        for request, limit in REQUESTS_AND_LIMITS
        if (quantity(texts[request]) or 0) > (quantity(texts[limit]) or 0)
    ]


def _half_credentials(texts: dict[str, str]) -> list[str]:
    if bool(texts["registryUsername"]) == bool(texts["registryPassword"]):
        return []
    missing, flag = ("registryPassword", "--secret ") if texts["registryUsername"] else ("registryUsername", "")
    other = "the other half of the registry's credentials is"
    return [f"{missing}: must be set because {other}; mend it: pulumi config set {flag}{missing} ..."]


def _unfit_pins(texts: dict[str, str]) -> list[str]:
    pinned = [key for key in PINS if texts[key]]
    if texts["source"] == "train":
        return [
            f"{key}: a stack that trains its model has no pin; mend it: pulumi config rm {key}, or serve what is "
            "pinned: pulumi config set source promote"
            for key in pinned
        ]
    if texts["target"] == "local":
        return ["source: promote serves an image that was built; mend it: pulumi config set target kubernetes"]
    promotion = f"make promote FROM=dev TO={pulumi.get_stack()}"
    return [
        f"{key}: it is empty, so nothing is pinned for this stack to serve; pin what another one serves: {promotion}"
        for key in PINS
        if key not in pinned
    ]


def _unfit_for_kubernetes(texts: dict[str, str]) -> list[str]:
    problems = []
    service = f"{texts['modelName']}-serving"
    if not DNS_1035_LABEL.fullmatch(service):
        problems.append(
            f"modelName: {service} would be no name of a Service: a letter first, at most 63 characters in all, got "
            f"{texts['modelName']!r}; mend it: pulumi config set modelName {declared_defaults()['modelName']}"
        )
    return problems + (_unfit_base_image(texts) if texts["source"] == "train" else [])


def _unfit_base_image(texts: dict[str, str]) -> list[str]:
    trained = base_image.minor(installed_tensorflow())
    served = base_image.tensorflow(texts["baseImage"])
    if not (trained and served and served < trained):
        return []
    problem = (
        f"baseImage: TensorFlow {_dotted(served)} of {texts['baseImage']} may not know what TensorFlow "
        f"{_dotted(trained)}, which trains here, writes; mend it: pulumi config set baseImage "
        f"{declared_defaults()['baseImage']}"
    )
    return [problem]


def _dotted(version: base_image.TensorFlow) -> str:
    return ".".join(map(str, version))


def _report(problems: list[str]) -> str:
    if len(problems) == 1:
        return f"configuration: {problems[0]}"
    return f"configuration: {len(problems)} problems\n" + "\n".join(f"  {problem}" for problem in problems)
