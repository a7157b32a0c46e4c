"""Where the project lies and what its Pulumi.yaml declares.

Owns the project's folder and the default of every configuration key. Does not own what a key may be (config_rules)
nor the reading of a stack's configuration (settings).
"""

from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
"""The project's folder: Pulumi.yaml lies in it, and relative paths of the configuration start from it."""


@cache
def declared_defaults() -> dict[str, str]:
    """Default of every key that Pulumi.yaml declares, as the text that the Pulumi CLI would hand to the program.

    The CLI applies these defaults itself; they are read here for a program that runs without it (tests), so that no
    default is written down twice.
    """
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    return {key: _text(entry["default"]) for key, entry in declared.items()}


def _text(value: str | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def shown(path: Path) -> str:
    """The path as people and Pulumi's state should see it: relative to the project where it lies inside."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)
