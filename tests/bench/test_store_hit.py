"""The store hit: a measured `up` has an empty state, and is the one that is meant."""

import pytest

from bench import store_hit
from bench.checkout import Checkout, CommandError
from bench.pairing import Comparison
from bench.store_hit import Loser

FAST = Comparison((0.25, 0.25), (0.25, 0.5))


@pytest.mark.cli
@pytest.mark.timeout(120)
def test_an_up_on_a_lost_state_is_measured_by_its_trace(bare: Checkout) -> None:
    """The resource is created; its provider's part is less than the whole."""
    loser = Loser(bare, "+ 4 created")

    seconds = loser.seconds()

    (worked,) = loser.provider_seconds
    assert 0 < worked < seconds


@pytest.mark.cli
@pytest.mark.timeout(120)
def test_an_up_that_does_not_say_what_it_must_is_refused(bare: Checkout) -> None:
    """A run that trained, where it should have taken the model from the store, gives no figure."""
    with pytest.raises(CommandError, match=r"did not say 'from \.artifacts, no training'"):
        Loser(bare, store_hit.TAKEN).seconds()


def test_the_document_judges_a_folder_by_half_a_second_and_a_url_by_one() -> None:
    """The targets are on the resource's own time, declared to created."""
    slow = Comparison((1.5, 1.5), (0.25, 0.25))
    found = {"store": FAST, "provider": FAST, "S3": FAST, "S3, cloned": slow, "A/A": FAST}
    text = store_hit.document(found, imported=False, pairs=2, on="2 cores")

    assert "| 0.75 (0.50-1.00) | < 0.5 s: met | 0.25 (0.25-0.25) |" in text
    assert "working copy there | 0.75 (0.50-1.00) | < 1 s: met |" in text
    assert "has the artifact | 6.00 (6.00-6.00) | < 1 s: MISSED |" in text
    assert "alone, taken from the server: no: met." in text
    assert "`.venv/bin/python -m bench store --pairs 2`" in text
