"""First runs."""

import struct
from collections.abc import Mapping
from pathlib import Path

import pytest

from serving.errors import StatusError, invalid_argument
from serving.json_tensor import Array
from serving.protos import message_class
from serving.warmup import RECORDS, warm
from tests.serving.fakes import FakeServable


def test_runs_once(tmp_path: Path) -> None:
    """A model is run before it serves."""
    servable = FakeServable()
    warm(servable, tmp_path)
    assert servable.running.is_set()


def test_model_that_refuses_zeros(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A model that refuses zeros is told of and served all the same."""

    class Picky(FakeServable):
        def run(self, signature: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
            raise invalid_argument(f"no {signature} of {sorted(inputs)}")

    warm(Picky(), tmp_path)
    assert "INVALID_ARGUMENT: no serving_default of ['x']" in caplog.text


def test_no_default_signature(tmp_path: Path) -> None:
    """A model without default signature is not run."""
    servable = FakeServable()
    servable.signatures = {}
    warm(servable, tmp_path)
    assert not servable.running.is_set()


class Recorder(FakeServable):
    """Remembers what it was run with."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[list[float]] = []

    def run(self, signature: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """See FakeServable."""
        self.runs.append(inputs["x"].tolist())
        return super().run(signature, inputs)


def record(signature: str = "", **inputs: list[float]) -> bytes:
    """A PredictionLog with a predict request for these inputs."""
    log = message_class("PredictionLog")()
    log.predict_log.request.model_spec.name = "another"
    log.predict_log.request.model_spec.signature_name = signature
    for name, values in inputs.items():
        # TensorProto { dtype: DT_FLOAT tensor_shape { dim { size } } float_val }
        numbers = b"".join(struct.pack("<f", value) for value in values)
        tensor = b"\x08\x01\x12\x04\x12\x02\x08" + bytes([len(values)]) + b"\x2a" + bytes([len(numbers)]) + numbers
        log.predict_log.request.inputs.add(key=name, value=tensor)
    return bytes(log.SerializeToString())


def write(path: Path, *records: bytes) -> None:
    """Write records where they belong in a version directory."""
    import tensorflow as tf  # noqa: PLC0415 - as the module under test does

    (path / RECORDS).parent.mkdir()
    with tf.io.TFRecordWriter(str(path / RECORDS)) as writer:
        for one in records:
            writer.write(one)


def test_records_are_replayed(tmp_path: Path) -> None:
    """Recorded requests are run in order, each as often as told; the model name in them is not looked at."""
    write(tmp_path, record(x=[1.0, 2.0]), record("serving_default", x=[3.0]))
    servable = Recorder()
    warm(servable, tmp_path, iterations=2)
    assert servable.runs == [[1.0, 2.0], [1.0, 2.0], [3.0], [3.0]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (record(y=[1.0]), r"INVALID_ARGUMENT: input tensor alias not found in signature: y\."),
        (record(), "INVALID_ARGUMENT: a warmup record lacks the inputs: x"),
        (record("nope", x=[1.0]), 'INVALID_ARGUMENT: Serving signature name: "nope" not found'),
        (b"\x12\x00", "UNIMPLEMENTED: Unsupported log_type for warmup"),
        (b"\xff", "INVALID_ARGUMENT: Failed to parse a warmup record"),
    ],
)
def test_record_that_fails(tmp_path: Path, content: bytes, message: str) -> None:
    """A record that cannot be run fails the warm-up."""
    write(tmp_path, content)
    with pytest.raises(StatusError, match=message):
        warm(FakeServable(), tmp_path)


def test_damaged_records(tmp_path: Path) -> None:
    """A damaged file of records fails the warm-up."""
    write(tmp_path, record(x=[1.0]))
    (tmp_path / RECORDS).write_bytes((tmp_path / RECORDS).read_bytes()[:-1])
    with pytest.raises(StatusError, match="DATA_LOSS: Failed to read warmup records"):
        warm(FakeServable(), tmp_path)


def test_too_many_records(tmp_path: Path) -> None:
    """More than a thousand records are refused."""
    write(tmp_path, *[record(x=[1.0])] * 1001)
    with pytest.raises(StatusError, match=r"exceeds the maximum \(1000\)"):
        warm(FakeServable(), tmp_path)
