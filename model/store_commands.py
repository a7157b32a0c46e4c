"""The commands `store list`, `show`, `verify` and `gc`: each takes its parsed options and returns a status.

Owns their arguments and what they print. Does not own what may be removed (garbage) nor what is damage (artifact).
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from model import garbage
from model.artifact import Damaged
from model.errors import ModelError
from model.garbage import Inventory
from model.manifest import Manifest, cpu_line
from model.store import Store

ROOT = Path(__file__).parent.parent
_say = partial(print, flush=True)


def add_parsers(parser: argparse.ArgumentParser, add_store: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add the commands to the parser of `store`; `add_store` adds the option that names the store."""
    subparsers = parser.add_subparsers(required=True, metavar="list|show|verify|gc")

    def add(name: str, command: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        added = subparsers.add_parser(name, help=command.__doc__, description=command.__doc__)
        added.set_defaults(command=command)
        add_store(added)
        return added

    add("list", list_artifacts)
    add("show", show).add_argument("digest", help="start of a digest")
    add("verify", verify)
    collection = add("gc", collect)
    collection.add_argument(
        "--stack-export", type=Path, nargs="+", default=[], metavar="FILE", help="what `pulumi stack export` wrote"
    )
    collection.add_argument("--keep", nargs="+", default=[], metavar="DIGEST", help="digests, or starts of them")
    collection.add_argument("--remove", action="store_true", help="do it; otherwise it is only said")


def list_artifacts(options: argparse.Namespace) -> int:
    """List the artifacts, newest first."""
    inventory = Inventory.of(options.store)
    newest_first = sorted(_manifests(inventory), key=lambda manifest: manifest.created, reverse=True)
    _say(f"{'digest':14}{'accuracy':10}{'dataset':14}{'created (UTC)':18}{'size':>9}")
    for manifest in {manifest.digest: manifest for manifest in newest_first}.values():
        _say(
            f"{manifest.digest[:12]:14}{manifest.metrics.accuracy:<10.4f}{manifest.parts.dataset['name'][:12]:14}"
            f"{manifest.created[:16].replace('T', ' '):18}{_megabytes(inventory.sizes.get(manifest.digest, 0)):>9}"
        )
    return 0


def show(options: argparse.Namespace) -> int:
    """Show what is known about an artifact."""
    inventory = Inventory.of(options.store)
    manifest = _named(options.store, inventory, options.digest)
    fingerprints = [
        fingerprint for fingerprint, record in inventory.records.items() if record.digest == manifest.digest
    ]
    per_class = ", ".join(f"{label}: {value:.3f}" for label, value in manifest.metrics.per_class.items())
    lines = {
        "digest": manifest.digest,
        "fingerprints": ", ".join(fingerprints),
        "created": manifest.created,
        "trained in": f"{manifest.duration_seconds:g} s on {cpu_line(manifest)}",
        "dataset": " ".join(manifest.parts.dataset.values()),
        "hyperparameters": ", ".join(f"{key} {value}" for key, value in manifest.parts.hyperparameters.items()),
        "accuracy": f"{manifest.metrics.accuracy:.4f}, loss {manifest.metrics.loss:.4f}",
        "by label": per_class,
        "signature": json.dumps({part: _specs(specs) for part, specs in asdict(manifest)["signature"].items()}),
        "packages": ", ".join(f"{name} {version}" for name, version in manifest.packages.items()),
        "sources": f"{manifest.source_revision or 'unknown'}{' with changes' if manifest.dirty else ''}",
        "size": f"{_megabytes(inventory.sizes.get(manifest.digest, 0))}, {len(manifest.files)} files",
    }
    for name, text in lines.items():
        _say(f"{name:16} {text}")
    return 0


def verify(options: argparse.Namespace) -> int:
    """Hash the files of every artifact again, those at the URL of a store that has one. Status 1 if any is damaged."""
    damaged = 0
    verified: dict[str, str] = {}
    for fingerprint in options.store.fingerprints():
        record = options.store.record(fingerprint)
        if isinstance(record, Manifest) and record.digest not in verified:
            verified[record.digest] = options.store.fault(record)
            _say(f"{record.digest[:12]} {verified[record.digest] or f'{len(record.files)} files, unaltered'}")
            damaged += bool(verified[record.digest])
        elif isinstance(record, Damaged):
            _say(f"training {fingerprint[:12]}: {record.reason}")
            damaged += 1
    if damaged:
        _say(
            f"{damaged} damaged in {options.store.location}: `pulumi up` or `python -m model train` makes it anew; "
            "at a URL remove fingerprints/... of it there first"
        )
    return 1 if damaged else 0


def collect(options: argparse.Namespace) -> int:
    """Remove the artifacts that no state, no Pulumi.*.yaml and no --keep refers to. Without --remove only said."""
    if not options.stack_export and not options.keep:
        raise ModelError(
            "gc keeps what it is told to and was told nothing: give it the stacks that use this store, "
            "pulumi stack export --stack NAME --file NAME.json, then --stack-export NAME.json ..., or --keep DIGEST"
        )
    pins = sorted(ROOT.glob("Pulumi.*.yaml"))
    keep = set(options.keep).union(*map(garbage.in_stack_export, options.stack_export), *map(garbage.in_text, pins))
    inventory = Inventory.of(options.store)
    _refuse_unknown(options.keep, inventory)
    unused = inventory.unreferred(keep)
    for digest in unused:
        if options.remove:
            garbage.remove(options.store, inventory, digest)
        _say(f"{'removed' if options.remove else 'would remove'} {digest[:12]} ({_megabytes(inventory.sizes[digest])})")
    total = _megabytes(sum(inventory.sizes[digest] for digest in unused))
    kept = len(inventory.sizes) - len(unused)
    _say(f"{len(unused)} of no use, {total}; {kept} kept" + ("" if options.remove else "; do it with --remove"))
    return 0


def _refuse_unknown(digests: list[str], inventory: Inventory) -> None:
    for start in digests:
        if not start or not any(digest.startswith(start) for digest in inventory.sizes):
            raise ModelError(f"no artifact's digest starts with {start!r}; see python -m model store list")


def _named(store: Store, inventory: Inventory, start: str) -> Manifest:
    found = sorted(digest for digest in inventory.sizes if digest.startswith(start))
    if len(found) != 1:
        raise ModelError(
            f"{len(found)} artifacts in {store.location} have a digest that starts with {start!r}; "
            "see python -m model store list"
        )
    manifest = store.manifest_of(found[0])
    if manifest is None:
        raise ModelError(f"artifact {found[0][:12]}: its manifest.json is missing; train it again: pulumi up")
    return manifest


def _manifests(inventory: Inventory) -> list[Manifest]:
    return [record for record in inventory.records.values() if isinstance(record, Manifest)]


def _specs(specs: dict[str, dict[str, object]]) -> dict[str, str]:
    return {name: f"{spec['dtype']} {spec['shape']}" for name, spec in specs.items()}


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
