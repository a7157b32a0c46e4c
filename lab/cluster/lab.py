"""The whole lab: up, down, what state it is in, and one part stopped or started by itself.

Owns the order. What each part is stands in its own module.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.cluster import (
    base_image,
    certificates,
    control_plane,
    engine,
    firewall,
    kernel_settings,
    kubernetes_build,
    leftovers,
    network,
    node,
    official_image,
    packages,
    registry,
)
from lab.cluster.places import API_PORT, BASE_IMAGE, CONTEXT, REGISTRY, Places
from lab.cluster.processes import Part
from lab.errors import SetupError
from lab.progress import say
from lab.workplace import alone_in

# What can be stopped and started by itself, to see what others make of its absence.
STOPPABLE = ("engine", "registry", "cluster")


@dataclass(frozen=True)
class Condition:
    """How one part of the lab is.

    Attributes:
        name: of the part.
        well: whether it does what it is for.
        detail: in words.
    """

    name: str
    well: bool
    detail: str


def up(places: Places, environment: Mapping[str, str]) -> None:
    """Have everything run; what runs already is left alone.

    Args:
        places: where the lab is.
        environment: variables of the process, for Go.

    Raises:
        SetupError: a step failed; what was started before stays.
    """
    with alone_in(places.state, "working on the lab"):
        packages.install(places.logs / "packages.log", engine=engine.version() is not None)
        kernel_settings.up(places)
        registry.up(places)
        engine.up(places)
        _cluster_up(places, kubernetes_build.obtain(environment, places.cache))
        base_image.up(places)
        official_image.up(places)
    say(f"The lab is up: kubeconfig {places.kubeconfig} (context {CONTEXT}), base image {BASE_IMAGE}")


def _cluster_up(places: Places, programs: Path) -> None:
    if not places.cluster.exists():
        shutil.rmtree(places.logs / "pods", ignore_errors=True)  # of the cluster before
    network.up()
    certificates.up(places)
    aside = places.kubectl.with_name(".kubectl.new")
    aside.unlink(missing_ok=True)
    aside.symlink_to(programs / "kubectl")
    aside.replace(places.kubectl)
    control_plane.up(places, programs)
    node.up(places, programs)


def down(places: Places) -> None:
    """End everything and take back what was changed; images, caches, logs and Debian packages stay.

    Raises:
        SetupError: something does not end; run it again when the reason is gone.
    """
    with alone_in(places.state, "working on the lab"):
        if engine.version() is not None:
            official_image.down()
        for name in reversed((*control_plane.NAMES, *node.NAMES)):
            _stop(Part(places, name))
        leftovers.end_containers(places, ("kubepods",))
        _stop(registry.part(places))
        _stop(engine.part(places), engine.STOP_SECONDS)
        # Images of ours and no engine that answers: what an engine left behind was left by ours.
        docker = places.docker.exists() and engine.version() is None
        if docker:
            leftovers.end_containers(places, ("docker",))
            engine.remove_bridges()
        leftovers.unmount_all(places)
        for device in network.DEVICES:
            network.remove(device)
        firewall.clean(docker=docker)
        kernel_settings.restore(places)
        network.forget_pods()
        leftovers.remove_files(places)
        for folder in (places.cluster, places.run):
            if folder.exists():
                shutil.rmtree(folder)
        places.kubeconfig.unlink(missing_ok=True)
        places.kubectl.unlink(missing_ok=True)
    say(f"The lab is down. Kept: {places.docker} and {places.registry} (images), {places.logs}, {places.cache}")


def _stop(part: Part, seconds: float = 20) -> None:
    if part.stop(seconds):
        say(f"Stopped {part.name}")


def conditions(places: Places) -> list[Condition]:
    """How each part is, from the engine to the base image."""
    found = [_engine_condition(places), _registry_condition(places)]
    for name in (*control_plane.NAMES, *node.NAMES):
        record = Part(places, name).record()
        found.append(Condition(name, record is not None, f"pid {record.pid}" if record else "does not run"))
    ready = node.ready(places)
    found.append(Condition("node", ready, f"Ready, API server on port {API_PORT}" if ready else "not Ready"))
    there = base_image.present()
    found.append(Condition("base image", there, BASE_IMAGE if there else f"{BASE_IMAGE}: not there, or an older one"))
    return found


def _engine_condition(places: Places) -> Condition:
    version, record = engine.version(), engine.part(places).record()
    whose = f"pid {record.pid}" if record else "not the lab's own"
    return Condition("engine", version is not None, f"{version}, {whose}" if version else "does not answer")


def _registry_condition(places: Places) -> Condition:
    answers, record = registry.answers(), registry.part(places).record()
    whose = f"pid {record.pid}" if record else "not the lab's own"
    return Condition("registry", answers, f"{REGISTRY}, {whose}" if answers else f"{REGISTRY} does not answer")


def stop(places: Places, name: str) -> None:
    """Stop one part: `engine`, `registry`, or the `cluster`'s API server, beneath which pods go on.

    Raises:
        SetupError: it is not the lab's own, or does not end.
    """
    with alone_in(places.state, "working on the lab"):
        part = _parts(places)[name]
        if not part.stop(engine.STOP_SECONDS):
            raise SetupError(f"{name} does not run, or was not started by the lab: nothing is stopped")


def start(places: Places, name: str, environment: Mapping[str, str] = os.environ) -> None:
    """Start again what `stop` stopped.

    Raises:
        SetupError: it does not start.
    """
    with alone_in(places.state, "working on the lab"):
        if name == "engine":
            engine.up(places)
        elif name == "registry":
            registry.up(places)
        else:
            control_plane.api_up(places, kubernetes_build.obtain(environment, places.cache))


def _parts(places: Places) -> dict[str, Part]:
    parts = (engine.part(places), registry.part(places), Part(places, control_plane.API_SERVER))
    return dict(zip(STOPPABLE, parts, strict=True))
