"""When the engine asked for what: read from the trace that `pulumi --otel-traces=file://...` writes.

Owns the reading of that file: lines of OpenTelemetry's JSON (OTLP), one span for each call between CLI and plugins.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

NANOSECOND = 1e-9
REGISTER = "pulumirpc.ResourceMonitor/RegisterResource"
CHECK = "pulumirpc.ResourceProvider/Check"
CREATE = "pulumirpc.ResourceProvider/Create"


@dataclass(frozen=True)
class Span:
    """A call that was traced; `start` and `end` are seconds since the epoch."""

    name: str
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end - self.start


def spans(file: Path) -> list[Span]:
    """All spans of a trace in the order in which they began."""
    found = [
        Span(entry["name"], int(entry["startTimeUnixNano"]) * NANOSECOND, int(entry["endTimeUnixNano"]) * NANOSECOND)
        for text in file.read_text(encoding="utf-8").splitlines()
        for resource in json.loads(text)["resourceSpans"]
        for scope in resource["scopeSpans"]
        for entry in scope["spans"]
    ]
    return sorted(found, key=lambda span: span.start)


def first_resource(traced: list[Span]) -> Span:
    """From the declaration of a program's first resource to its being there; the stack itself is declared before it.

    It includes the start of the provider's process, which the engine waits for at the first resource.

    Raises:
        ValueError: the trace has no such call.
    """
    declared = [span for span in traced if span.name == REGISTER]
    if len(declared) < 2:
        raise ValueError(f"the trace has {len(declared)} calls of {REGISTER}, expected the stack's and a resource's")
    return declared[1]


def provider_seconds(traced: list[Span]) -> float:
    """Seconds that the first resource's provider was at work on it: its Check and its Create.

    Raises:
        ValueError: the first resource was not created.
    """
    resource = first_resource(traced)
    within = {s.name: s.seconds for s in traced if resource.start <= s.start and s.end <= resource.end}
    if not {CHECK, CREATE} <= within.keys():
        raise ValueError(f"the first resource was not checked and created, but {sorted(within)}")
    return within[CHECK] + within[CREATE]
