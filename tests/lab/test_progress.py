"""How often a long step says something."""

import time

import pytest

from lab import progress


def test_a_line_is_said_at_most_once_in_the_given_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not at once either: a step that is quick says nothing. Standard output stays free for results."""
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    slow = progress.Progress(every_seconds=10)
    for now in (100.0, 109.9, 110.0, 119.9, 121.0):
        slow.report(f"at {now}")

    captured = capsys.readouterr()
    assert captured.err.splitlines() == ["  at 110.0, 10 s", "  at 121.0, 21 s"]
    assert captured.out == ""
