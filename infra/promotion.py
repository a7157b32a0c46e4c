"""`make promote`: what one stack serves becomes the pins of another, in the file that is reviewed.

Owns which stack may be promoted and the edit of the other one's configuration file. Deploys nothing:
`python -m infra.promotion dev prod` changes two lines of Pulumi.prod.yaml, and the next `up` of prod serves them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from infra import stack_state
from infra.config_rules import RULES
from infra.project import ROOT
from infra.stack_state import PROJECT, StackError, StackState

USAGE = "usage: make promote FROM=dev TO=prod, or python -m infra.promotion FROM TO"
STACK_NAME = re.compile(r"[\w.-]+")


class Pins(NamedTuple):
    """What a promoting stack serves: digest of the model (hexadecimal), and of the image (`sha256:...`)."""

    model: str
    image: str


def pins_of(state: StackState, last_result: str) -> Pins:
    """What a stack serves, if all of it is proven.

    Raises:
        StackError: it serves nothing, no image, or its last operation failed, or what serves was not checked.
    """
    model, image = (str(state.outputs.get(key, "")) for key in ("modelDigest", "image"))
    up = f"make up STACK={state.stack}"
    if not model:
        raise StackError(f"stack {state.stack} serves no model that could be promoted; serve one: {up}")
    if not image:
        raise StackError(
            f"stack {state.stack} serves without an image; promote from a stack of target kubernetes, such as dev"
        )
    if last_result != "succeeded":
        raise StackError(
            f"the last operation of stack {state.stack} ended as {last_result or 'unknown'}, so what it serves is not "
            f"proven; mend it, then promote: {up}"
        )
    check = state.one(":PredictionCheck")
    if check is None or check["inputs"].get("digest") != model:
        raise StackError(
            f"stack {state.stack} was not seen to answer as model {model[:12]} (no PredictionCheck of it in the "
            f"state); check it, then promote: {up}"
        )
    pins = Pins(model, image.rpartition("@")[2])
    if RULES["modelDigest"].parse(pins.model) is None or RULES["imageDigest"].parse(pins.image) is None:
        raise StackError(f"stack {state.stack} serves {pins.model} as {image}, which are no digests; mend it: {up}")
    return pins


def pin(file: Path, pins: Pins) -> list[str]:
    """Write the pins into a stack's configuration file and nothing else; what changed, a line each.

    Raises:
        StackError: there is no such file, it cannot be read, or the stack does not promote.
    """
    text, config = _read(file)
    if config.get(_key("source")) != "promote":
        raise StackError(
            f"{file.name} is of a stack that trains its own model; to serve what is pinned: pulumi config set source "
            f"promote --stack {_stack(file)}"
        )
    new = {"modelDigest": pins.model, "imageDigest": pins.image}
    changed = [
        f"{file.name}: {name} {config.get(_key(name)) or 'empty'} -> {value}"
        for name, value in new.items()
        if config.get(_key(name)) != value
    ]
    for name, value in new.items():
        text = _with(text, _key(name), value)
    if _config(text) != config | {_key(name): value for name, value in new.items()}:
        raise StackError(f"{file.name} is written in a way that cannot be edited here; set it yourself: {new}")
    aside = file.with_name(f".{file.name}.aside")
    aside.write_text(text, encoding="utf-8")
    aside.replace(file)
    return changed


def _read(file: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise StackError(
            f"there is no {file.name}; make it after the example of Pulumi.prod.yaml, then promote again"
        ) from None
    except (OSError, ValueError) as error:
        raise StackError(f"{file.name} cannot be read ({error}); mend it") from None
    config = _config(text)
    if not isinstance(config, dict):
        raise StackError(f"{file.name} has no configuration; make it after the example of Pulumi.prod.yaml")
    return text, config


def _config(text: str) -> Any:
    try:
        return yaml.safe_load(text)["config"]
    except (yaml.YAMLError, TypeError, KeyError):
        return None


def _with(text: str, key: str, value: str) -> str:
    """A configuration file's text with one value replaced or added; comments and all other lines stay."""
    line = re.compile(rf"^(?P<key>[ ]+{re.escape(key)}:)[^#\n]*?(?P<comment>[ ]+#.*)?$", re.MULTILINE)
    if line.search(text):
        # Quoted: a digest of nothing but digits is a number to YAML.
        return line.sub(lambda found: f'{found["key"]} "{value}"{found["comment"] or ""}', text, count=1)
    # As far in as the lines that are there.
    first = re.compile(r"^(config:[^\n]*\n)(\s*)", re.MULTILINE)
    return first.sub(lambda found: f'{found[1]}{found[2]}{key}: "{value}"\n{found[2]}', text, count=1)


def _key(name: str) -> str:
    return f"{PROJECT}:{name}"


def _stack(file: Path) -> str:
    return file.name.removeprefix("Pulumi.").removesuffix(".yaml")


def main(arguments: Sequence[str]) -> int:
    """Promote what the first stack serves to the second; the exit status."""
    if len(arguments) != 2 or not all(STACK_NAME.fullmatch(name) for name in arguments):
        print(USAGE, file=sys.stderr)
        return 2
    source, target = arguments
    file = ROOT / f"Pulumi.{target}.yaml"
    try:
        changed = pin(file, pins_of(stack_state.state(source), stack_state.last_result(source)))
    except (StackError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("\n".join(changed) or f"{file.name}: what {source} serves is pinned already")
    print(f"Review and commit {file.name}, then: pulumi up --stack {target}" if changed else "Nothing to do")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
