"""A stack's state, history and configuration, as the Pulumi CLI tells them.

Owns the questions and the reading of the answers. Changes nothing, and runs no program.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.project import ROOT, declared_defaults

PROJECT = "mymodel-serving"
TIMEOUT_SECONDS = 60


class StackError(Exception):
    """The stack cannot be told of, or is not fit for what was asked; the message says what mends it."""


@dataclass(frozen=True)
class StackState:
    """What a stack's last operation left.

    Attributes:
        stack: its name.
        resources: as `pulumi stack export` has them: `urn`, `type`, `inputs`, `outputs`, ...; secrets stay encrypted.
    """

    stack: str
    resources: Sequence[Mapping[str, Any]]

    @property
    def outputs(self) -> Mapping[str, Any]:
        """What the program exported; empty where the stack was never up."""
        found = self.one("pulumi:pulumi:Stack")
        return found.get("outputs", {}) if found else {}

    def one(self, type_: str) -> Mapping[str, Any] | None:
        """The resource whose type token ends so; None where there is none. What is about to be deleted counts not."""
        found = (
            resource
            for resource in self.resources
            if str(resource["type"]).endswith(type_) and not resource.get("delete")
        )
        return next(found, None)


def state(stack: str) -> StackState:
    """The state of a stack.

    Raises:
        StackError: there is no such stack, or no CLI.
    """
    return StackState(stack, _told("stack", "export", "--stack", stack)["deployment"].get("resources") or [])


def last_result(stack: str) -> str:
    """How the stack's last operation ended: `succeeded`, `failed`, ...; empty where there was none."""
    updates = _told("stack", "history", "--json", "--page-size", "1", "--stack", stack)
    return str(updates[0]["result"]) if updates else ""


def configuration(stack: str) -> dict[str, str]:
    """The stack's configuration, key by key as text, secrets in clear: it is for this process and not to be shown."""
    told = _told("config", "--json", "--show-secrets", "--stack", stack)
    prefix = f"{PROJECT}:"
    return declared_defaults() | {
        key.removeprefix(prefix): str(entry.get("value", "")) for key, entry in told.items() if key.startswith(prefix)
    }


def _told(*arguments: str) -> Any:
    command = ["pulumi", "--non-interactive", *arguments]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except FileNotFoundError:
        raise StackError("there is no Pulumi CLI on the PATH: source .venv/bin/activate") from None
    except subprocess.TimeoutExpired:
        raise StackError(f"`{' '.join(command)}` gave no answer within {TIMEOUT_SECONDS} s") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        said = lines[-1].removeprefix("error: ") if lines else f"status {done.returncode}"
        raise StackError(f"`{' '.join(command)}`: {said}")
    return json.loads(done.stdout or "null")
