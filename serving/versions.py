"""Which versions of a model lie on disk, and which of them should be served.

Owns version directories and version policies (sources/storage_path/file_system_storage_path_source.cc); loads nothing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

_NUMBER = re.compile(r"[+-]?[0-9]+")
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1


@dataclass(frozen=True)
class Latest:
    """Serve the highest version numbers, `count` of them."""

    count: int = 1

    def choose(self, found: Iterable[int]) -> set[int]:
        """The versions to serve of those found."""
        return set(sorted(found, reverse=True)[: self.count])


@dataclass(frozen=True)
class All:
    """Serve every version."""

    def choose(self, found: Iterable[int]) -> set[int]:
        """The versions to serve of those found."""
        return set(found)


@dataclass(frozen=True)
class Specific:
    """Serve the named versions, where they are there."""

    numbers: frozenset[int] = field(default_factory=frozenset)

    def choose(self, found: Iterable[int]) -> set[int]:
        """The versions to serve of those found."""
        return set(found).intersection(self.numbers)


Policy = Latest | All | Specific


def find_versions(base_path: Path) -> dict[int, Path]:
    """Version directories under a base path: every child whose name is an int64, zeros in front allowed.

    Nothing else is looked at, as in TensorFlow Serving: a name like `2.tmp` is no version, so a writer prepares the
    directory beside and renames it.

    Raises:
        OSError: the base path cannot be listed.
    """
    found: dict[int, Path] = {}
    for child in sorted(base_path.iterdir()):
        if _NUMBER.fullmatch(child.name) and _INT64_MIN <= int(child.name) <= _INT64_MAX:
            found.setdefault(int(child.name), child)
    return found
