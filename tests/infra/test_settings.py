"""Settings: what a stack's configuration becomes, and what is said when it cannot."""

import dataclasses

import pulumi
import pytest
import yaml

from infra.config_rules import RULES
from infra.gates import Gates
from infra.naming import snake_case
from infra.project import ROOT, declared_defaults
from infra.settings import Settings
from model.hyperparameters import Hyperparameters
from tests.infra.engine import use


def load(**values: str) -> Settings:
    """The settings of a stack that sets these keys and no other."""
    use(values)
    return Settings.load()


def problem(**values: str) -> str:
    """What is said about a stack that sets these keys."""
    with pytest.raises(pulumi.RunError) as refused:
        load(**values)
    return str(refused.value)


def test_defaults_come_from_pulumi_yaml_and_the_hyperparameters() -> None:
    """A stack that sets nothing gets the declared defaults, and those of the hyperparameters are the model's own."""
    settings = load()

    assert settings.hyperparameters == Hyperparameters()
    assert (settings.dataset, settings.port, settings.gates.min_accuracy) == ("mnist", 8501, 0.9)
    assert settings.artifact_store == ".artifacts"


def test_pulumi_yaml_and_the_rules_name_the_same_keys() -> None:
    """Every declared key has a rule, a description and a default that keeps its own rule; no rule is undeclared."""
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]

    assert declared.keys() == RULES.keys()
    assert all(RULES[key].parse(text) is not None for key, text in declared_defaults().items())
    assert all(entry["description"] for entry in declared.values())


def test_every_key_has_a_field() -> None:
    """Settings, the hyperparameters and the gates together hold every declared key under its name."""
    fields = {field.name for field in dataclasses.fields(Settings)} | {
        field.name for kind in (Hyperparameters, Gates) for field in dataclasses.fields(kind)
    }

    assert {snake_case(key) for key in RULES} == fields - {"stack", "hyperparameters", "gates"}


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("target", "cloud", "local or kubernetes"),
        ("modelName", "My_Model", "DNS label"),
        ("modelName", "a" * 64, "DNS label"),
        ("dataset", "cifar", "digits, mnist or the path of a .npz file"),
        ("epochs", "0", "an integer from 1 to 10000"),
        ("epochs", "10001", "an integer from 1 to 10000"),
        ("epochs", "2.5", "an integer from 1 to 10000"),
        ("batchSize", "65537", "an integer from 1 to 65536"),
        ("hiddenUnits", "0", "an integer from 1 to 65536"),
        ("learningRate", "fast", "a decimal above 0 and at most 10"),
        ("learningRate", "0", "a decimal above 0 and at most 10"),
        ("learningRate", "nan", "a decimal above 0 and at most 10"),
        ("dropout", "1", "a decimal from 0 and below 1"),
        ("minAccuracy", "90", "a decimal from 0 and at most 1"),
        ("maxAccuracyDrop", "5%", "a decimal from 0 and at most 1"),
        ("minClassAccuracy", "1.5", "a decimal from 0 and at most 1"),
        ("allowSignatureChange", "yes", "true or false"),
        ("maxModelMegabytes", "0", "an integer from 1 to 100000"),
        ("seed", "-1", "an integer from 0 to 2147483647"),
        ("artifactStore", "S3:bucket://models", "the path of a folder, or a URL without credentials"),
        ("artifactStore", "s3://", "such as s3://bucket/models"),
        ("source", "build", "train or promote"),
        ("modelDigest", "AB" * 32, "64 hexadecimal digits"),
        ("imageDigest", "latest", "sha256: and 64 hexadecimal digits"),
        ("protect", "yes", "true or false"),
        ("port", "80", "an integer from 1024 to 65535"),
        ("port", "65536", "an integer from 1024 to 65535"),
        ("baseImage", "tensorflow/serving:", "an image reference"),
        ("platform", "linux", "os/arch"),
        ("registry", "https://registry.example", "without https://"),
        ("namespace", "Default", "DNS label"),
        ("replicas", "0", "an integer from 1 to 1000"),
        ("serviceType", "ExternalName", "NodePort or ClusterIP or LoadBalancer"),
        ("nodePort", "8501", "an integer from 30000 to 32767"),
        ("servingHost", "http://node", "a host name"),
        ("imagePullSecret", "My Secret", "the name of a Secret"),
        ("cpuLimit", "two", "a Kubernetes quantity"),
        ("memoryLimit", "0", "a Kubernetes quantity"),
        ("rolloutTimeoutSeconds", "9", "an integer from 10 to 3600"),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(key: str, value: str, expected: str) -> None:
    """A value outside its rule is refused in one line: the key, what it may be, what it got, the mending command."""
    said = problem(**{key: value})

    assert said.startswith(f"configuration: {key}: must be ")
    assert expected in said
    assert f"got {RULES[key].shown(value)!r}" in said
    assert f"pulumi config set {key} " in said
    assert "\n" not in said


def test_an_unknown_key_is_named_with_the_near_one() -> None:
    """A misspelt key, which the CLI lets through, is refused with the key that was probably meant."""
    assert problem(epoch="6") == (
        "configuration: epoch: there is no such key (did you mean epochs?); remove it: pulumi config rm epoch"
    )


def test_all_problems_are_told_at_once() -> None:
    """Several problems come in one error, a line each."""
    said = problem(epochs="0", learningRate="fast", colour="blue").splitlines()

    assert said[0] == "configuration: 3 problems"
    assert [line.split(":")[0].strip() for line in said[1:]] == ["colour", "epochs", "learningRate"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"cpuRequest": "1500m"}, "cpuRequest: must be at most cpuLimit (1), got '1500m'"),
        ({"memoryRequest": "2Gi"}, "memoryRequest: must be at most memoryLimit (1Gi), got '2Gi'"),
        ({"registryUsername": "me"}, "pulumi config set --secret registryPassword"),
        ({"registryPassword": "secret"}, "pulumi config set registryUsername"),
    ],
)
def test_impossible_combinations_are_refused(values: dict[str, str], expected: str) -> None:
    """Values that are fine alone but not together are refused with both named."""
    assert expected in problem(**values)


def test_the_password_is_never_shown() -> None:
    """Neither an error nor the settings' own text shows the registry's password."""
    assert "hunter2" not in problem(registryPassword="hunter2")
    assert "hunter2" not in repr(load(registryUsername="me", registryPassword="hunter2"))


@pytest.mark.parametrize("url", ["s3://key:hunter2@bucket/models", "az://models?sig=hunter2", "s3://hunter2@bucket"])
def test_a_url_with_credentials_is_refused_and_not_shown(url: str) -> None:
    """They would go into the state; the message shows the scheme only."""
    said = problem(artifactStore=url)

    assert "hunter2" not in said
    assert f"got '{url.partition(':')[0]}://...'; mend it: pulumi config set artifactStore .artifacts" in said


def test_a_password_in_clear_is_refused() -> None:
    """A password that was set without --secret is refused with the command that sets it properly."""
    use({"registryUsername": "me", "registryPassword": "hunter2"}, secret=())

    with pytest.raises(pulumi.RunError, match="pulumi config set --secret registryPassword") as refused:
        Settings.load()
    assert "hunter2" not in str(refused.value)


def test_settings_cannot_be_changed() -> None:
    """Settings are frozen: what was validated is what is used."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        load().port = 1  # type: ignore[misc]
