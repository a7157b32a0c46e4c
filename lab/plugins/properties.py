"""Property values as the engine sends them, to and from plain Python values.

Owns the marks that Pulumi's wire format uses for what JSON has no word for. Secrets and outputs are taken out of their
wrapping: the engine keeps secretness itself for plugins that do not ask for it.
"""

from typing import Any

from google.protobuf.struct_pb2 import Struct, Value

# Key and values that tell a wrapped value from an object (sdk/go/common/resource/sig.go of Pulumi).
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a mark, not a secret
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"

# What stands for a value that is not known before `up`: of a string, and so used for all of them here.
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
# The same for booleans, numbers, lists, assets, archives and objects (sdk/go/common/resource/plugin/rpc.go).
_UNKNOWNS = {
    UNKNOWN,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}


def to_python(struct: Struct) -> dict[str, Any]:
    """A message as a dict without its nulls. Whole numbers are ints, whatever is not known is UNKNOWN."""
    values = {name: _value_to_python(value) for name, value in struct.fields.items()}
    return {name: value for name, value in values.items() if value is not None}


def to_struct(values: dict[str, Any]) -> Struct:
    """A dict of plain values as a message. UNKNOWN stays a value that is not known."""
    struct = Struct()
    struct.update(values)
    return struct


def has_unknown(value: Any) -> bool:
    """Whether a plain value is UNKNOWN or holds it at any depth."""
    if isinstance(value, dict):
        return any(has_unknown(part) for part in value.values())
    if isinstance(value, list):
        return any(has_unknown(part) for part in value)
    return bool(value == UNKNOWN)


def _value_to_python(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _object_to_python(value.struct_value)
    if kind == "list_value":
        return [_value_to_python(part) for part in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "string_value":
        text = value.string_value
        return UNKNOWN if text in _UNKNOWNS else text
    return value.bool_value if kind == "bool_value" else None


def _object_to_python(struct: Struct) -> Any:
    signature = struct.fields[SIGNATURE].string_value if SIGNATURE in struct.fields else ""
    if signature == SECRET or (signature == OUTPUT and "value" in struct.fields):
        return _value_to_python(struct.fields["value"])
    return UNKNOWN if signature == OUTPUT else to_python(struct)
