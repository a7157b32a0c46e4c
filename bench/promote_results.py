"""What a promotion's measurement found, as its document: ratios, forward and back, and the split of the seconds.

Owns the words. Does not measure.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench import report, rollout_split
from bench.pairing import Comparison
from bench.report import Row
from bench.rollout_results import middle
from bench.rollout_split import CHECK, PULUMI, ROLLOUT
from bench.rollout_update import Update

STAGES = (PULUMI, ROLLOUT, CHECK)
"""The stages of an `up` that trains, builds and pushes nothing."""
FORWARD, BACK = slice(1, None, 2), slice(2, None, 2)


def document(ours: Sequence[Update], theirs: Sequence[Update], *, plugins: str, on: str) -> str:
    """The results as Markdown.

    Args:
        ours: by `pulumi up` of prod: the first model, then forward to another one and back to the first in turn.
        theirs: by the walkthrough's commands, the same models.
        plugins: which ones were used, in words.
        on: which machine it was.
    """
    rows = [
        Row(
            what="the next pin: `pulumi up` of prod, until its model answers / the walkthrough's commands with that "
            "model, until it does",
            comparison=_until_served(ours[FORWARD], theirs[FORWARD]),
        ),
        Row(
            what="rollback: `pulumi up` with the pin before, until its model answers again / the walkthrough's "
            "commands, which rebuild it",
            comparison=_until_served(ours[BACK], theirs[BACK]),
        ),
        Row(
            what="the next pin, to the end of `pulumi up` / the same", comparison=_whole(ours[FORWARD], theirs[FORWARD])
        ),
        Row(what="rollback, to the end of `pulumi up` / the same", comparison=_whole(ours[BACK], theirs[BACK])),
    ]
    pairs = len(ours[FORWARD])
    return f"""# From a pin to the pinned model's answers

{report.comparisons(rows)}

Each figure is {report.SPREAD}; {pairs} pairs, the order
within a pair alternating. Neither side trains, and the walkthrough's commands check nothing. `pulumi up` finds model,
verdict and image by their digests before anything moves; that every pod answers the golden examples as trained is seen
after the version answers, and is in the ratios to the end of `pulumi up` only.

The same on both sides: models, base image, cluster, one replica, quantities of CPU and memory, pod specification, the
watch on the node port. Each has a namespace of its own, whose old pods have gone before the next update. What a person
does at an editor is done before the clock starts: the pins, by the code of `make promote`; the model's folder and the
YAML. The walkthrough's commands: `docker run`, `cp`, `commit`, `rm`, `push`, `kubectl apply`, then waiting.

Not the same, and what is compared: the walkthrough makes an image of the stored model each time; prod deploys the one
that `dev` built, pushed and tried before, which took seconds that are not in these figures
([rollout.md](rollout.md) has them). Forward, the image is new to the node on both sides, since those that `dev` ran
there were removed. Back, the node still has prod's. By hand, too, a rollback need not rebuild where the old tag was
kept: it then takes the walkthrough's `rollout` at most, and what is behind the tag is not checked.

## Where the seconds go

{_split_table(ours, theirs)}

Medians of each stage. `rollout` of `pulumi up` lasts until its plugin is content, that of the walkthrough until the new
version answers. `Pulumi` is all the rest: CLI, engine, program, plugins.

Measured: `pulumi up --yes --skip-preview` with other pins in `Pulumi.prod.yaml`, and with {plugins}.
Command: `.venv/bin/python -m bench promote --pairs {pairs}`
Machine: {on}
"""


def _until_served(ours: Sequence[Update], theirs: Sequence[Update]) -> Comparison:
    return Comparison(tuple(update.served for update in ours), tuple(update.served for update in theirs))


def _whole(ours: Sequence[Update], theirs: Sequence[Update]) -> Comparison:
    return Comparison(tuple(update.whole for update in ours), tuple(update.served for update in theirs))


def _split_table(ours: Sequence[Update], theirs: Sequence[Update]) -> str:
    columns = [middle(list(updates)) for updates in (ours[FORWARD], ours[BACK], theirs[FORWARD], theirs[BACK])]
    rows = [
        (stage, *(f"{column[stage]:.2f}" if stage in column else "-" for column in columns))
        for stage in rollout_split.STAGES
        if any(stage in column for column in columns)
    ]
    return report.table(("stage, s", "the next pin", "rollback", "walkthrough", "walkthrough, rollback"), rows)
