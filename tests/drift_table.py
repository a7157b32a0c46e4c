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
    done = subprocess.run(
        [checkout.folder / ".venv" / "bin" / "python", "-m", "infra.verify", stack],
        cwd=checkout.folder,
        env=checkout.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Result(done.returncode, done.stdout + done.stderr)


def found_by(checkout: Checkout, stack: str) -> str:
    """The commands that find something, as the table names them."""
    found = []
    if _names_it(checkout.pulumi("preview", "--expect-no-changes")):
        found.append("`preview`")
    elif _names_it(checkout.pulumi("preview", "--refresh", "--expect-no-changes")):
        found.append("`preview --refresh`")
    if verify(checkout, stack).status == 1:
        found.append("`make verify`")
    return ", ".join(found)


def _names_it(preview: Result) -> bool:
    """Whether a preview refuses, or would change what drifted; that other pods would be asked again names nothing."""
    changed = re.findall(r":(\w+) [\w-]+ (?:create|update|replace|delete)", preview.text)
    return preview.status != 0 and (set(changed) - {"PredictionCheck"} != set() or "error: " in preview.text)


def mend(checkout: Checkout, stack: str, how: str, path: str = "") -> None:
    """Do what the table says that mends: `up` with its options, or the command that `make verify` names first."""
    if how == NAMED:
        said = verify(checkout, stack).text.splitlines()[0]
        command = said.partition(MEND)[2]
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
