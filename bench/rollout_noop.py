"""`up` of the `dev` stack where nothing changes, against a bare program with as many resources of the same providers.

Owns the comparison with its A/A control (two checkouts of the bare program). Does not own the bare program
(bench/bare_kubernetes).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench import machine, report, rollout_lab
from bench.checkout import BARE_FILES, CommandError
from bench.pairing import Comparison, interleave
from bench.report import Row
from bench.rollout import FILES
from bench.rollout_stack import LabStack
from lab import pulumi_cli
from lab.cluster.places import BASE_IMAGE, CONTEXT, REGISTRY
from lab.progress import say

MOST_RATIO = 1.15
NOTHING = "--expect-no-changes"
RESOURCES = 10
BARE = Path(__file__).resolve().parent / "bare_kubernetes"
BARE_KUBERNETES_FILES = BARE_FILES | {
    "Pulumi.yaml": BARE / "Pulumi.yaml",
    "__main__.py": BARE / "__main__.py",
    "image/Dockerfile": BARE / "Dockerfile",
}


def run(pairs: int) -> str:
    """Measure; the document of the results."""
    rollout_lab.require()
    cli = pulumi_cli.obtain_here()
    with ExitStack() as after:
        folder = Path(after.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        namespaces = [after.enter_context(rollout_lab.namespace(name)) for name in ("dev", "bare", "again")]
        ports = rollout_lab.free_node_ports(len(namespaces))
        stacks: list[LabStack] = []
        for namespace, port in zip(namespaces, ports, strict=True):
            files = FILES if not stacks else BARE_KUBERNETES_FILES
            stack = LabStack.bring(folder / namespace, files, cli, rollout_lab.places().kubeconfig)
            stack.configure(
                namespace=namespace, nodePort=str(port), registry=f"{REGISTRY}/{namespace}", baseImage=BASE_IMAGE
            )
            stacks.append(stack)
        dev, bare, again = stacks
        dev.configure(dataset="digits")
        for stack in (bare, again):
            stack.configure(context=CONTEXT)
        say("Bringing the stack and the bare program up: one of them trains a model, some 40 s")
        for stack in stacks:
            stack.up()
            _require_nothing_to_do(stack)  # the bytecode of the programs' modules is written now
        found = interleave(
            pairs,
            {
                "up": (_said(dev), lambda: bare.up_seconds(NOTHING)),
                "A/A": (lambda: again.up_seconds(NOTHING), lambda: bare.up_seconds(NOTHING)),
            },
        )
        plugins = dev.plugins
    return document(found, pairs=pairs, plugins=plugins, on=machine.line(cli))


def _require_nothing_to_do(stack: LabStack) -> None:
    """Raise unless an `up` finds as many resources as are compared, unchanged."""
    said = "".join(line.text for line in stack.up(NOTHING))
    if f"{RESOURCES} unchanged" not in said:
        raise CommandError(f"{stack.folder.name} has not {RESOURCES} resources, or they changed: {said}")


def _said(stack: LabStack) -> Callable[[], float]:
    def measured() -> float:
        seconds = stack.up_seconds(NOTHING)
        say(f"up: {seconds:.2f} s")
        return seconds

    return measured


def document(found: dict[str, Comparison], *, pairs: int, plugins: str, on: str) -> str:
    """The results as Markdown; `on` says on which machine."""
    rows = [
        Row(what="`up` / the bare program's", comparison=found["up"], most_ratio=MOST_RATIO),
        Row(what="control: bare `up` / bare `up`", comparison=found["A/A"]),
    ]
    return f"""# Nothing to change: the `dev` stack against a bare program

{report.comparisons(rows)}

Each figure is {report.SPREAD}; {pairs} pairs, the order
within a pair alternating. The control is a second checkout of the bare program against the first: what it is off from 1
is noise. The bare program (bench/bare_kubernetes) declares {RESOURCES} resources as the stack does, by the same
providers, in the same cluster, and asks nobody whether engine and cluster are there before it begins.

Measured: `pulumi up --yes --skip-preview {NOTHING}`, which fails if anything would change, with {plugins}.
Command: `.venv/bin/python -m bench noop-kubernetes --pairs {pairs}`
Machine: {on}
"""
