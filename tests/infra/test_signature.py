"""What differs between two signatures."""

import pytest

from infra.signature import break_of, difference
from model.manifest import Signature, TensorSpec

Shape = list[int | None]


def signature(dtype: str = "float32", shape: Shape | None = None, **outputs: Shape) -> Signature:
    """A signature of one input, `image`, and float32 outputs."""
    return {
        "inputs": {"image": TensorSpec(dtype, [None, 8, 8] if shape is None else shape)},
        "outputs": {name: TensorSpec("float32", sizes) for name, sizes in (outputs or {"logits": [None, 10]}).items()},
    }


@pytest.mark.parametrize("new", [signature(), signature(shape=[None, None, 8])])
def test_what_a_client_does_not_notice_breaks_nothing(new: Signature) -> None:
    """The same signature, and one whose input takes more shapes, keep every request right."""
    assert break_of(signature(), new) == ""


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (signature("float64"), "input image was float32 [any, 8, 8] and is float64 [any, 8, 8]"),
        (signature(shape=[None, 28, 28]), "input image was float32 [any, 8, 8] and is float32 [any, 28, 28]"),
        (signature(shape=[None, 64]), "input image was float32 [any, 8, 8] and is float32 [any, 64]"),
        (signature(shape=[1, 8, 8]), "input image was float32 [any, 8, 8] and is float32 [1, 8, 8]"),
        (signature(logits=[None, 11]), "output logits was float32 [any, 10] and is float32 [any, 11]"),
        (signature(logits=[None, None]), "output logits was float32 [any, 10] and is float32 [any, any]"),
        (signature(scores=[None, 10]), "outputs logits became scores"),
        (signature(logits=[None, 10], more=[None, 1]), "outputs logits became logits, more"),
    ],
)
def test_what_a_client_would_stumble_over_is_named(new: Signature, said: str) -> None:
    """Another dtype, rank, fixed size or name breaks requests or their answers, and is told in words."""
    assert break_of(signature(), new) == said


def test_a_difference_is_any_difference() -> None:
    """An image's signature must be the manifest's very own: a freer input is a difference too."""
    assert difference(signature(), signature()) == ""
    assert "[any, any, 8]" in difference(signature(), signature(shape=[None, None, 8]))
