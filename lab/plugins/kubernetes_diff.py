"""What a changed declaration, or a hand edit that the last refresh has brought in, means for an object.

Owns the comparison of what is declared now with the live object, cut to what was declared before, and which changes
need another object. As the official provider does: what was never declared is never compared.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pulumi.runtime.proto.provider_pb2 import DiffResponse, PropertyDiff

from lab.plugins.objects import AUTONAMED, annotation, normalise, prune

# Changes of these need another object (pulumi-kubernetes: provider/diff.go), for the kinds this project knows.
IDENTITY = (("metadata", "name"), ("metadata", "namespace"))
IMMUTABLE: dict[str, tuple[tuple[str, ...], ...]] = {
    "Deployment": (("spec", "selector"),),
    "Service": (("spec", "clusterIP"),),
    "ConfigMap": (("data",), ("binaryData",)),
    "Secret": (("data",), ("stringData",), ("type",)),
}
Kind = PropertyDiff.Kind
WITH_REPLACEMENT = {
    PropertyDiff.ADD: PropertyDiff.ADD_REPLACE,
    PropertyDiff.DELETE: PropertyDiff.DELETE_REPLACE,
    PropertyDiff.UPDATE: PropertyDiff.UPDATE_REPLACE,
}
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Change:
    """A property that differs: where, and whether it is added, deleted or updated."""

    path: Path
    kind: Kind.ValueType


def changes(declared_before: dict[str, Any], live: dict[str, Any], declared: dict[str, Any]) -> list[Change]:
    """How a declaration differs from the live object.

    Args:
        declared_before: the declaration of the last operation; after a refresh, with the live values.
        live: the object as the last operation or refresh has seen it.
        declared: the declaration now.
    """
    seen = prune(live, normalise(declared_before))
    return list(_compare(seen, normalise(declared), ()))


def response(
    found: list[Change],
    live: dict[str, Any],
    declared: dict[str, Any],
    ignored: list[str],
    mutable: frozenset[str] = frozenset(),
) -> DiffResponse:
    """What the engine is told.

    Args:
        found: what `changes` has found.
        live: the object as it was seen last.
        declared: the declaration now.
        ignored: property paths that the program wants ignored.
        mutable: kinds (`ConfigMap`, `Secret`) whose data may be changed in place.
    """
    kind = str(declared.get("kind"))
    immutable = IDENTITY + (() if kind in mutable and not declared.get("immutable") else IMMUTABLE.get(kind, ()))
    details: dict[str, PropertyDiff] = {}
    replaces = []
    for change in found:
        name = as_text(change.path)
        if any(_is_within(name, path) for path in ignored):
            continue
        forced = any(change.path[: len(path)] == path for path in immutable)
        if forced:
            replaces.append(name)
        of_kind = WITH_REPLACEMENT[change.kind] if forced else change.kind
        details[name] = PropertyDiff(kind=of_kind, inputDiff=change.kind == PropertyDiff.DELETE)
    return DiffResponse(
        changes=DiffResponse.DIFF_SOME if details else DiffResponse.DIFF_NONE,
        replaces=replaces,
        deleteBeforeReplace=bool(replaces) and _keeps_its_name(live, declared),
        detailedDiff=details,
        hasDetailedDiff=True,
    )


def as_text(path: Path) -> str:
    """A property path as Pulumi writes it: `spec.containers[0].image`, `metadata.labels["app/name"]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif re.fullmatch(r"[A-Za-z_$][\w$]*", part):
            text += f".{part}" if text else part
        else:
            text += f'["{part}"]'
    return text


def _compare(seen: Any, declared: Any, path: Path) -> Iterator[Change]:
    if isinstance(seen, dict) and isinstance(declared, dict):
        for name in [*declared, *(name for name in seen if name not in declared)]:
            yield from _compare_part(seen, declared, name, (*path, name))
    elif isinstance(seen, list) and isinstance(declared, list):
        for index in range(max(len(seen), len(declared))):
            before, now = dict(enumerate(seen)), dict(enumerate(declared))
            yield from _compare_part(before, now, index, (*path, index))
    elif seen != declared:
        yield Change(path, PropertyDiff.UPDATE)


def _compare_part(seen: dict[Any, Any], declared: dict[Any, Any], name: str | int, path: Path) -> Iterator[Change]:
    if name not in declared:
        yield Change(path, PropertyDiff.DELETE)
    elif name in seen:
        yield from _compare(seen[name], declared[name], path)
    elif declared[name] or isinstance(name, int):  # the server leaves out what is empty, false or 0
        yield Change(path, PropertyDiff.ADD)


def _is_within(name: str, path: str) -> bool:
    return name == path or name.startswith((f"{path}.", f"{path}["))


def _keeps_its_name(live: dict[str, Any], declared: dict[str, Any]) -> bool:
    """Whether the new object has to have the old one's name, so that the old one must go first."""
    before, now = live["metadata"], declared["metadata"]
    return (
        not annotation(declared, AUTONAMED)
        and bool(now.get("name"))
        and (now["name"], now.get("namespace")) == (before.get("name"), before.get("namespace"))
    )
