"""The documents: table form, verdicts, and files that are whole or not there."""

from pathlib import Path

import pytest

from bench import report
from bench.pairing import Comparison
from bench.report import Row

COMPARISON = Comparison(subject=(1.1, 1.3, 1.2), reference=(1.0, 1.0, 1.0))


def test_a_table_of_comparisons_has_the_ratio_first() -> None:
    """After the name come the ratio with its spread, the target, and then the seconds."""
    text = report.comparisons(
        [Row(what="up", comparison=COMPARISON, most_ratio=1.15), Row(what="a", comparison=COMPARISON)]
    )

    assert text.splitlines() == [
        "| what | ratio | target | seconds | reference, seconds |",
        "| --- | --- | --- | --- | --- |",
        "| up | 1.20 (1.10-1.30) | ratio <= 1.15: MISSED | 1.20 (1.10-1.30) | 1.00 (1.00-1.00) |",
        "| a | 1.20 (1.10-1.30) | - | 1.20 (1.10-1.30) | 1.00 (1.00-1.00) |",
    ]


@pytest.mark.parametrize(
    ("most_ratio", "less_seconds", "said"),
    [
        (1.2, None, "ratio <= 1.2: met"),
        (1.19, None, "ratio <= 1.19: MISSED"),
        (None, 1.21, "< 1.21 s: met"),
        (None, 1.2, "< 1.2 s: MISSED"),
        (1.5, 0.5, "ratio <= 1.5: met; < 0.5 s: MISSED"),
    ],
)
def test_a_verdict_says_whether_the_median_meets_the_target(
    most_ratio: float | None, less_seconds: float | None, said: str
) -> None:
    """A ratio may be equal to its target; seconds must be below theirs."""
    assert Row(what="", comparison=COMPARISON, most_ratio=most_ratio, less_seconds=less_seconds).target == said


def test_a_document_is_kept_under_its_name(tmp_path: Path) -> None:
    """The folder is made, an older document replaced, and nothing else left."""
    folder = tmp_path / "results"

    report.keep("noop", "old", folder)
    path = report.keep("noop", "new\n\n", folder)

    assert path.read_text(encoding="utf-8") == "new\n"
    assert list(folder.iterdir()) == [path]


def test_a_document_that_cannot_be_put_in_place_leaves_nothing(tmp_path: Path) -> None:
    """Where the name is taken by a folder, what was written aside goes."""
    (tmp_path / "noop.md").mkdir()

    with pytest.raises(OSError, match=r"noop\.md"):
        report.keep("noop", "new", tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["noop.md"]
