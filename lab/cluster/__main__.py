"""`python -m lab.cluster up|status|down`, and `stop` or `start` with one part: the command line of the lab."""

import argparse
import os
import sys
from collections.abc import Sequence

from lab import pulumi_cli
from lab.cluster import lab
from lab.cluster.places import STATE, Places
from lab.errors import SetupError


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read a command line: `command`, and `part` for stop and start."""
    parser = argparse.ArgumentParser(
        prog="python -m lab.cluster", description="A Docker engine, a registry and one Kubernetes node."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("up", help="have everything run")
    commands.add_parser("status", help="say how each part is; exit status 0 if all is well")
    commands.add_parser("down", help="end everything")
    for name in ("stop", "start"):
        commands.add_parser(name, help=f"{name} one part").add_argument("part", choices=lab.STOPPABLE)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says.

    Returns:
        Exit status.
    """
    said = parse(arguments)
    if sys.platform != "linux" or os.geteuid() != 0:
        print("The lab needs Linux and root. Any Docker and any cluster do as well: see README.", file=sys.stderr)
        return 1
    places = Places(STATE, pulumi_cli.cache_folder(os.environ))
    try:
        if said.command == "status":
            return _status(places)
        if said.command == "up":
            lab.up(places, os.environ)
        elif said.command == "down":
            lab.down(places)
        else:
            {"stop": lab.stop, "start": lab.start}[said.command](places, said.part)
    except SetupError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _status(places: Places) -> int:
    conditions = lab.conditions(places)
    for condition in conditions:
        print(f"{condition.name:<24} {'ok' if condition.well else 'NO':<3} {condition.detail}")
    print(f"{'logs':<28} {places.logs}\n{'kubeconfig':<28} {places.kubeconfig}\n{'kubectl':<28} {places.kubectl}")
    return 0 if all(condition.well for condition in conditions) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
