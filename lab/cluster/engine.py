"""The Docker engine: whichever answers `docker version`, else one of the lab's own.

An engine that answers already is used as it is, and never stopped from here.
"""

import os
import re
from pathlib import Path

from lab.cluster import network
from lab.cluster.commands import run
from lab.cluster.places import Places
from lab.cluster.processes import Part
from lab.errors import SetupError
from lab.progress import say

SOCKET = "/var/run/docker.sock"
SECONDS, STOP_SECONDS = 60, 40


def part(places: Places) -> Part:
    """The process of the lab's own engine."""
    return Part(places, "engine")


def up(places: Places) -> None:
    """Have an engine answer.

    Raises:
        SetupError: DOCKER_HOST names one that does not answer, or the lab's own does not start.
    """
    ours = part(places)
    if ours.record() is None and version() is not None:
        return
    if os.environ.get("DOCKER_HOST"):
        raise SetupError(
            f"no Docker engine answers at DOCKER_HOST={os.environ['DOCKER_HOST']}: start it, or unset DOCKER_HOST to "
            "have the lab start its own"
        )
    command = [
        "dockerd",
        f"--host=unix://{SOCKET}",
        f"--data-root={places.docker}",
        f"--exec-root={places.run / 'docker'}",
        f"--pidfile={places.run / 'docker.pid'}",
    ]
    if ours.start(command):
        say(f"Started {ours.name}")
    ours.wait_for(lambda: version() is not None, SECONDS)


def version() -> str | None:
    """Version of the engine that answers; None if none does."""
    try:
        return run(["docker", "version", "--format", "{{.Server.Version}}"], seconds=10).strip()
    except SetupError:
        return None


def remove_bridges() -> None:
    """Remove the bridges that an engine of ours left: its own and those of networks made with it."""
    for device in network.DEVICE_FOLDER.iterdir():
        if re.fullmatch(r"docker0|br-[0-9a-f]{12}", device.name):
            network.remove(device.name)
    Path(SOCKET).unlink(missing_ok=True)
