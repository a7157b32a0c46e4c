"""What a configuration key may hold."""

from decimal import Decimal

import pytest

from infra.config_rules import RULES, quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", Decimal(1)),
        ("250m", Decimal("0.25")),
        ("1Gi", Decimal(2) ** 30),
        ("1.5G", Decimal(1_500_000_000)),
        ("512Mi", Decimal(512) * 2**20),
    ],
)
def test_quantities_are_read_as_kubernetes_does(text: str, value: Decimal) -> None:
    """CPU and memory texts become cores and bytes."""
    assert quantity(text) == value


@pytest.mark.parametrize("text", ["", "0", "one", "-1", "1gi", "1 Gi"])
def test_other_texts_are_no_quantities(text: str) -> None:
    """What Kubernetes would refuse, or what asks for nothing, is no quantity."""
    assert quantity(text) is None


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("learningRate", "1e-3", 0.001),
        ("dropout", "0", 0.0),
        ("epochs", "10000", 10000),
        ("allowSignatureChange", "false", False),
        ("dataset", "data/mine.npz", "data/mine.npz"),
        ("baseImage", "localhost:5000/base/tensorflow-serving:2.20.0", "localhost:5000/base/tensorflow-serving:2.20.0"),
        ("baseImage", "tensorflow/serving@sha256:" + "0" * 64, "tensorflow/serving@sha256:" + "0" * 64),
        ("registry", "localhost:5000", "localhost:5000"),
        ("registry", "registry.example/team/models", "registry.example/team/models"),
        ("artifactStore", "../models", "../models"),
        ("artifactStore", "s3://bucket/models", "s3://bucket/models"),
        ("artifactStore", "file:///srv/models", "file:///srv/models"),
        ("platform", "linux/arm64/v8", "linux/arm64/v8"),
        ("imagePullSecret", "", ""),
    ],
)
def test_right_texts_become_values(key: str, text: str, value: object) -> None:
    """A text that keeps its rule becomes a value of the rule's type."""
    assert RULES[key].parse(text) == value
