"""The no-op comparison on Kubernetes: who is measured against whom, and what the document says."""

from pathlib import Path

import pytest

from bench import rollout_noop
from bench.checkout import CommandError
from bench.clone import Line
from bench.pairing import Comparison
from bench.rollout_stack import LabStack

EVEN = Comparison((1.0, 1.0), (1.0, 1.0))
SLOW = Comparison((1.2, 1.4), (1.0, 1.0))


def test_every_file_of_the_bare_program_is_there() -> None:
    """What is copied into a checkout exists."""
    assert all(source.exists() for source in rollout_noop.BARE_KUBERNETES_FILES.values())


@pytest.mark.usefixtures("no_lab")
def test_without_a_lab_nothing_begins() -> None:
    """The error comes before the CLI is looked for or a file is written."""
    with pytest.raises(CommandError, match="the lab does not run"):
        rollout_noop.run(1)


def test_a_stack_with_other_resources_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that declares more or less would be no measure."""
    stack = LabStack(tmp_path, tmp_path, tmp_path, tmp_path)
    monkeypatch.setattr(LabStack, "up", lambda *_: [Line(1.0, "    10 unchanged\n")])
    rollout_noop._require_nothing_to_do(stack)

    monkeypatch.setattr(LabStack, "up", lambda *_: [Line(1.0, "    9 unchanged\n")])
    with pytest.raises(CommandError, match="has not 10 resources"):
        rollout_noop._require_nothing_to_do(stack)


def test_the_document_has_ratio_target_control_and_command() -> None:
    """It judges `up`, states the control and the plugins, and says how to repeat it."""
    text = rollout_noop.document({"up": SLOW, "A/A": EVEN}, pairs=2, plugins="stand-ins", on="2 cores")

    assert "| `up` / the bare program's | 1.30 (1.20-1.40) | ratio <= 1.15: MISSED |" in text
    assert "| control: bare `up` / bare `up` | 1.00 (1.00-1.00) | - |" in text
    assert "with stand-ins." in text
    assert "`.venv/bin/python -m bench noop-kubernetes --pairs 2`" in text
    assert text.endswith("Machine: 2 cores\n")
