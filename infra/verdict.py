"""The verdict on an image: it holds this model, and was seen to answer as it; kept in the artifact store.

Owns the note's shape and its key. Does not own the check that gives a verdict.
"""

from dataclasses import dataclass

KIND = "verdicts"
DIGEST_PREFIX = "sha256:"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was found when an image was run aside and asked.

    Attributes:
        model_digest: of the model in the image, 64 hexadecimal digits.
        model_name: name of the model in its URLs.
        model_version: version directory in the image.
        image: reference of the image, `repository@sha256:...`.
        base_image: reference of the image that the model was added to.
        load_seconds: from the container's start to the first answer.
        memory_bytes: of the container after the examples were answered.
        examples: number of golden examples that were asked.
        signature_checked: whether the served signature is the manifest's.
        created: ISO 8601, UTC.
    """

    model_digest: str
    model_name: str
    model_version: int
    image: str
    base_image: str
    load_seconds: float
    memory_bytes: int
    examples: int
    signature_checked: bool
    created: str


def key(image: str) -> str:
    """The note's key for an image digest, or for a reference that ends in one: its hexadecimal digits."""
    return image.rpartition(DIGEST_PREFIX)[2]
