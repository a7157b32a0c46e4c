"""TrainedModel where the state is lost and the artifact is still in the store, a folder or an S3-compatible server.

Owns the measurement: an `up` on a new backend of a checkout that has trained before. By its side the first resource of
the bare program, created on a new backend too: what a resource costs that does nothing.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import machine, report, s3, trace
from bench.checkout import BARE_FILES, PROJECT_FILES, Checkout, CommandError, free_port
from bench.noop import imports_tensorflow
from bench.pairing import Comparison, interleave
from bench.report import Row
from bench.trace import Span
from lab import pulumi_cli
from lab.progress import say

LESS_SECONDS, LESS_SECONDS_REMOTE = 0.5, 1.0
UP = ("up", "--yes", "--skip-preview")
TAKEN, TAKEN_REMOTE = "from .artifacts, no training", "from s3://models/store, no training"


class Loser:
    """A checkout that loses its state before every `up`; what the `up` made is measured by its trace.

    Args:
        checkout: whose files, artifacts among them, stay.
        must_say: what each `up` must print to be the one that is meant.
        artifacts_too: it loses the artifacts in its folder as well, as a fresh clone has none.
    """

    def __init__(self, checkout: Checkout, must_say: str = "", *, artifacts_too: bool = False) -> None:
        self._checkout = checkout
        self._must_say = must_say
        self._artifacts_too = artifacts_too
        self.provider_seconds: list[float] = []

    def seconds(self) -> float:
        """Lose the state, run `up`, and tell how long its first resource took from declared to created.

        Raises:
            CommandError: `up` did something else.
        """
        fresh = self._checkout.with_new_state()
        if self._artifacts_too:
            shutil.rmtree(fresh.folder / ".artifacts")
        file = fresh.state / "trace.json"
        said = fresh.pulumi(*UP, f"--otel-traces=file://{file}")
        if self._must_say not in said:
            raise CommandError(f"pulumi up did not say {self._must_say!r}: {said}")
        traced: list[Span] = trace.spans(file)
        self.provider_seconds.append(trace.provider_seconds(traced))
        return trace.first_resource(traced).seconds


def run(pairs: int) -> str:
    """Measure; the document of the results."""
    cli = pulumi_cli.obtain_here()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, s3.served() as url:
        project, remote = (Checkout.make(Path(folder) / name, PROJECT_FILES, cli) for name in ("project", "remote"))
        bare, again = (Checkout.make(Path(folder) / name, BARE_FILES, cli) for name in ("bare", "again"))
        try:
            say("Bringing the project up twice: it trains and serves a model, some 40 s; then some 15 s a round")
            project.configure(port=str(free_port()))
            remote.configure(port=str(free_port()), artifactStore=url)
            for checkout in (project, remote):
                checkout.pulumi(*UP)
            subject, reference = Loser(project, TAKEN), Loser(bare)
            at_url, cloned = Loser(remote, TAKEN_REMOTE), Loser(remote, TAKEN_REMOTE, artifacts_too=True)
            control = Loser(again), Loser(bare)
            for loser in (subject, at_url, cloned, reference, *control):
                loser.seconds()  # the bytecode of the programs' modules is written now
                loser.provider_seconds.clear()
            found = interleave(
                pairs,
                {
                    "store": (_said(subject.seconds), reference.seconds),
                    "S3": (_said(at_url.seconds), Loser(bare).seconds),
                    "S3, cloned": (_said(cloned.seconds), Loser(bare).seconds),
                    "A/A": (control[0].seconds, control[1].seconds),
                },
            )
            # The model alone: the model server that comes after it imports TensorFlow, of course.
            model = (*UP, "--target", "**:TrainedModel::model")
            imported = imports_tensorflow(remote.with_new_state(), Path(folder) / "trap", [model])
        finally:
            for checkout in (project, remote):
                checkout.end_server()
    worked = Comparison(tuple(subject.provider_seconds), tuple(reference.provider_seconds))
    return document(found | {"provider": worked}, imported=imported, pairs=pairs, on=machine.line(cli))


def _said(measure: Callable[[], float]) -> Callable[[], float]:
    def measured() -> float:
        seconds = measure()
        say(f"store hit: {seconds:.2f} s")
        return seconds

    return measured


def document(found: dict[str, Comparison], *, imported: bool, pairs: int, on: str) -> str:
    """The results as Markdown; `on` says on which machine."""
    rows = [
        Row(
            what="TrainedModel, declared to created / the bare program's first resource",
            comparison=found["store"],
            less_seconds=LESS_SECONDS,
        ),
        Row(what="of it the provider's Check and Create / the bare one's", comparison=found["provider"]),
        Row(
            what="the same from an S3-compatible server on loopback, working copy there",
            comparison=found["S3"],
            less_seconds=LESS_SECONDS_REMOTE,
        ),
        Row(
            what="the same, nothing but the server has the artifact",
            comparison=found["S3, cloned"],
            less_seconds=LESS_SECONDS_REMOTE,
        ),
        Row(what="control: bare / bare, declared to created", comparison=found["A/A"]),
    ]
    return f"""# Store hit: state lost, artifact there

{report.comparisons(rows)}

Each figure is {report.SPREAD}; {pairs} pairs, the order
within a pair alternating. Each `up` has a new, empty backend; the project's must say that it takes the model from the
store. Declared to created is the engine's RegisterResource call and includes the start of the provider's process, which
is most of it.

TensorFlow imported by an `up` of the model alone, taken from the server: {"yes: MISSED" if imported else "no: met"}.

Measured: `pulumi {" ".join(UP)} --otel-traces=file://...`, from the calls in that trace.
Command: `.venv/bin/python -m bench store --pairs {pairs}`
Machine: {on}
"""
