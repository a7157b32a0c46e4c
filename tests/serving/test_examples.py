"""Classify and regress bodies."""

from typing import Any

import pytest

from serving.errors import Code, StatusError
from serving.examples import check_examples, refuse_signature
from tests.serving.fakes import FakeServable


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({}, "When method is classify, key 'examples' is expected and was not found$"),
        ({"examples": {}}, "Expecting 'examples' value to be an list/array$"),
        ({"examples": []}, "'examples' value is an empty array$"),
        ({"examples": [1]}, "^Example must be JSON object but got JSON Number$"),
        ({"context": [], "examples": [{}]}, "^Example must be JSON object but got JSON Array$"),
        ({"examples": [{"x": None}]}, "^Feature: x has element with unexpected JSON type: Null$"),
        ({"examples": [{"x": [[1]]}]}, "^Feature: x has element with unexpected JSON type: Array$"),
        ({"examples": [{"x": {"y": 1}}]}, "^Feature: x has element with unexpected JSON type: Object$"),
        ({"examples": [{"x": [1, 2.0]}]}, "^Unexpected element type in feature: x expecting type: int64$"),
        ({"examples": [{"x": ["a", 2]}]}, "^Unexpected element type in feature: x expecting type: bytes$"),
        ({"examples": [{"x": 2**63}]}, r"^Feature: x has uint64 element. Only int64 is supported\.$"),
    ],
)
def test_refuses(request_: dict[str, Any], message: str) -> None:
    """A faulty body is refused with TensorFlow Serving's words."""
    with pytest.raises(StatusError) as caught:
        check_examples(request_)
    assert caught.value.code is Code.INVALID_ARGUMENT
    assert caught.match(message) if message[0] != "^" else caught.match("INVALID_ARGUMENT: " + message[1:])


def test_accepts_features_of_each_kind() -> None:
    """Numbers, flags, strings and base64, alone or in lists, are features."""
    check_examples(
        {"context": {"x": 1}, "examples": [{"a": [1, True], "b": 2.5, "c": ["x", {"b64": "AA=="}], "d": []}]}
    )


@pytest.mark.parametrize(
    ("signature", "code", "message"),
    [
        ("nope", Code.INVALID_ARGUMENT, "No signature was found with the name: nope"),
        ("serving_default", Code.INVALID_ARGUMENT, "No classification inputs found in SignatureDef: {"),
        ("classes", Code.UNIMPLEMENTED, "This model server does not run classification signatures"),
    ],
)
def test_no_signature_classifies(signature: str, code: Code, message: str) -> None:
    """A predict signature is told apart from one that is not there and from one that is left out."""
    error = refuse_signature("classify", FakeServable(), signature)
    assert error.code is code
    assert error.message.startswith(message)
