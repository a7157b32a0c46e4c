"""A SavedModel in memory: its signatures, and runs of them on NumPy arrays.

Owns everything that touches TensorFlow, which is imported when the first model is loaded and not before. Models are
loaded into a session, as TensorFlow Serving does (cc/saved_model/loader.cc): the same variables are found, the same
messages come back, tensors go into the graph unchecked against the signature's shape, and a small graph takes a third
of the time that TensorFlow 2's way of calling it does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from serving.datatypes import DataType, data_type
from serving.errors import Code, StatusError
from serving.json_tensor import Array

DEFAULT_SIGNATURE = "serving_default"


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


@dataclass(frozen=True)
class Parallelism:
    """TensorFlow's threads, shared by all models.

    Attributes:
        intra: threads inside one operation; 0 is TensorFlow's choice.
        inter: threads across operations; negative runs a graph in the thread that asks, 0 is TensorFlow's choice.
    """

    intra: int = 0
    inter: int = -1


class SavedModel:
    """One loaded version directory.

    Args:
        session: a session that holds graph and variables.
        definitions: SignatureDef by name.
    """

    def __init__(self, session: Any, definitions: Mapping[str, Any]) -> None:
        from google.protobuf import json_format  # noqa: PLC0415 - TensorFlow's own dependency, wanted only with it

        self._session = session
        self._definitions = definitions
        self._functions: dict[str, _Function] = {}
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
            function = self._functions.get(signature)
            if function is None:
                function = self._functions[signature] = _Function(self._session, self._definitions[signature])
            return function(inputs)
        except tf.errors.OpError as error:
            raise StatusError(Code(error.error_code), error.message) from error

    def close(self) -> None:
        """Forget graph and variables."""
        self._functions.clear()
        self._session.close()


class _Function:
    """A signature as a function of arrays by alias.

    `Session.run` would hold each array's shape against the signature first, which TensorFlow Serving does not; hence
    the method below it, on which Keras' own sessions were built.
    """

    def __init__(self, session: Any, definition: Any) -> None:
        from tensorflow.core.protobuf import config_pb2  # noqa: PLC0415 - TensorFlow is loaded with the first model

        self._inputs = list(definition.inputs)
        self._outputs = list(definition.outputs)
        options = config_pb2.CallableOptions(
            feed=[definition.inputs[alias].name for alias in self._inputs],
            fetch=[definition.outputs[alias].name for alias in self._outputs],
        )
        self._call = session._make_callable_from_options(options)  # noqa: SLF001

    def __call__(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        outputs = self._call(*(inputs[alias] for alias in self._inputs))
        return {alias: np.asarray(output) for alias, output in zip(self._outputs, outputs, strict=True)}


def load(path: Path, tags: tuple[str, ...] = ("serve",), parallelism: Parallelism = Parallelism()) -> SavedModel:
    """Load a version directory.

    Args:
        path: directory with saved_model.pb.
        tags: the meta graph's tags.
        parallelism: threads; those of the first load hold for all.

    Raises:
        StatusError: there is no SavedModel, or TensorFlow cannot load it.
    """
    import tensorflow as tf  # noqa: PLC0415 - TensorFlow is loaded with the first model

    definitions = _signature_definitions(path, tags)
    old = tf.compat.v1
    threads = old.ConfigProto(
        intra_op_parallelism_threads=parallelism.intra, inter_op_parallelism_threads=parallelism.inter
    )
    session = old.Session(graph=tf.Graph(), config=threads)
    try:
        with session.graph.as_default():
            old.saved_model.load(session, list(tags), str(path))
    except tf.errors.OpError as error:
        session.close()
        raise StatusError(Code(error.error_code), error.message) from error
    except Exception as error:  # TensorFlow's Python layer raises whatever it meets in a broken export
        session.close()
        raise StatusError(Code.UNKNOWN, f"{type(error).__name__}: {error}") from error
    return SavedModel(session, definitions)


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
