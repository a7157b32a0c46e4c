"""docs/drift.md as the tests read it, and the commands that may find a drift.

Owns the table's form and the asking. Makes no drift.
"""

from __future__ import annotations

import os
import re
import subprocess
from typing import NamedTuple

from infra.project import ROOT
from tests.lifecycle.checkout import Checkout, Result

NAMED = "the command that it names"
MEND = "; mend it: "


class Row(NamedTuple):
    """A class of drift: what happened, which commands find it, and what mends it."""

    what: str
    found_by: str
    mended_by: str


def rows(target: str) -> dict[str, Row]:
    """The rows of a target, by what happened."""
    table = (ROOT / "docs" / "drift.md").read_text(encoding="utf-8")
    found = re.findall(rf"^\| {target} \| (.+?) \| (.+?) \| (.+?) \|$", table, re.MULTILINE)
    return {row[0]: Row(*row) for row in found}


def verify(checkout: Checkout, stack: str) -> Result:
    """What `make verify` says of a stack."""
    done = checkout.python("infra.verify", stack)
    assert "Traceback" not in done.stderr, done.stderr
    return Result(done.returncode, done.stdout + done.stderr)


class Found(NamedTuple):
    """What the commands found: which of them, as the table names them, and what `make verify` said."""

    by: str
    said: str


def find(checkout: Checkout, stack: str) -> Found:
    """Ask the three commands; what a plain preview names, one with a refresh does too."""
    by = []
    if _names_it(checkout.pulumi("preview")):
        by.append("`preview`")
    elif _names_it(checkout.pulumi("preview", "--refresh")):
        by.append("`preview --refresh`")
    verified = verify(checkout, stack)
    if verified.status == 1:
        by.append("`make verify`")
    return Found(", ".join(by), verified.text)


def is_well(checkout: Checkout, stack: str) -> bool:
    """Whether no command finds anything."""
    return verify(checkout, stack).status == 0 and not _names_it(checkout.pulumi("preview", "--refresh"))


def _names_it(preview: Result) -> bool:
    """Whether a preview refuses, or would change what drifted; that other pods would be asked again names nothing."""
    changed = re.findall(r":(\w+) [\w-]+ (?:create|update|replace|delete)", preview.text)
    return preview.status != 0 or set(changed) - {"PredictionCheck"} != set()


def mend(checkout: Checkout, stack: str, how: str, said: str, path: str = "") -> None:
    """Do what the table says that mends: `up` with its options, or the command that `make verify` named first."""
    if how == NAMED:
        command = said.splitlines()[0].partition(MEND)[2]
    else:
        command = f"pulumi {how.rpartition('then ')[2].strip('`')} --stack {stack}"
    environment = checkout.environment | {"PULUMI_SKIP_CONFIRMATIONS": "true"}
    environment["PATH"] = f"{path}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command.replace("pulumi up", "pulumi --non-interactive up --skip-preview")],
        cwd=checkout.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
