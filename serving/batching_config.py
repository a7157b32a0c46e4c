"""The batching parameters file: sizes, waiting time and threads of batches.

Owns reading `--batching_parameters_file` and the defaults (servables/tensorflow/session_bundle_config.proto).
"""

import os
from bisect import bisect_left
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path

from serving.protos import ProtoTextError, read_text


@dataclass(frozen=True)
class BatchingParameters:
    """How requests are run together.

    Attributes:
        max_batch_size: most rows of a batch.
        batch_timeout_micros: microseconds a row waits for others at most, when a thread is free.
        max_enqueued_batches: batches of one signature that may wait.
        num_batch_threads: batches that are run at the same time.
        allowed_batch_sizes: sizes batches are filled up to; none is any size.
    """

    max_batch_size: int = 1000
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 10
    num_batch_threads: int = os.cpu_count() or 1
    allowed_batch_sizes: tuple[int, ...] = ()

    def padded_size(self, size: int) -> int:
        """The smallest allowed size that holds so many rows."""
        allowed = self.allowed_batch_sizes
        return allowed[bisect_left(allowed, size)] if allowed else size


def read_batching_parameters(file: str) -> BatchingParameters:
    """The parameters of a file; the defaults without one.

    Raises:
        ProtoTextError: the file cannot be read, or says what cannot be; one line.
    """
    if not file:
        return BatchingParameters()
    message = read_text("BatchingParameters", Path(file))
    if message.pad_variable_length_inputs:
        raise ProtoTextError(f"pad_variable_length_inputs in {file} is not served; leave it out")
    given = {
        field.name: getattr(message, field.name).value
        for field in fields(BatchingParameters)
        if field.name != "allowed_batch_sizes" and message.HasField(field.name)
    }
    for name, value in given.items():
        if value < (0 if name == "batch_timeout_micros" else 1):
            raise ProtoTextError(f"{name} in {file} is {value}; it must be at least 1 (batch_timeout_micros: 0)")
    parameters = BatchingParameters(**given, allowed_batch_sizes=tuple(message.allowed_batch_sizes))
    _check_sizes(parameters, file)
    return parameters


def _check_sizes(parameters: BatchingParameters, file: str) -> None:
    allowed = parameters.allowed_batch_sizes
    if not allowed:
        return
    if any(second <= first for first, second in pairwise(allowed)):
        raise ProtoTextError(f"allowed_batch_sizes entries must be in ascending order: {file}")
    if allowed[-1] != parameters.max_batch_size:
        raise ProtoTextError(f"final entry in allowed_batch_sizes must equal max_batch_size: {file}")
