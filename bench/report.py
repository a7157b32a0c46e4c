"""What a measurement found, as a Markdown document: the ratios first, then seconds, then how to repeat it.

Owns the tables' form and the files in docs/measured/. Does not measure.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.pairing import Comparison
from infra.project import ROOT

RESULTS = ROOT / "docs" / "measured"
SPREAD = "the median of the pairs, with the smallest and the largest in brackets"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One comparison and what it should come to.

    Attributes:
        what: what is judged by what, in words.
        comparison: the measured seconds.
        most_ratio: the ratio's target; None for none.
        less_seconds: what the subject's median should stay below; None for no such target.
    """

    what: str
    comparison: Comparison
    most_ratio: float | None = None
    less_seconds: float | None = None

    @property
    def target(self) -> str:
        """The target and whether it was met; a dash for none."""
        verdicts = []
        if self.most_ratio is not None:
            verdicts.append(_verdict(f"ratio <= {self.most_ratio:g}", met=self.comparison.ratio <= self.most_ratio))
        if self.less_seconds is not None:
            met = median(self.comparison.subject) < self.less_seconds
            verdicts.append(_verdict(f"< {self.less_seconds:g} s", met=met))
        return "; ".join(verdicts) or "-"


def _verdict(target: str, *, met: bool) -> str:
    return f"{target}: {'met' if met else 'MISSED'}"


def comparisons(rows: Sequence[Row]) -> str:
    """A table of comparisons, ratios first."""
    return table(
        ("what", "ratio", "target", "seconds", "reference, seconds"),
        (
            (
                row.what,
                _spread(row.comparison.ratios),
                row.target,
                _spread(row.comparison.subject),
                _spread(row.comparison.reference),
            )
            for row in rows
        ),
    )


def _spread(values: Sequence[float]) -> str:
    return f"{median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def keep(name: str, document: str, folder: Path = RESULTS) -> Path:
    """Write a document to `<folder>/<name>.md`, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}.md"
    aside = folder / f".{name}.{os.getpid()}.aside"
    try:
        aside.write_text(document.rstrip() + "\n", encoding="utf-8")
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    return target
