"""A finding, as it is printed."""

from infra.finding import Finding


def test_a_finding_names_its_remedy() -> None:
    """One line: what was found, and what mends it."""
    assert str(Finding("it is gone", "pulumi up")) == "it is gone; mend it: pulumi up"
