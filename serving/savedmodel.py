"""A SavedModel in memory: its signatures, and runs of them on NumPy arrays.

Owns everything that touches TensorFlow, which is imported when the first model is loaded and not before. Models are
loaded without a TF1 session and their tensors go into the graph unchecked against the signature's shape, as in
TensorFlow Serving: a wrong shape fails, if at all, in the op it reaches.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from serving.datatypes import DataType, data_type
from serving.errors import Code, StatusError
from serving.json_tensor import Array

DEFAULT_SIGNATURE = "serving_default"
_TRACE = re.compile(r"\AGraph execution error:\n\n(?:Detected at node .*?\n<stack traces unavailable>\n)?", re.DOTALL)
_OP = re.compile(r" \[Op:[^\]]*\]( name: \S*)?\Z")


@dataclass(frozen=True)
class Signature:
    """A signature's inputs: element type and shape by alias; -1 is any size, None any rank."""

    inputs: Mapping[str, DataType]
    shapes: Mapping[str, tuple[int, ...] | None]


class Servable(Protocol):
    """A loaded model, whatever loads it."""

    @property
    def signatures(self) -> Mapping[str, Signature]:
        """Signatures by name."""

    @property
    def metadata(self) -> dict[str, Any]:
        """Protobuf JSON of each SignatureDef by signature name."""

    def run(self, signature: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Run a signature: output arrays by alias.

        Raises:
            StatusError: the graph refused the tensors, with TensorFlow's code and message.
        """

    def close(self) -> None:
        """Give back what it holds; it is not run again."""


class SavedModel:
    """One loaded version directory."""

    def __init__(self, loaded: Any, definitions: Mapping[str, Any]) -> None:
        from google.protobuf import json_format  # noqa: PLC0415 - TensorFlow's own dependency, wanted only with it

        self._functions = {name: _caller(function) for name, function in loaded.signatures.items()}
        self._root = loaded  # holds the variables
        self.signatures = {name: _signature(definition) for name, definition in sorted(definitions.items())}
        self.metadata = {
            name: json_format.MessageToDict(
                definition, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
            )
            for name, definition in sorted(definitions.items())
        }

    def run(self, signature: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Run a signature; see Servable."""
        import tensorflow as tf  # noqa: PLC0415 - TensorFlow is loaded with the first model

        try:
            tensors = {name: tf.constant(array) for name, array in inputs.items()}
            outputs = self._functions[signature](tensors)
            return {name: np.asarray(value.numpy()) for name, value in outputs.items()}
        except tf.errors.OpError as error:
            raise StatusError(Code(error.error_code), graph_message(error.message)) from error

    def close(self) -> None:
        """Forget graph and variables."""
        self._functions.clear()
        self._root = None


def _caller(function: Any) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """A call of a signature's function with tensors by alias, and by position where that can be.

    Called by name, TensorFlow holds each tensor against the signature first: a third of a small graph's time.
    """
    if function.function_type is None:  # models of TensorFlow 1
        return lambda tensors: cast("Mapping[str, Any]", function(**tensors))
    order = list(function.function_type.parameters)
    captured = list(function.captured_inputs)
    call = function.inference_fn.call_preflattened
    return lambda tensors: cast("Mapping[str, Any]", call([tensors[name] for name in order] + captured))


def graph_message(message: str) -> str:
    """TensorFlow's message without what eager execution wraps around it."""
    return _OP.sub("", _TRACE.sub("", message))


def load(path: Path, tags: tuple[str, ...] = ("serve",)) -> SavedModel:
    """Load a version directory and run its default signature once, so that the first request is not the slow one.

    Args:
        path: directory with saved_model.pb.
        tags: the meta graph's tags.

    Raises:
        StatusError: there is no SavedModel, or TensorFlow cannot load it.
    """
    import tensorflow as tf  # noqa: PLC0415 - TensorFlow is loaded with the first model

    try:
        definitions = _signature_definitions(path, tags)
        model = SavedModel(tf.saved_model.load(str(path), tags=list(tags)), definitions)
    except tf.errors.OpError as error:
        raise StatusError(Code(error.error_code), graph_message(error.message)) from error
    except StatusError:
        raise
    except Exception as error:  # TensorFlow's Python layer raises whatever it meets in a broken export
        raise StatusError(Code.UNKNOWN, f"{type(error).__name__}: {error}") from error
    return model


def example_inputs(signature: Signature) -> dict[str, Array]:
    """Zeros (empty strings) of the signature's shape with every open size 1: what a first run is made with."""
    found = {}
    for name, dtype in signature.inputs.items():
        shape = [max(size, 1) if size < 0 else size for size in signature.shapes[name] or (1,)]
        if dtype.numpy is None:
            continue
        fill = b"" if dtype.numpy is np.object_ else 0
        found[name] = np.full(shape, fill, dtype.numpy)
    return found


def _signature(definition: Any) -> Signature:
    return Signature(
        inputs={name: data_type(tensor.dtype) for name, tensor in sorted(definition.inputs.items())},
        shapes={
            name: None if tensor.tensor_shape.unknown_rank else tuple(dim.size for dim in tensor.tensor_shape.dim)
            for name, tensor in sorted(definition.inputs.items())
        },
    )


def _signature_definitions(path: Path, tags: tuple[str, ...]) -> dict[str, Any]:
    """SignatureDef by name of the meta graph with these tags."""
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - see above
    from tensorflow.core.protobuf import saved_model_pb2  # noqa: PLC0415 - TensorFlow is loaded with the first model

    file = path / "saved_model.pb"
    if not file.is_file():
        raise StatusError(
            Code.NOT_FOUND, f"Could not find SavedModel .pb or .pbtxt at supplied export directory path: {path}"
        )
    model = saved_model_pb2.SavedModel()
    try:
        model.ParseFromString(file.read_bytes())
    except DecodeError as error:
        raise StatusError(Code.DATA_LOSS, f"Can't parse {file} as binary proto") from error
    for graph in model.meta_graphs:
        if set(graph.meta_info_def.tags) == set(tags):
            return dict(graph.signature_def.items())
    raise StatusError(
        Code.NOT_FOUND,
        f"Could not find meta graph def matching supplied tags: {{ {' '.join(tags)} }}. "
        "To inspect available tag-sets in the SavedModel, please use the SavedModel CLI: `saved_model_cli`",
    )


def set_parallelism(intra: int, inter: int) -> None:
    """Set TensorFlow's threads before the first load: inside one operation and across them; 0 is its choice."""
    import tensorflow as tf  # noqa: PLC0415 - TensorFlow is loaded with the first model

    tf.config.threading.set_intra_op_parallelism_threads(intra)
    tf.config.threading.set_inter_op_parallelism_threads(inter)
