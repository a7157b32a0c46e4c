"""Requests run together."""

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from serving.batching import BatchedServable, BatchScheduler
from serving.batching_config import BatchingParameters
from serving.errors import StatusError
from serving.json_tensor import Array
from tests.serving.fakes import FakeServable


class Recording(FakeServable):
    """Remembers the sizes of the batches it was run with."""

    def __init__(self) -> None:
        super().__init__(plus=1)
        self.sizes: list[int] = []

    def run(self, signature: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """See FakeServable."""
        self.sizes.append(len(inputs["x"]))
        return super().run(signature, inputs)


def batched(servable: FakeServable, **parameters: Any) -> BatchedServable:
    """A model behind a scheduler of its own, with one thread."""
    return BatchedServable(servable, BatchScheduler(BatchingParameters(num_batch_threads=1, **parameters)))


class Requests:
    """Requests made at the same time; each asks for its own rows."""

    def __init__(self, servable: BatchedServable) -> None:
        self.servable = servable
        self.outcomes: dict[int, Any] = {}
        self.threads: list[threading.Thread] = []

    def ask(self, *rows: Array) -> None:
        """Ask for the output of each of these inputs, in threads."""
        for array in rows:
            thread = threading.Thread(target=self._ask, args=(len(self.threads), array), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _ask(self, index: int, array: Array) -> None:
        try:
            self.outcomes[index] = self.servable.run("serving_default", {"x": array})["y"].tolist()
        except StatusError as error:
            self.outcomes[index] = str(error)

    def wait(self) -> list[Any]:
        """The outcomes, in the order asked."""
        for thread in self.threads:
            thread.join(20)
        return [self.outcomes[index] for index in range(len(self.threads))]


def wait_for_queue(servable: BatchedServable, rows: int) -> None:
    """Wait until so many rows are queued."""
    queue = servable._queues["serving_default"]
    while sum(task.size for batch in queue.batches for task in batch) < rows:
        pass


def rows(*values: float) -> Array:
    """Rows with these values."""
    return np.array(values, np.float32)


def test_waiting_requests_are_run_together() -> None:
    """Requests that wait while another is run become one batch, and each gets its own rows back."""
    servable = Recording()
    requests = Requests(batched(servable))
    servable.gate.clear()
    requests.ask(rows(0))
    assert servable.running.wait(10)
    requests.ask(rows(1), rows(2, 3), rows(4))
    wait_for_queue(requests.servable, 4)
    servable.gate.set()
    assert requests.wait() == [[1.0], [2.0], [3.0, 4.0], [5.0]]
    assert servable.sizes == [1, 4]


def test_timeout_waits_for_company() -> None:
    """With a waiting time, a request waits for others until the batch is full."""
    servable = Recording()
    requests = Requests(batched(servable, max_batch_size=3, batch_timeout_micros=20_000_000))
    requests.ask(rows(1), rows(2), rows(3))
    assert requests.wait() == [[2.0], [3.0], [4.0]]
    assert servable.sizes == [3]


def test_timeout_ends() -> None:
    """A request that stays alone is run when its waiting time is over."""
    servable = Recording()
    requests = Requests(batched(servable, batch_timeout_micros=50_000))
    requests.ask(rows(1))
    assert requests.wait() == [[2.0]]


def test_batches_are_not_larger_than_allowed() -> None:
    """What does not fit into a batch begins the next one."""
    servable = Recording()
    requests = Requests(batched(servable, max_batch_size=2))
    servable.gate.clear()
    requests.ask(rows(0))
    assert servable.running.wait(10)
    requests.ask(rows(1, 2), rows(3, 4))
    wait_for_queue(requests.servable, 4)
    servable.gate.set()
    requests.wait()
    assert servable.sizes == [1, 2, 2]


def test_batches_are_filled_up_to_allowed_sizes() -> None:
    """A batch is filled up to the next allowed size, and the filling is nobody's output."""
    servable = Recording()
    requests = Requests(batched(servable, max_batch_size=8, allowed_batch_sizes=(4, 8)))
    requests.ask(rows(1, 2, 3))
    assert requests.wait() == [[2.0, 3.0, 4.0]]
    assert servable.sizes == [4]


def test_full_queue() -> None:
    """A request that finds the queue full is UNAVAILABLE."""
    servable = Recording()
    requests = Requests(batched(servable, max_batch_size=1, max_enqueued_batches=1))
    servable.gate.clear()
    requests.ask(rows(0))
    assert servable.running.wait(10)
    requests.ask(rows(1))
    wait_for_queue(requests.servable, 1)
    requests.ask(rows(2))
    requests.threads[2].join(10)
    servable.gate.set()
    assert requests.wait()[1:] == [
        [2.0],
        "UNAVAILABLE: The batch scheduling queue to which this task was submitted is full",
    ]


def test_different_shapes_fail_together() -> None:
    """Rows of different shapes in one batch fail for all of its requests, and for no others."""
    servable = Recording()
    requests = Requests(batched(servable))
    servable.gate.clear()
    requests.ask(rows(0))
    assert servable.running.wait(10)
    requests.ask(rows(1), np.ones([1, 2], np.float32))
    wait_for_queue(requests.servable, 2)
    servable.gate.set()
    outcomes = requests.wait()
    assert outcomes[0] == [1.0]
    for outcome in outcomes[1:]:
        assert outcome.startswith("INVALID_ARGUMENT: Tensors with name 'x' from different tasks have different shapes")
        assert "padding is turned off" in outcome


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"x": np.array(1.0)}, "Batching Run.. input tensors must have at least one dimension$"),
        ({"x": np.zeros(2), "z": np.zeros(3)}, "Batching Run.. input tensors must have equal 0th-dimension size$"),
        ({"x": np.zeros(5)}, "^INVALID_ARGUMENT: Task size 5 is larger than maximum input batch size 4$"),
    ],
)
def test_refuses(inputs: Mapping[str, Array], message: str) -> None:
    """Tensors that cannot be batched are refused before they are queued."""
    with pytest.raises(StatusError, match=message):
        batched(Recording(), max_batch_size=4).run("serving_default", inputs)


def test_no_rows() -> None:
    """A request without rows is run by itself."""
    assert batched(Recording()).run("serving_default", {"x": rows()})["y"].tolist() == []


def test_output_without_rows() -> None:
    """An output that has not a row for every input row fails the batch."""

    class Mean(FakeServable):
        def run(self, signature: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
            return {signature: np.array(inputs["x"].mean())}

    with pytest.raises(StatusError, match="0th dimension does not equal the sum"):
        batched(Mean()).run("serving_default", {"x": rows(1, 2)})


def test_unforeseen_failure_reaches_the_requests() -> None:
    """Whatever goes wrong in a batch, its requests hear of it and the thread goes on."""

    class Broken(FakeServable):
        def run(self, signature: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
            raise ZeroDivisionError(signature, inputs)

    servable = batched(Broken())
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            servable.run("serving_default", {"x": rows(1)})


def test_closing() -> None:
    """An unloaded version's queues are forgotten, and the model with them."""
    servable = Recording()
    found = batched(servable)
    assert (found.signatures, found.metadata) == (servable.signatures, servable.metadata)
    found.close()
    assert servable.closed
    assert not found._scheduler._queues
