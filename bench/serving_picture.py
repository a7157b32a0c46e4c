"""The picture of the model servers' speed: requests per second of MLflow's server, the loop and ours.

Owns how it looks; the figures are `serving_results`'.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from bench.serving_results import LOOP, MLFLOW, SERVER, Rounds
from bench.serving_traffic import Load

_LOOK = {
    MLFLOW: ("#a9b4bf", "MLflow's server"),
    LOOP: ("#e0a458", "in-process loop, no server"),
    SERVER: ("#2f6f9f", "this model server"),
}


def draw(measured: Mapping[Load, Mapping[str, Rounds]], file: Path) -> None:
    """Write the picture as PNG, a panel for each number of rows in a request; whole or not at all."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - takes a second that other measurements need not pay

    rows = sorted({load.rows for load in measured})
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    panels = figure.subplots(1, len(rows), squeeze=False)[0]
    for panel, count in zip(panels, rows, strict=True):
        _draw_panel(panel, {load: subjects for load, subjects in measured.items() if load.rows == count})
        panel.set_title(f"{count} image{'s' if count > 1 else ''} in a request")
    panels[0].set_ylabel("requests per second")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=len(_LOOK), frameon=False)
    aside = file.with_name(f".{file.stem}.{os.getpid()}.png")
    try:
        figure.savefig(aside, dpi=110, metadata={"Software": None})
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)


def _draw_panel(panel: Any, measured: Mapping[Load, Mapping[str, Rounds]]) -> None:
    names = [name for name in _LOOK if all(name in subjects for subjects in measured.values())]
    width = 0.8 / len(names)
    for index, name in enumerate(names):
        color, label = _LOOK[name]
        places = [group + (index - (len(names) - 1) / 2) * width for group in range(len(measured))]
        rates = [median(subjects[name].rates) for subjects in measured.values()]
        bars = panel.bar(places, rates, width, color=color, label=label)
        panel.bar_label(bars, fmt="%.0f", fontsize=7, padding=1)
    clients = [f"{load.name[0]}\n{load.clients} client{'s' if load.clients > 1 else ''}" for load in measured]
    panel.set_xticks(range(len(measured)), clients)
    panel.margins(y=0.25)
    panel.spines[["top", "right"]].set_visible(False)
