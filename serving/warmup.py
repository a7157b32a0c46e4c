"""The first runs of a freshly loaded model, made before it serves.

Owns what is run: the requests recorded beside the model (servables/tensorflow/saved_model_warmup_util.cc), else one
run on zeros; TensorFlow's first run of a graph costs many times a later one.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from serving.errors import Code, StatusError, invalid_argument
from serving.json_tensor import Array
from serving.protos import message_class
from serving.savedmodel import DEFAULT_SIGNATURE, Servable, example_inputs

RECORDS = Path("assets.extra") / "tf_serving_warmup_requests"
_MOST_RECORDS = 1000
_log = logging.getLogger(__name__)


def warm(servable: Servable, path: Path, iterations: int = 1) -> None:
    """Run a model's recorded requests; without any, run the default signature once on zeros.

    Args:
        servable: the loaded model.
        path: its version directory.
        iterations: runs of each record.

    Raises:
        StatusError: a record cannot be read or run; the model is not to be served then, as in TensorFlow Serving.
    """
    file = path / RECORDS
    if not file.is_file():
        _log.info("No warmup data file found at %s", file)
        _run_on_zeros(servable)
        return
    count = 0
    for record in _records(file):
        count += 1
        if count > _MOST_RECORDS:
            raise invalid_argument(f"Number of warmup records exceeds the maximum ({_MOST_RECORDS}) at {file}")
        signature, inputs = _request(record, servable)
        for _ in range(iterations):
            servable.run(signature, inputs)
    _log.info("Finished reading warmup data for model at %s. Number of warmup records read: %d.", file, count)


def _run_on_zeros(servable: Servable) -> None:
    """One run on zeros; a model that refuses them is served all the same."""
    signature = servable.signatures.get(DEFAULT_SIGNATURE)
    if signature is None:
        return
    try:
        servable.run(DEFAULT_SIGNATURE, example_inputs(signature))
    except StatusError as error:
        _log.warning("The first run, on zeros, failed; the first request may be slow. Error: %s", error)


def _records(file: Path) -> Iterator[bytes]:
    import tensorflow as tf  # noqa: PLC0415 - TensorFlow is loaded with the first model

    try:
        for record in tf.data.TFRecordDataset(str(file)):
            yield record.numpy()
    except tf.errors.OpError as error:
        raise StatusError(Code.DATA_LOSS, f"Failed to read warmup records of {file}: {error.message}") from error


def _request(record: bytes, servable: Servable) -> tuple[str, dict[str, Array]]:
    """The signature and the tensors of a recorded predict request."""
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - wanted with records only

    try:
        log = message_class("PredictionLog").FromString(record)
    except DecodeError as error:
        raise invalid_argument("Failed to parse a warmup record: it is no PredictionLog") from error
    if not log.HasField("predict_log"):
        raise StatusError(Code.UNIMPLEMENTED, "Unsupported log_type for warmup: only predict_log is served")
    request = log.predict_log.request
    name = request.model_spec.signature_name or DEFAULT_SIGNATURE
    signature = servable.signatures.get(name)
    if signature is None:
        raise invalid_argument(f'Serving signature name: "{name}" not found in signature def')
    inputs = {entry.key: _array(entry.value) for entry in request.inputs}
    for alias in inputs:
        if alias not in signature.inputs:
            expected = ",".join(signature.inputs)
            raise invalid_argument(
                f"input tensor alias not found in signature: {alias}. Inputs expected to be in the set {{{expected}}}."
            )
    missing = [alias for alias in signature.inputs if alias not in inputs]
    if missing:
        raise invalid_argument(f"a warmup record lacks the inputs: {','.join(missing)}")
    return name, inputs


def _array(serialized: bytes) -> Any:
    import tensorflow as tf  # noqa: PLC0415 - TensorFlow is loaded with the first model
    from tensorflow.core.framework import tensor_pb2  # noqa: PLC0415

    try:
        return tf.make_ndarray(tensor_pb2.TensorProto.FromString(serialized))
    except (TypeError, ValueError) as error:
        raise invalid_argument(f"a warmup record holds a tensor that cannot be read: {error}") from error
