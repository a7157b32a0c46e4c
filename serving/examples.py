"""The body of classify and regress requests, and why a predict signature cannot answer them.

Owns the checks of FillClassifyRegressRequestFromJson in util/json_tensor.cc. No classification or regression is run:
Keras models have no such signatures, and those of TensorFlow 1 estimators are left out.
"""

from collections.abc import Mapping
from typing import Any

from serving.errors import Code, StatusError, invalid_argument
from serving.json_tensor import is_base64, json_type
from serving.json_text import dump
from serving.savedmodel import Servable

_NOUNS = {"classify": "classification", "regress": "regression"}


def check_examples(request: Mapping[str, Any]) -> None:
    """Refuse a body whose `context` or `examples` are no tf.Example features.

    Raises:
        StatusError: INVALID_ARGUMENT, in TensorFlow Serving's words.
    """
    if "context" in request:
        _check_example(request["context"])
    where = f"JSON Value: {dump(request)}"
    if "examples" not in request:
        raise invalid_argument(f"{where} When method is classify, key 'examples' is expected and was not found")
    examples = request["examples"]
    if not isinstance(examples, list):
        raise invalid_argument(f"{where} Expecting 'examples' value to be an list/array")
    if not examples:
        raise invalid_argument(f"{where} 'examples' value is an empty array")
    for example in examples:
        _check_example(example)


def refuse_signature(verb: str, servable: Servable, signature: str) -> StatusError:
    """Why a signature cannot classify or regress."""
    if signature not in servable.signatures:
        return invalid_argument(f"No signature was found with the name: {signature}")
    noun = _NOUNS[verb]
    if "inputs" not in servable.signatures[signature].inputs:
        definition = servable.metadata[signature]
        return invalid_argument(f"No {noun} inputs found in SignatureDef: {dump(definition)}")
    return StatusError(Code.UNIMPLEMENTED, f"This model server does not run {noun} signatures; use :predict")


def _check_example(example: Any) -> None:
    if not isinstance(example, dict):
        raise invalid_argument(f"Example must be JSON object but got JSON {json_type(example)}")
    for name, content in example.items():
        kind = ""
        for value in content if isinstance(content, list) else [content]:
            kind = _check_feature(name, value, kind)


def _check_feature(name: str, value: Any, kind: str) -> str:
    """The kind of a feature's list (bytes, float, int64), which all of its values must share."""
    if value is None or isinstance(value, list) or (isinstance(value, dict) and not is_base64(value)):
        raise invalid_argument(f"Feature: {name} has element with unexpected JSON type: {json_type(value)}")
    found = "bytes" if isinstance(value, str | dict) else "float" if isinstance(value, float) else "int64"
    if kind not in ("", found):
        raise invalid_argument(f"Unexpected element type in feature: {name} expecting type: {kind}")
    if found == "int64" and value >= 2**63:
        raise invalid_argument(f"Feature: {name} has uint64 element. Only int64 is supported.")
    return found
