"""`make lab` where everything expensive is cached: seconds until the node is Ready, and until the command has ended.

Owns the clock, and that a lab which others use is not taken down for it. Does not own the lab.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench import machine, report, rollout_lab
from bench.checkout import CommandError, last_words
from infra.project import ROOT
from lab.cluster import node
from lab.progress import say

ROUNDS = 3
LESS_SECONDS = 60.0
TIMEOUT_SECONDS = 1800.0  # with caches that are cold, by mistake or by design
EVERY_SECONDS = 0.1
# What a cluster has without being used.
OF_KUBERNETES = {"default", "kube-node-lease", "kube-public", "kube-system"}


@dataclass(frozen=True)
class Start:
    """A start of the lab.

    Attributes:
        ready: seconds until the node was Ready.
        whole: seconds until the command had ended.
    """

    ready: float
    whole: float


def run(_pairs: int) -> str:
    """Take the lab down and start it, several times; the document of the results. The lab runs afterwards.

    Args:
        _pairs: not used: each start takes most of a minute.
    """
    starts = []
    for _ in range(ROUNDS):
        require_unused()
        make("lab-down")
        starts.append(timed(lambda: make("lab"), lambda: node.ready(rollout_lab.places())))
        say(f"make lab: node Ready after {starts[-1].ready:.1f} s, ended after {starts[-1].whole:.1f} s")
    return document(starts, on=machine.line(None))


def require_unused() -> None:
    """Refuse where somebody uses the cluster.

    Raises:
        CommandError: there are namespaces beyond Kubernetes' own, or anything else in `default`.
    """
    if not rollout_lab.places().kubeconfig.exists():
        return
    listed = json.loads(rollout_lab.kubectl("get", "namespaces", "--output=json"))["items"]
    foreign = sorted({item["metadata"]["name"] for item in listed} - OF_KUBERNETES)
    deployed = rollout_lab.kubectl("--namespace=default", "get", "deployments", "--output=name").split()
    if foreign or deployed:
        raise CommandError(
            f"the lab is in use ({', '.join([*foreign, *deployed])}), and this would take it down: "
            "remove that first, for instance with `make destroy STACK=dev`"
        )


def make(target: str) -> None:
    """Run `make` with a target in the project.

    Raises:
        CommandError: it failed.
    """
    try:
        done = subprocess.run(
            ["make", target],  # noqa: S607 - make is on the PATH, or nothing of this project runs
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CommandError(f"make {target} did not end within {TIMEOUT_SECONDS:.0f} s") from None
    if done.returncode != 0:
        raise CommandError(f"make {target} ended with {done.returncode}: {last_words(done.stdout)}")


def timed(start: Callable[[], None], is_ready: Callable[[], bool]) -> Start:
    """Seconds that a start takes, and those until something is ready, which is asked meanwhile.

    Raises:
        CommandError: it has ended and is not ready.
    """
    moments: list[float] = []
    over = threading.Event()

    def ask() -> None:
        while not over.wait(EVERY_SECONDS):
            if is_ready():
                moments.append(time.monotonic())
                return

    asking = threading.Thread(target=ask, daemon=True)
    began = time.monotonic()
    asking.start()
    try:
        start()
        ended = time.monotonic()
    finally:
        over.set()
        asking.join()
    if not moments and not is_ready():
        raise CommandError("make lab has ended, but its node is not Ready: see `make lab-status`")
    return Start((moments[0] if moments else ended) - began, ended - began)


def document(starts: list[Start], *, on: str) -> str:
    """The results as Markdown; `on` says on which machine."""
    ready, whole = [start.ready for start in starts], [start.whole for start in starts]
    verdict = f"< {LESS_SECONDS:g} s: {'met' if median(ready) < LESS_SECONDS else 'MISSED'}"
    rows = [
        ("`make lab` until the node is Ready", verdict, _spread(ready)),
        ("`make lab` until it has ended", "-", _spread(whole)),
    ]
    return f"""# Starting the lab, caches warm

{report.table(("what", "target", "seconds"), rows)}

Median of {len(starts)} starts, with the smallest and the largest in brackets, each after `make lab-down`, which keeps
what is expensive to make: Debian packages, Kubernetes, the base image.

Command: `.venv/bin/python -m bench lab`
Machine: {on}
"""


def _spread(values: list[float]) -> str:
    return f"{median(values):.1f} ({min(values):.1f}-{max(values):.1f})"
