"""Reading the engine's trace: which calls there were, and how long the first resource took."""

import json
from pathlib import Path

import pytest

from bench import trace
from bench.trace import CHECK, CREATE, REGISTER, Span

STACK = Span(REGISTER, 0.0, 0.1)
MODEL = Span(REGISTER, 1.0, 1.75)
CALLS = [STACK, MODEL, Span(CHECK, 1.25, 1.5), Span(CREATE, 1.5, 1.625)]
LATER = [Span(REGISTER, 2.0, 9.0), Span(CHECK, 2.0, 4.0), Span(CREATE, 4.0, 9.0)]


def test_spans_of_all_lines_come_in_the_order_of_their_beginning(tmp_path: Path) -> None:
    """Each line holds some spans, in nanoseconds as text; a file has several lines."""
    file = tmp_path / "trace.json"
    lines = [_line("later", 2_000_000_000, 2_500_000_000), _line("sooner", 1_000_000_000, 3_000_000_000)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    found = trace.spans(file)

    assert [(span.name, span.start, span.seconds) for span in found] == [("sooner", 1.0, 2.0), ("later", 2.0, 0.5)]


def test_the_first_resource_is_the_one_after_the_stack() -> None:
    """The stack is declared first; what comes after the first resource does not count."""
    assert trace.first_resource(CALLS + LATER) == MODEL
    assert trace.first_resource(CALLS + LATER).seconds == 0.75


def test_the_provider_worked_on_the_first_resource_for_its_check_and_create() -> None:
    """Calls for later resources are not counted."""
    assert trace.provider_seconds(CALLS + LATER) == 0.375


def test_a_trace_without_resources_is_refused() -> None:
    """A trace that is not of an `up` which created something gives an error, not a figure."""
    with pytest.raises(ValueError, match="1 calls"):
        trace.first_resource([STACK])
    with pytest.raises(ValueError, match="was not checked and created"):
        trace.provider_seconds([STACK, MODEL, *LATER])


def _line(name: str, start: int, end: int) -> str:
    span = {"name": name, "startTimeUnixNano": str(start), "endTimeUnixNano": str(end)}
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
