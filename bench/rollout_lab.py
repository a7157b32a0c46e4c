"""The lab as a measurement finds it: whether it runs, its kubectl, and a namespace for as long as one is needed.

Owns the condition under which anything in the lab is measured, and the clean-up after it. Does not start a lab.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.checkout import CommandError, last_words
from lab import pulumi_cli
from lab.cluster import engine, node, registry
from lab.cluster.places import BASE_IMAGE, REGISTRY, STATE, Places
from lab.progress import say

PREFIX = "bench"
NODE_PORTS = range(32500, 32701)
COMMAND_SECONDS = 120.0
SETTLE_SECONDS = 90.0
EVERY_SECONDS = 0.5


def places() -> Places:
    """Where the lab of this machine is."""
    return Places(STATE, pulumi_cli.cache_folder(os.environ))


def require() -> None:
    """Refuse to go on where there is no lab to measure in.

    Raises:
        CommandError: a part of it is missing.
    """
    repository, _, tag = BASE_IMAGE.removeprefix(f"{REGISTRY}/").partition(":")
    parts = {
        "no container engine": engine.version() is None,
        f"no registry on {REGISTRY}": not registry.answers(),
        "no Kubernetes node": not places().kubeconfig.exists() or not node.ready(places()),
        f"no base image {BASE_IMAGE}": registry.digest(repository, tag) is None,
    }
    missing = [name for name, is_missing in parts.items() if is_missing]
    if missing:
        raise CommandError(f"the lab does not run ({', '.join(missing)}): start it with `make lab` (Linux, root)")


def run(command: Sequence[str | Path], *, text: str | None = None, folder: Path | None = None) -> str:
    """Run a command to its end; what it printed.

    Args:
        command: program and arguments.
        text: its standard input.
        folder: to run it in.

    Raises:
        CommandError: it failed, or did not end within 120 s.
    """
    shown = " ".join(map(str, command))
    try:
        done = subprocess.run(
            command,
            input=text,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CommandError(f"{shown} did not end within {COMMAND_SECONDS:.0f} s") from None
    if done.returncode != 0:
        raise CommandError(f"{shown} ended with {done.returncode}: {last_words(done.stdout + done.stderr)}")
    return done.stdout


def kubectl(*arguments: str | Path, text: str | None = None) -> str:
    """What kubectl says of the lab's cluster.

    Raises:
        CommandError: it failed.
    """
    return run([places().kubectl, "--kubeconfig", places().kubeconfig, *arguments], text=text)


def free_node_ports(count: int) -> list[int]:
    """Node ports that no Service of the cluster has.

    Raises:
        CommandError: there are not that many.
    """
    services = json.loads(kubectl("get", "services", "--all-namespaces", "--output=json"))["items"]
    taken = {port.get("nodePort") for service in services for port in service["spec"]["ports"]}
    free = [port for port in NODE_PORTS if port not in taken]
    if len(free) < count:
        raise CommandError(f"{len(free)} node ports from {NODE_PORTS[0]} to {NODE_PORTS[-1]} are free, not {count}")
    return random.sample(free, count)


@contextmanager
def namespace(purpose: str) -> Iterator[str]:
    """A new namespace of the cluster, removed in the end with all that is in it, as are the engine's images of it.

    The registry keeps what was pushed to `localhost:5000/<namespace>/`, and so does the builder's cache.
    """
    name = f"{PREFIX}-{random.randrange(10**6):06}-{purpose}"  # noqa: S311 - no secret
    try:
        kubectl("create", "namespace", name)
        yield name
    finally:
        _remove(name)


def _remove(name: str) -> None:
    """Remove what can be removed; what cannot is said, and hides no other error."""
    try:
        kubectl("delete", "namespace", name, "--ignore-not-found", "--timeout=90s")
        listed = run(["docker", "image", "ls", "--format={{.Repository}}:{{.Tag}}", f"{REGISTRY}/{name}/*"])
        if listed.split():
            run(["docker", "image", "rm", "--force", *listed.split()])
    except CommandError as error:
        say(f"Not everything of {name} could be removed: {error}")


def forget_images(name: str) -> None:
    """Remove the images of a namespace's registry path from the node, as on one that never ran them.

    Raises:
        CommandError: containerd refuses.
    """
    ctr = ["ctr", f"--address={places().containerd_socket}", "--namespace=k8s.io", "images"]
    listed = [line.split()[:3] for line in run([*ctr, "ls"]).splitlines()[1:]]
    # The node knows each of them by its configuration's digest too, under which the layers would stay.
    digests = {digest for image, _, digest in listed if image.startswith(f"{REGISTRY}/{name}/")}
    names = [image for image, _, digest in listed if digest in digests]
    if names:
        run([*ctr, "rm", "--sync", *names])


def settle(namespaces: Sequence[str]) -> None:
    """Wait until one pod is left in each namespace: one that goes serves on for its grace period, at a cost.

    Raises:
        CommandError: that takes more than 90 s.
    """
    deadline = time.monotonic() + SETTLE_SECONDS
    while any(len(kubectl("--namespace", name, "get", "pods", "--output=name").split()) > 1 for name in namespaces):
        if time.monotonic() > deadline:
            raise CommandError(f"pods of {' or '.join(namespaces)} do not go within {SETTLE_SECONDS:.0f} s")
        time.sleep(EVERY_SECONDS)
