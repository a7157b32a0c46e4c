"""The table of element types."""

import numpy as np

from serving.datatypes import data_type


def test_numbers_of_types_proto() -> None:
    """Numbers are those of types.proto, names those of TensorFlow Serving's messages."""
    assert [data_type(number).name for number in (1, 2, 3, 7, 9, 10, 19)] == [
        "float",
        "double",
        "int32",
        "string",
        "int64",
        "bool",
        "half",
    ]


def test_types_without_json_form() -> None:
    """Half precision and unknown types have no NumPy type to be read into."""
    assert data_type(19).numpy is None
    assert data_type(99).numpy is None
    assert data_type(1).numpy is np.float32
