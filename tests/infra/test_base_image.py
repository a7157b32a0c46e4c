"""What a base image's reference tells."""

import pytest

from infra import base_image


@pytest.mark.parametrize(
    ("reference", "floating", "tensorflow"),
    [
        ("tensorflow/serving:2.20.0", False, (2, 20)),
        ("tensorflow/serving:2.9.1-gpu", False, (2, 9)),
        ("localhost:5000/tensorflow-serving:2.20.0", False, (2, 20)),
        ("tensorflow/serving@sha256:" + "0" * 64, False, None),
        ("tensorflow/serving:latest@sha256:" + "0" * 64, False, None),
        ("localhost:5000/tensorflow-serving", True, None),
        ("tensorflow/serving:latest", True, None),
        ("tensorflow/serving:2.20", True, None),
        ("tensorflow/serving:2.20.0.1", True, None),
        ("tensorflow/serving:nightly", True, None),
    ],
)
def test_a_reference_tells_whether_it_floats_and_its_tensorflow(
    reference: str, *, floating: bool, tensorflow: tuple[int, int] | None
) -> None:
    """A release's tag or a digest stays what it is; a release's tag also tells the TensorFlow version."""
    assert base_image.is_floating(reference) is floating
    assert base_image.tensorflow(reference) == tensorflow
