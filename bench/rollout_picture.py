"""The picture of where an update's seconds go: one bar a way of updating, one colour a stage.

Owns the drawing. Does not measure.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.report import RESULTS
from bench.rollout_split import CHECK, IMAGE, MODEL, PULUMI, PUSH, ROLLOUT, STAGES, TRIAL

FILE = RESULTS / "rollout.png"
DOTS_PER_INCH = 110
COLORS = {
    PULUMI: "#c3c7d4",
    MODEL: "#e3b27f",
    IMAGE: "#6fa8d6",
    PUSH: "#b5d4ee",
    TRIAL: "#e5d58f",
    ROLLOUT: "#7dbb92",
    CHECK: "#c5e3c6",
}
INK = "#222222"
LEAST_NAMED = 0.03  # of the longest bar; a narrower part has no room for its number


def draw(bars: Mapping[str, Mapping[str, float]], path: Path = FILE) -> None:
    """Draw the bars, the first on top, to a PNG that appears whole or not at all.

    Args:
        bars: seconds of each stage, by what was run.
        path: of the picture.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - takes a second that other measurements need not pay

    figure = Figure(figsize=(9, 1.3 + 0.62 * len(bars)), layout="constrained")
    axes = figure.subplots()
    longest = max(sum(split.values()) for split in bars.values())
    for row, split in enumerate(bars.values()):
        _bar(axes, row, split, least_named=longest * LEAST_NAMED)
    axes.set_yticks(range(len(bars)), list(bars))
    axes.invert_yaxis()
    axes.set(xlabel="seconds", title="From a changed model to the end of the update")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    handles, labels = axes.get_legend_handles_labels()
    shown = dict(zip(labels, handles, strict=True))
    axes.legend(
        shown.values(), shown.keys(), ncols=len(shown), frameon=False, loc="upper center", bbox_to_anchor=(0.45, -0.3)
    )
    aside = path.with_name(f".{path.name}.{os.getpid()}.aside")
    try:
        figure.savefig(aside, dpi=DOTS_PER_INCH, format="png")
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _bar(axes: Any, row: int, split: Mapping[str, float], *, least_named: float) -> None:
    left = 0.0
    for stage in STAGES:
        seconds = split.get(stage, 0.0)
        if seconds <= 0:
            continue
        axes.barh(row, seconds, left=left, height=0.62, color=COLORS[stage], label=stage)
        if seconds >= least_named:
            axes.text(left + seconds / 2, row, f"{seconds:.1f}", ha="center", va="center", fontsize=8, color=INK)
        left += seconds
    axes.text(left, row, f"  {left:.1f} s", va="center", fontsize=9, color=INK)
