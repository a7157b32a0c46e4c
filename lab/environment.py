"""Which variables the Pulumi CLI runs with in this project: where state is kept and what protects its secrets.

Owns the rules, for the Makefile and for people in an activated .venv alike. Run as `python -m lab.environment` it
prints shell commands, which .venv/bin/activate evaluates (see lab.activation). What the user has set stays as it is.
"""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from lab import pulumi_cli
from lab.cluster.places import STATE

PROJECT = Path(__file__).resolve().parent.parent
# The shell function that takes the variables back; `deactivate` calls it.
LEAVE = "_mymodel_serving_leave"


def variables(
    environment: Mapping[str, str], project: Path, cli: Path | None, lab_kubeconfig: Path = STATE / "kubeconfig"
) -> dict[str, str]:
    """What to set beyond `environment`.

    Args:
        environment: variables as the user has them.
        project: folder of the project; state lies in its `.state` unless PULUMI_BACKEND_URL says otherwise.
        cli: folder of the Pulumi CLI; None if it is not known.
        lab_kubeconfig: there while a lab runs, whose cluster is then meant unless KUBECONFIG names another.
    """
    needed: dict[str, str] = {}
    backend = (project / ".state").as_uri()
    if not environment.get("PULUMI_BACKEND_URL"):
        needed["PULUMI_BACKEND_URL"] = backend
    # State in the project's folder is as private as the folder, so nobody need invent a passphrase for it. Any other
    # backend keeps asking for one.
    if environment.get("PULUMI_BACKEND_URL") in {None, "", backend} and not (
        "PULUMI_CONFIG_PASSPHRASE" in environment or "PULUMI_CONFIG_PASSPHRASE_FILE" in environment
    ):
        needed["PULUMI_CONFIG_PASSPHRASE"] = ""
    if lab_kubeconfig.exists() and not environment.get("KUBECONFIG"):
        needed["KUBECONFIG"] = str(lab_kubeconfig)
    if cli is not None and pulumi_cli.is_built(cli):  # built where nothing can be fetched: do not wait for the network
        for name in ("PULUMI_SKIP_UPDATE_CHECK", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"):
            if name not in environment:
                needed[name] = "true"
    return needed


def as_shell(needed: Mapping[str, str]) -> str:
    """Commands for a POSIX shell that set `needed`, and a function that takes them back."""
    exports = [f"export {name}={shlex.quote(value)}" for name, value in needed.items()]
    leave = f"{LEAVE} () {{ unset {' '.join(needed)}; unset -f {LEAVE}; }}"
    return "\n".join([*exports, *([leave] if needed else [])])


def main() -> None:
    """Make the state's folder and print the commands."""
    link = PROJECT / ".venv" / "bin" / "pulumi"
    needed = variables(os.environ, PROJECT, link.resolve().parent if link.exists() else None)
    if needed.get("PULUMI_BACKEND_URL"):
        (PROJECT / ".state").mkdir(exist_ok=True)
    print(as_shell(needed))


if __name__ == "__main__":
    main()
