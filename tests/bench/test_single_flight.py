"""Single flight: trainings are counted by what each `up` printed."""

from bench import single_flight


def test_the_document_counts_trainings() -> None:
    """One that trained, one that waited, one that came late; a second training misses the target."""
    said = ["m: loading TensorFlow\nm: epoch 1/5", "m: waiting for ann on host", "m: takes model 0123"]

    text = single_flight.document(said, alone=10.0, together=30.0, on="2 cores")
    missed = single_flight.document([*said, said[0]], alone=10.0, together=30.0, on="2 cores")

    assert "| trainings | 1 | 1: met |" in text
    assert "| said for whom they wait | 1 | - |" in text
    assert "| ratio | 3.0 | - |" in text
    assert "| trainings | 2 | 1: MISSED |" in missed
