"""How a stored model does on the test images of another training's dataset, kept so that it is measured once.

Owns the note's shape and where it is kept. Standard library only; the figure is measured elsewhere.
"""

from dataclasses import dataclass

from model.store import Store

KIND = "comparisons"


@dataclass(frozen=True)
class Comparison:
    """One model on one dataset.

    Attributes:
        digest: of the model.
        dataset_sha256: of the dataset that has the test images.
        accuracy: share of right answers on them, 0 to 1.
        images: number of the test images.
    """

    digest: str
    dataset_sha256: str
    accuracy: float
    images: int


def find(store: Store, digest: str, dataset_sha256: str) -> Comparison | None:
    """What was measured of a model on a dataset; None if nothing was.

    Raises:
        ModelError: the note is unreadable.
    """
    return store.note(KIND, _key(digest, dataset_sha256), Comparison)


def keep(store: Store, found: Comparison) -> None:
    """Keep what was measured.

    Raises:
        ModelError: the store cannot be written.
    """
    store.keep_note(KIND, _key(found.digest, found.dataset_sha256), found)


def _key(digest: str, dataset_sha256: str) -> str:
    return f"{digest}-{dataset_sha256}"
