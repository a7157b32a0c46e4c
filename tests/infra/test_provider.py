"""What the dynamic providers share."""

import sys

import pytest
from pulumi.output import Unknown

from infra.provider import PROVIDER_KEY, differing, failure, own


def test_unknown_inputs_differ() -> None:
    """A value that is not known yet counts as changed, unless its key is ignored."""
    unknown = Unknown()  # type: ignore[no-untyped-call]
    news = {"a": 1, "b": unknown, PROVIDER_KEY: "new"}

    assert differing({"a": 1, "b": 2, PROVIDER_KEY: "old"}, news) == {"b"}
    assert differing({"a": 1, "b": 2}, news, ignore=frozenset({"b"})) == set()


def test_a_drift_always_differs() -> None:
    """The same drift twice in a row is two drifts."""
    assert differing({"drift": "gone"}, {"drift": "gone"}) == {"drift"}
    assert differing({"drift": "gone"}, {}) == {"drift"}
    assert own({"drift": "gone", "a": 1, PROVIDER_KEY: "x"}) == {"a": 1}


def test_a_failure_is_shown_without_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """An expected failure turns tracebacks off, since Pulumi's SDK prints whatever it is given."""
    monkeypatch.setattr(sys, "tracebacklimit", 1000, raising=False)

    assert str(failure("m: no")) == "m: no"
    assert sys.tracebacklimit == 0
