"""Values of the wire format, to and from Python."""

from lab.plugins.properties import OUTPUT, SECRET, SIGNATURE, UNKNOWN, has_unknown, to_python, to_struct

UNKNOWN_NUMBER = "3eeb2bf0-c639-47a8-9e75-3b44932eb421"


def test_plain_values_come_back() -> None:
    """Whole numbers become ints, nulls of objects go, the rest stays."""
    given = {"a": 1.0, "b": 0.5, "c": [True, "x", None], "d": {"e": {}, "f": None}}

    assert to_python(to_struct(given)) == {"a": 1, "b": 0.5, "c": [True, "x", None], "d": {"e": {}}}
    assert isinstance(to_python(to_struct(given))["a"], int)


def test_wrappings_are_taken_off() -> None:
    """Secrets and outputs are their values; an output without one is not known."""
    given = {
        "secret": {SIGNATURE: SECRET, "value": {"in": "side"}},
        "output": {SIGNATURE: OUTPUT, "value": "out"},
        "later": {SIGNATURE: OUTPUT},
    }

    assert to_python(to_struct(given)) == {"secret": {"in": "side"}, "output": "out", "later": UNKNOWN}


def test_whatever_is_not_known_is_the_same() -> None:
    """The marks of all kinds of unknown values become one, at any depth, and are found there."""
    values = to_python(to_struct({"a": [{"b": UNKNOWN_NUMBER}], "c": "known"}))

    assert values["a"] == [{"b": UNKNOWN}]
    assert has_unknown(values)
    assert not has_unknown({"c": ["known", 1, None]})
