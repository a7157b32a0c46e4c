"""The start of the lab: the clock, and that nobody's work is taken down for it."""

import json
import time
from pathlib import Path

import pytest

from bench import lab_start, rollout_lab
from bench.checkout import CommandError
from bench.lab_start import Start
from lab.cluster import node


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A cluster that answers kubectl by the kind of what is asked for."""
    (tmp_path / "kubeconfig").touch()
    monkeypatch.setattr(rollout_lab, "STATE", tmp_path)
    own = [{"metadata": {"name": name}} for name in lab_start.OF_KUBERNETES]
    answers = {"namespaces": json.dumps({"items": own}), "deployments": ""}
    monkeypatch.setattr(
        rollout_lab, "kubectl", lambda *words: next(text for kind, text in answers.items() if kind in words)
    )
    return answers


def test_an_unused_lab_may_go(cluster: dict[str, str]) -> None:
    """What Kubernetes itself makes is nobody's."""
    assert cluster
    lab_start.require_unused()


def test_a_lab_in_use_stays(cluster: dict[str, str]) -> None:
    """A namespace or a Deployment means somebody at work: it is named, and nothing is taken down."""
    cluster["deployments"] = "deployment.apps/mymodel-serving\n"
    with pytest.raises(CommandError, match=r"in use \(deployment.apps/mymodel-serving\)"):
        lab_start.require_unused()

    cluster["namespaces"] = json.dumps({"items": [{"metadata": {"name": "theirs"}}]})
    with pytest.raises(CommandError, match=r"in use \(theirs, deployment"):
        lab_start.require_unused()


def test_a_lab_that_is_down_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no kubeconfig then, and no cluster to ask."""
    monkeypatch.setattr(rollout_lab, "STATE", tmp_path)
    monkeypatch.setattr(rollout_lab, "kubectl", lambda *_: pytest.fail("asked"))

    lab_start.require_unused()


def test_ready_comes_before_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The node is asked meanwhile: it is Ready long before the command has ended."""
    monkeypatch.setattr(lab_start, "EVERY_SECONDS", 0.01)
    began = time.monotonic()
    found = lab_start.timed(lambda: time.sleep(0.5), lambda: time.monotonic() - began > 0.1)

    assert 0.1 <= found.ready < 0.4
    assert found.whole >= 0.5


def test_a_node_that_is_ready_at_the_very_end_counts_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the asking was too slow to see it, the end is the moment."""
    monkeypatch.setattr(lab_start, "EVERY_SECONDS", 60.0)
    found = lab_start.timed(lambda: None, lambda: True)

    assert found.ready == found.whole


def test_a_lab_without_a_ready_node_is_an_error() -> None:
    """A command that ended well is no figure by itself."""
    with pytest.raises(CommandError, match="its node is not Ready"):
        lab_start.timed(lambda: None, lambda: False)


def test_each_round_takes_the_lab_down_first(cluster: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Down and up in turn, and in the end it runs; each time it is asked whether somebody uses it."""
    assert cluster
    made: list[str] = []
    monkeypatch.setattr(lab_start, "make", made.append)
    monkeypatch.setattr(node, "ready", lambda _: True)

    assert "Median of 3 starts" in lab_start.run(10)
    assert made == ["lab-down", "lab"] * 3


def test_a_make_that_fails_is_an_error_with_its_words() -> None:
    """A target that does not exist fails as one that cannot do its work."""
    with pytest.raises(CommandError, match=r"(?s)make no-such-target ended with 2: .*no-such-target"):
        lab_start.make("no-such-target")


def test_the_document_judges_the_ready_node_by_a_minute() -> None:
    """The target is on the node; the whole command is stated beside it."""
    text = lab_start.document([Start(59.0, 70.0), Start(10.0, 80.0), Start(61.0, 90.0)], on="2 cores")

    assert "| `make lab` until the node is Ready | < 60 s: met | 59.0 (10.0-61.0) |" in text
    assert "| `make lab` until it has ended | - | 80.0 (70.0-90.0) |" in text
    assert "< 60 s: MISSED" in lab_start.document([Start(60.0, 70.0)], on="2 cores")
