"""Requests run together: rows of several predict requests as one run of the graph.

Owns queues, batch threads and the rules of TensorFlow Serving's batching session (servables/tensorflow/
batching_session.cc, shared_batch_scheduler.h); its parameters are read by `batching_config`.
"""

import threading
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

import numpy as np

from serving.batching_config import BatchingParameters
from serving.errors import Code, StatusError, invalid_argument
from serving.json_tensor import Array
from serving.savedmodel import Servable, Signature

Tensors = Mapping[str, Array]


class _Task:
    """One request's tensors, waiting to be run."""

    def __init__(self, tensors: Tensors, size: int, deadline: float) -> None:
        self.tensors = tensors
        self.size = size
        self.deadline = deadline
        self.outputs: Future[dict[str, Array]] = Future()


class _Queue:
    """Tasks of one signature of one loaded version, in batches; the last batch may still take more."""

    def __init__(self, servable: Servable, signature: str) -> None:
        self.servable = servable
        self.signature = signature
        self.batches: deque[list[_Task]] = deque()

    def add(self, task: _Task, parameters: BatchingParameters) -> None:
        """Put a task into the last batch, or a new one.

        Raises:
            StatusError: UNAVAILABLE when the queue is full.
        """
        if self.batches and _size(self.batches[-1]) + task.size <= parameters.max_batch_size:
            self.batches[-1].append(task)
        elif len(self.batches) < parameters.max_enqueued_batches:
            self.batches.append([task])
        else:
            raise StatusError(Code.UNAVAILABLE, "The batch scheduling queue to which this task was submitted is full")

    def ready_at(self, max_batch_size: int) -> float:
        """The time from which the first batch may be run; 0 is at once."""
        if not self.batches:
            return float("inf")
        first = self.batches[0]
        return 0.0 if len(self.batches) > 1 or _size(first) >= max_batch_size else first[0].deadline


class BatchScheduler:
    """The threads that run batches, shared by all models.

    Args:
        parameters: sizes, waiting time, threads.
    """

    def __init__(self, parameters: BatchingParameters) -> None:
        self.parameters = parameters
        self._queues: deque[_Queue] = deque()
        self._changed = threading.Condition()
        for index in range(parameters.num_batch_threads):
            threading.Thread(target=self._work, name=f"batch-{index}", daemon=True).start()

    def add_queue(self, servable: Servable, signature: str) -> _Queue:
        """A new queue for a signature of a loaded version."""
        queue = _Queue(servable, signature)
        with self._changed:
            self._queues.append(queue)
        return queue

    def remove_queue(self, queue: _Queue) -> None:
        """Forget a queue whose version is gone."""
        with self._changed:
            self._queues.remove(queue)

    def submit(self, queue: _Queue, tensors: Tensors, size: int) -> Future[dict[str, Array]]:
        """Run a request's tensors together with others'; its outputs, or why the batch failed.

        Raises:
            StatusError: the queue is full.
        """
        task = _Task(tensors, size, time.monotonic() + self.parameters.batch_timeout_micros / 1e6)
        with self._changed:
            queue.add(task, self.parameters)
            self._changed.notify()
        return task.outputs

    def _work(self) -> None:
        while True:
            queue, batch = self._next_batch()
            run_batch(queue.servable, queue.signature, batch, self.parameters)

    def _next_batch(self) -> tuple[_Queue, list[_Task]]:
        with self._changed:
            while True:
                ready_at = [queue.ready_at(self.parameters.max_batch_size) for queue in self._queues]
                soonest = min(ready_at, default=float("inf"))
                wait = soonest - time.monotonic()
                if wait <= 0:
                    queue = self._queues[ready_at.index(soonest)]
                    self._queues.rotate(-1)  # no queue is always looked at first
                    return queue, queue.batches.popleft()
                self._changed.wait(None if wait == float("inf") else wait)


def run_batch(servable: Servable, signature: str, batch: list[_Task], parameters: BatchingParameters) -> None:
    """Run tasks together and give each its rows; what fails fails for all of them."""
    try:
        total = _size(batch)
        outputs = servable.run(signature, _joined(batch, parameters.padded_size(total) - total))
        _check_outputs(outputs, total)
        start = 0
        for task in batch:
            end = start + task.size
            task.outputs.set_result({name: array[start:end] for name, array in outputs.items()})
            start = end
    except BaseException as error:  # noqa: BLE001 - whoever waits must be told, whatever it was
        for task in batch:
            if not task.outputs.done():
                task.outputs.set_exception(error)


def _check_outputs(outputs: Tensors, rows: int) -> None:
    for name, array in outputs.items():
        if array.ndim == 0 or array.shape[0] < rows:
            raise StatusError(
                Code.FAILED_PRECONDITION,
                f"Batched output tensor {name}'s 0th dimension does not equal the sum of the 0th dimension sizes of "
                "the input tensors",
            )


def _size(batch: list[_Task]) -> int:
    return sum(task.size for task in batch)


def _joined(batch: list[_Task], padding: int) -> dict[str, Array]:
    """The rows of all tasks, and as many copies of the first row as `padding` says."""
    joined = {}
    for name, first in batch[0].tensors.items():
        arrays = [task.tensors[name] for task in batch]
        if any(array.shape[1:] != first.shape[1:] for array in arrays):
            raise invalid_argument(
                f"Tensors with name '{name}' from different tasks have different shapes and padding is turned off. "
                "Set pad_variable_length_inputs to true, or ensure that all tensors with the same name have equal "
                "dimensions starting with the first dim."
            )
        arrays += [first[:1]] * padding
        joined[name] = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
    return joined


class BatchedServable:
    """A loaded model whose runs go through a scheduler."""

    def __init__(self, servable: Servable, scheduler: BatchScheduler) -> None:
        self._servable = servable
        self._scheduler = scheduler
        self._queues = {name: scheduler.add_queue(servable, name) for name in servable.signatures}

    @property
    def signatures(self) -> Mapping[str, Signature]:
        """See Servable."""
        return self._servable.signatures

    @property
    def metadata(self) -> dict[str, Any]:
        """See Servable."""
        return self._servable.metadata

    def run(self, signature: str, inputs: Tensors) -> dict[str, Array]:
        """Run a signature together with other requests and wait for it; see Servable."""
        return self.submit(signature, inputs).result()

    def submit(self, signature: str, inputs: Tensors) -> Future[dict[str, Array]]:
        """Run a signature together with other requests; its outputs, or why the batch failed.

        Raises:
            StatusError: the queue is full, or the tensors cannot be rows of a batch.
        """
        sizes = {array.shape[0] if array.ndim else None for array in inputs.values()}
        if None in sizes:
            raise invalid_argument("Batching Run() input tensors must have at least one dimension")
        if len(sizes) > 1:
            raise invalid_argument("Batching Run() input tensors must have equal 0th-dimension size")
        size = max(size or 0 for size in sizes)
        limit = self._scheduler.parameters.max_batch_size
        if size > limit:
            raise invalid_argument(f"Task size {size} is larger than maximum input batch size {limit}")
        if size == 0:
            alone: Future[dict[str, Array]] = Future()
            alone.set_result(self._servable.run(signature, inputs))
            return alone
        return self._scheduler.submit(self._queues[signature], inputs, size)

    def close(self) -> None:
        """Forget the queues and the model; called when the version is unloaded."""
        for queue in self._queues.values():
            self._scheduler.remove_queue(queue)
        self._servable.close()
