"""TensorFlow's element types: number, name in messages, and the JSON and NumPy types that go with each.

Owns the table (tensorflow/core/framework/types.proto, DataTypeString); needs no TensorFlow.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class DataType:
    """One element type.

    Attributes:
        name: as TensorFlow Serving prints it ("float", not "float32").
        numpy: element type of tensors read from JSON; None when JSON cannot be converted to it.
        json: Python types of the JSON values that may stand for an element.
    """

    name: str
    numpy: type[Any] | None = None
    json: frozenset[type] = frozenset()


_NUMBER = frozenset({int, float})
_INTEGER = frozenset({int})
_TABLE = {
    1: DataType("float", np.float32, _NUMBER),
    2: DataType("double", np.float64, _NUMBER),
    3: DataType("int32", np.int32, _INTEGER),
    4: DataType("uint8", np.uint8, _INTEGER),
    5: DataType("int16", np.int16, _INTEGER),
    6: DataType("int8", np.int8, _INTEGER),
    7: DataType("string", np.object_, frozenset({str, dict})),
    8: DataType("complex64"),
    9: DataType("int64", np.int64, _INTEGER),
    10: DataType("bool", np.bool_, frozenset({bool})),
    11: DataType("qint8"),
    12: DataType("quint8"),
    13: DataType("qint32"),
    14: DataType("bfloat16"),
    15: DataType("qint16"),
    16: DataType("quint16"),
    17: DataType("uint16"),
    18: DataType("complex128"),
    19: DataType("half"),
    20: DataType("resource"),
    21: DataType("variant"),
    22: DataType("uint32", np.uint32, _INTEGER),
    23: DataType("uint64", np.uint64, _INTEGER),
}


def data_type(number: int) -> DataType:
    """The element type with a number of types.proto; an unknown one cannot be converted and says its number."""
    return _TABLE.get(number, DataType(f"unknown dtype enum ({number})"))
