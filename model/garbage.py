"""What of a store nobody refers to, and its removal.

Owns what counts as a reference: a digest that stands in a stack's state, in a stack's file or on the command line.
Notes stay: they are small, and true should the same digest be made again.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from model.artifact import Damaged
from model.errors import ModelError
from model.lease import FOLDER as LEASES
from model.manifest import Manifest
from model.store import Store
from model.store_documents import record_path

DIGEST = re.compile("(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


@dataclass(frozen=True)
class Inventory:
    """What a store holds.

    Attributes:
        sizes: digest of each artifact, recorded or not, to its size in bytes.
        records: fingerprint of each training to its manifest, or what is wrong with it.
        in_use: whether somebody trains now, so that an artifact without record may be a new one.
    """

    sizes: dict[str, int]
    records: dict[str, Manifest | Damaged]
    in_use: bool

    @classmethod
    def of(cls, store: Store) -> "Inventory":
        """All that a store holds now; nothing is verified."""
        with store.guard():
            tree = store.files.tree("")
        sizes: dict[str, int] = {}
        for path, size in tree.items():
            digest = path.partition("/")[0]
            if DIGEST.fullmatch(digest):
                sizes[digest] = sizes.get(digest, 0) + size
        found = {fingerprint: store.record(fingerprint) for fingerprint in store.fingerprints()}
        records = {fingerprint: record for fingerprint, record in found.items() if record is not None}
        return cls(sizes, records, any(path.startswith(f"{LEASES}/") for path in tree))

    def unreferred(self, keep: Iterable[str]) -> list[str]:
        """The digests of artifacts that none of these digests, or starts of digests, names, sorted."""
        starts = tuple(keep)
        recorded = {record.digest for record in self.records.values()}
        candidates = (digest for digest in sorted(self.sizes) if not digest.startswith(starts))
        return [digest for digest in candidates if digest in recorded or not self.in_use]


def remove(store: Store, inventory: Inventory, digest: str) -> None:
    """Remove an artifact, what was recorded of it first: who looks meanwhile finds no training, not half of one.

    Raises:
        ModelError: the store refuses.
    """
    with store.guard():
        for fingerprint, record in inventory.records.items():
            if record.digest == digest:
                store.files.remove(record_path(fingerprint))
        store.files.remove(f"{digest}/manifest.json")
        store.files.remove_tree(digest)


def in_stack_export(path: Path) -> set[str]:
    """The digests that stand in what `pulumi stack export` wrote to a file.

    Raises:
        ModelError: it is no such file; then nothing may be removed for its sake.
    """
    text = _text(path)
    try:
        exported = json.loads(text)
    except ValueError:
        exported = None
    if not isinstance(exported, dict) or "deployment" not in exported:
        raise ModelError(f"{path} is no export of a stack; write it anew: pulumi stack export --file {path}")
    return set(DIGEST.findall(text))


def in_text(path: Path) -> set[str]:
    """The digests that stand in a text file, such as a stack's Pulumi.NAME.yaml with its pins."""
    return set(DIGEST.findall(_text(path)))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
