"""What can be told of a base image from its reference alone: whether it may change unseen, and its TensorFlow.

Owns the reading of the reference. Neither an engine nor a registry is asked.
"""

import re

# X.Y.Z at the start of a tag, as the releases of tensorflow/serving are tagged (2.20.0, 2.20.0-gpu).
RELEASE = re.compile(r"(\d+)\.(\d+)\.\d+(?![\d.])")
TensorFlow = tuple[int, int]


def is_floating(reference: str) -> bool:
    """Whether the reference may mean another image tomorrow: it has neither a digest nor the tag of a release."""
    return "@sha256:" not in reference and RELEASE.match(_tag(reference)) is None


def tensorflow(reference: str) -> TensorFlow | None:
    """Major and minor version of the image's TensorFlow, which TensorFlow Serving's tags give; None if untold."""
    return minor(_tag(reference))


def minor(version: str) -> TensorFlow | None:
    """Major and minor of a release such as 2.20.0; None for anything else."""
    release = RELEASE.match(version)
    return (int(release[1]), int(release[2])) if release else None


def _tag(reference: str) -> str:
    name = reference.partition("@")[0].rpartition("/")[2]
    return name.partition(":")[2]
