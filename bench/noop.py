"""`up` and `preview` of the `local` stack where nothing changes, against a bare program with as many resources.

Owns the comparison with its A/A control (two checkouts of the bare program) and the proof that TensorFlow stays out of
it. Does not own the bare program (bench/bare).
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from bench import machine, report
from bench.checkout import BARE_FILES, PROJECT_FILES, Checkout, CommandError, environment, free_port
from bench.pairing import Comparison, Measure, interleave
from bench.report import Row
from lab import pulumi_cli
from lab.progress import say

MOST_RATIO = 1.15
COMMANDS = {
    "up": ("up", "--yes", "--skip-preview", "--expect-no-changes"),
    "preview": ("preview", "--expect-no-changes"),
}


def run(pairs: int) -> str:
    """Measure; the document of the results."""
    cli = pulumi_cli.obtain_here()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        project = Checkout.make(Path(folder) / "project", PROJECT_FILES, cli)
        bare = [Checkout.make(Path(folder) / name, BARE_FILES, cli) for name in ("bare", "bare-again")]
        try:
            say("Bringing both programs up: one of them trains and serves a model, some 20 s")
            project.configure(port=str(free_port()))
            for checkout in (project, *bare):
                checkout.pulumi("up", "--yes", "--skip-preview")
            _warm_up(project, *bare)
            found = interleave(pairs, _contests(project, *bare))
            imported = imports_tensorflow(project, Path(folder) / "trap")
        finally:
            project.end_server()
    return document(found, imported=imported, pairs=pairs, on=machine.line(cli))


def _warm_up(*checkouts: Checkout) -> None:
    """Run everything once: the bytecode of the programs' modules is written now."""
    for checkout in checkouts:
        for command in COMMANDS.values():
            checkout.pulumi(*command)


def _contests(project: Checkout, bare: Checkout, again: Checkout) -> dict[str, tuple[Measure, Measure]]:
    contests: dict[str, tuple[Measure, Measure]] = {}
    for name, command in COMMANDS.items():
        contests[name] = (_said(name, project, command), partial(bare.seconds, *command))
        contests[f"{name} A/A"] = (partial(again.seconds, *command), partial(bare.seconds, *command))
    return contests


def _said(name: str, checkout: Checkout, command: tuple[str, ...]) -> Measure:
    def measured() -> float:
        seconds = checkout.seconds(*command)
        say(f"{name}: {seconds:.2f} s")
        return seconds

    return measured


def imports_tensorflow(
    checkout: Checkout, trap: Path, commands: Iterable[tuple[str, ...]] = tuple(COMMANDS.values())
) -> bool:
    """Whether a process of these commands, by default an `up` and a `preview` that change nothing, imports TensorFlow.

    A package of that name, first on PYTHONPATH, leaves a file when it is imported.

    Raises:
        CommandError: it leaves none when it is imported for trial, so that it would prove nothing.
    """
    package, caught = trap / "tensorflow", trap / "imported"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f"open({str(caught)!r}, 'w').close()\n", encoding="utf-8")
    path = {"PYTHONPATH": str(trap)}
    subprocess.run([sys.executable, "-c", "import tensorflow"], env=environment() | path, check=True)
    if not caught.exists():
        raise CommandError("the package that should notice an import of TensorFlow does not")
    caught.unlink()
    for command in commands:
        checkout.pulumi(*command, **path)
    return caught.exists()


def document(found: dict[str, Comparison], *, imported: bool, pairs: int, on: str) -> str:
    """The results as Markdown; `on` says on which machine."""
    rows = [
        Row(what="`up` / the bare program's", comparison=found["up"], most_ratio=MOST_RATIO),
        Row(what="`preview` / the bare program's", comparison=found["preview"], most_ratio=MOST_RATIO),
        Row(what="control: bare `up` / bare `up`", comparison=found["up A/A"]),
        Row(what="control: bare `preview` / bare `preview`", comparison=found["preview A/A"]),
    ]
    commands = "; ".join(f"`pulumi {' '.join(command)}`" for command in COMMANDS.values())
    return f"""# Nothing to change: the `local` stack against a bare program

{report.comparisons(rows)}

TensorFlow imported in `up` or `preview`: {"YES" if imported else "no"}.

Each figure is {report.SPREAD}; {pairs} pairs, the order
within a pair alternating. The control is a second checkout of the bare program against the first: what it is off from 1
is noise. The bare program (bench/bare) declares three dynamic resources of the same shape, with the same CLI,
virtualenv and kind of backend.

Measured: {commands}, each of which fails if anything would change.
Command: `.venv/bin/python -m bench noop --pairs {pairs}`
Machine: {on}
"""
