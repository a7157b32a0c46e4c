"""What a rollout's measurement found, and its document: ratios, the split of the seconds, the bytes pushed.

Owns the targets and the words. Does not measure.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from bench import report, rollout_split
from bench.pairing import Comparison
from bench.report import Row
from bench.rollout_bytes import Pushed
from bench.rollout_split import TRIAL
from bench.rollout_update import Update

MOST_RATIO = 1.5
MOST_BYTES_RATIO = 1.1


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was measured.

    Attributes:
        ours: updates by `pulumi up`, the model taken from the store.
        theirs: updates by the walkthrough's commands, with the same models.
        trained: an update by `pulumi up` that trained first.
        ours_pushed, theirs_pushed: what the registry received at each update.
        compressed: bytes of each update's model as .tar.gz.
    """

    ours: list[Update]
    theirs: list[Update]
    trained: Update
    ours_pushed: list[Pushed]
    theirs_pushed: list[Pushed]
    compressed: list[int]


def bars(found: Found) -> dict[str, dict[str, float]]:
    """The picture's bars: seconds of each stage, by what was run."""
    return {
        "pulumi up,\ntraining": dict(found.trained.stages),
        "pulumi up,\nmodel stored": middle(found.ours),
        "walkthrough's\ncommands": middle(found.theirs),
    }


def middle(updates: list[Update]) -> dict[str, float]:
    """Median seconds of each stage."""
    return {stage: median(update.stages[stage] for update in updates) for stage in updates[0].stages}


def document(found: Found, *, pairs: int, plugins: str, on: str) -> str:
    """The results as Markdown; `on` says on which machine."""
    served = tuple(update.served for update in found.theirs)
    rows = [
        Row(
            what="`pulumi up`, until the new version answers / the walkthrough's commands, until it does",
            comparison=Comparison(tuple(update.served for update in found.ours), served),
        ),
        Row(
            what="the same without the trial of the image, which the walkthrough has not",
            comparison=Comparison(tuple(update.served - update.stages[TRIAL] for update in found.ours), served),
            most_ratio=MOST_RATIO,
        ),
        Row(
            what="`pulumi up` to its end, with every pod's answers checked / the same",
            comparison=Comparison(tuple(update.whole for update in found.ours), served),
        ),
    ]
    return f"""# From a changed model to its answers

{report.comparisons(rows)}

Each figure is {report.SPREAD}; {pairs} pairs, the order
within a pair alternating. Both sides serve the same models, trained beforehand, upon the same base image in the same
cluster, with the same pod specification, each in a namespace of its own; each model is new to both. Before the next
update the old pods have gone. The walkthrough's commands: `docker run`, `cp`, `commit`, `rm`, `push`,
`kubectl apply`, then waiting; nobody checks what answers.

## Where the seconds go

![Stacked bars of the stages below](rollout.png)

{_split_table(found)}

Medians of each stage; the update that trains was run once, and its version answered after {found.trained.served:.1f} s.
`model` is the training, or taking the model from the store. `rollout` of `pulumi up` lasts until its plugin is
content, that of the walkthrough until the new version answers. `Pulumi` is all the rest: CLI, engine, program, plugins.

## Bytes pushed

{_bytes_table(found)}

What the registry has of a new image and had not of the one before, against the model's folder as .tar.gz. Image
configuration and manifest are some 6 kB whatever the model's size: for a network of 8 x 8 pixels, whose model is 41 kB,
that alone is 14 %. Here models are the walkthrough's own size: 28 x 28 pixels (real digits, enlarged) to 128 to 10.

Measured: `pulumi up --yes --skip-preview` with another `seed` in the configuration, and with {plugins}.
Command: `.venv/bin/python -m bench rollout --pairs {pairs}`
Machine: {on}
"""


def _split_table(found: Found) -> str:
    columns = [dict(found.trained.stages), middle(found.ours), middle(found.theirs)]
    rows = [
        (stage, *(f"{column[stage]:.2f}" if stage in column else "-" for column in columns))
        for stage in rollout_split.STAGES
    ]
    return report.table(("stage, s", "`pulumi up`, training", "`pulumi up`, model stored", "walkthrough"), rows)


def _bytes_table(found: Found) -> str:
    rows = []
    sides = (("`pulumi up`", found.ours_pushed, True), ("walkthrough", found.theirs_pushed, False))
    for name, pushes, is_judged in sides:
        ratio = median(push.whole / size for push, size in zip(pushes, found.compressed, strict=True))
        met = "met" if ratio <= MOST_BYTES_RATIO else "MISSED"
        rows.append(
            (
                name,
                f"{ratio:.3f}",
                f"ratio <= {MOST_BYTES_RATIO:g}: {met}" if is_judged else "-",
                f"{median(push.layers for push in pushes):.0f}",
                f"{median(push.description for push in pushes):.0f}",
                f"{median(found.compressed):.0f}",
            )
        )
    return report.table(("update by", "ratio", "target", "layers", "configuration and manifest", "model"), rows)
