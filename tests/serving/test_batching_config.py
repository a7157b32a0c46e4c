"""The batching parameters file."""

import os
from pathlib import Path

import pytest

from serving.batching_config import BatchingParameters, read_batching_parameters
from serving.protos import ProtoTextError


def read(tmp_path: Path, text: str) -> BatchingParameters:
    """The parameters of a file with this text."""
    (tmp_path / "batching").write_text(text)
    return read_batching_parameters(str(tmp_path / "batching"))


def test_defaults(tmp_path: Path) -> None:
    """Without a file, or with an empty one, TensorFlow Serving's defaults hold."""
    assert read_batching_parameters("") == read(tmp_path, "") == BatchingParameters()
    assert BatchingParameters() == BatchingParameters(1000, 0, 10, os.cpu_count() or 1, ())


def test_given(tmp_path: Path) -> None:
    """Given parameters take the place of defaults."""
    text = "max_batch_size { value: 8 } batch_timeout_micros { value: 5 } allowed_batch_sizes: [2, 8]"
    assert read(tmp_path, text) == BatchingParameters(
        max_batch_size=8, batch_timeout_micros=5, allowed_batch_sizes=(2, 8)
    )


def test_padded_size() -> None:
    """A batch is filled up to the next allowed size."""
    parameters = BatchingParameters(max_batch_size=8, allowed_batch_sizes=(2, 8))
    assert [parameters.padded_size(size) for size in (1, 2, 3, 8)] == [2, 2, 8, 8]
    assert BatchingParameters().padded_size(3) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_batch_size { value: 0 }", "max_batch_size in .* is 0; it must be at least 1"),
        ("batch_timeout_micros { value: -1 }", "batch_timeout_micros in .* is -1"),
        ("max_batch_size { value: 4 } allowed_batch_sizes: [4, 2]", "must be in ascending order"),
        ("max_batch_size { value: 4 } allowed_batch_sizes: [1, 2]", "must equal max_batch_size"),
        ("pad_variable_length_inputs: true", "pad_variable_length_inputs in .* is not served"),
    ],
)
def test_refuses(tmp_path: Path, text: str, message: str) -> None:
    """Parameters that cannot be are refused in one line."""
    with pytest.raises(ProtoTextError, match=message):
        read(tmp_path, text)
