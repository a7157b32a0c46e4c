"""Makes `source .venv/bin/activate` all that a plain `pulumi up` needs: the CLI on PATH and its variables set.

Owns two changes in .venv/bin: a link to the Pulumi CLI, if the one in use is not on PATH by itself, and a block in
`activate` that evaluates what lab.environment prints and takes it back in `deactivate`. Both can be repeated.
"""

import os
import shlex
import sys
from pathlib import Path

from lab import pulumi_cli
from lab.environment import LEAVE, PROJECT
from lab.errors import SetupError
from lab.progress import say

BEGIN = "# mymodel-serving: state and passphrase of this project's stacks (lab/environment.py)"
DEACTIVATE = "deactivate () {\n"


def link_cli(folder: Path, bin_folder: Path, *, on_path: bool) -> None:
    """Make `pulumi` in `bin_folder` a link to the CLI in `folder`; remove that link if the CLI is on PATH anyway.

    The CLI resolves the link to find the files beside it.
    """
    link = bin_folder / "pulumi"
    if on_path:
        link.unlink(missing_ok=True)
    elif not link.exists() or link.resolve().parent != folder.resolve():
        say(f"Using the Pulumi CLI in {folder}")
        fresh = link.with_name(f"pulumi-{os.getpid()}")
        fresh.symlink_to(folder / "pulumi")
        fresh.replace(link)


def amend(activate: str, project: Path) -> str:
    """The text of `activate` with the project's block in it, once.

    Raises:
        SetupError: the script is not one that `python -m venv` writes.
    """
    if BEGIN in activate:
        return activate
    if DEACTIVATE not in activate:
        raise SetupError(".venv/bin/activate is not what `python -m venv` writes: remove .venv and run make up again")
    leave = f"    command -v {LEAVE} >/dev/null && {LEAVE}\n"
    enter = f'eval "$(cd {shlex.quote(str(project))} && .venv/bin/python -m lab.environment)"'
    return f"{activate.replace(DEACTIVATE, DEACTIVATE + leave, 1)}\n{BEGIN}\n{enter}\n"


def main() -> None:
    """Obtain the CLI and prepare .venv/bin.

    Raises:
        SystemExit: that cannot be done; the message says why and what to do.
    """
    folder = pulumi_cli.obtain_here()
    bin_folder = PROJECT / ".venv" / "bin"
    link_cli(folder, bin_folder, on_path=not folder.is_relative_to(pulumi_cli.cache_folder(os.environ)))
    activate = bin_folder / "activate"
    text = activate.read_text(encoding="utf-8")
    try:
        amended = amend(text, PROJECT)
    except SetupError as error:
        sys.exit(str(error))
    if amended != text:
        fresh = activate.with_name(f"activate-{os.getpid()}")
        fresh.write_text(amended, encoding="utf-8")
        fresh.replace(activate)


if __name__ == "__main__":
    main()
