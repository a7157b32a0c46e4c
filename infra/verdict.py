"""The verdict on an image: that it booted and answered as the model in it was trained, kept by the image's digest.

Owns the note's shape and where it is kept. Does not own the check that comes to it (image_check).
"""

from dataclasses import dataclass

from model.store import Store

KIND = "verdicts"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was seen of an image before any pod ran it. There is none of an image that failed.

    Attributes:
        model_digest: of the model in the image.
        model_name: the name it is served under.
        model_version: the version directory it is served from.
        image: `repository@sha256:...`.
        base_image: reference that the image was built from.
        load_seconds: from the container's start until the model was AVAILABLE.
        memory_bytes: what the container held once it had answered.
        examples: number of golden examples that were answered as trained.
        signature_checked: whether the served signature was compared with the manifest's.
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


def find(store: Store, image: str) -> Verdict | None:
    """The verdict on an image, if there is one.

    Raises:
        ModelError: it is unreadable.
    """
    return store.note(KIND, _key(image), Verdict)


def keep(store: Store, verdict: Verdict) -> None:
    """Keep a verdict. The first one on an image stays.

    Raises:
        ModelError: the store cannot be written.
    """
    store.keep_note(KIND, _key(verdict.image), verdict)


def _key(image: str) -> str:
    """The image's digest, 64 hexadecimal digits: a repository's name says nothing about its content."""
    return image.rpartition("@sha256:")[2]
