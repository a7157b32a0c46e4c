"""Canonical codes and their HTTP statuses."""

import pytest

from serving.errors import Code, StatusError, invalid_argument, not_found


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (Code.OK, 200),
        (Code.INVALID_ARGUMENT, 400),
        (Code.FAILED_PRECONDITION, 400),
        (Code.OUT_OF_RANGE, 400),
        (Code.NOT_FOUND, 404),
        (Code.RESOURCE_EXHAUSTED, 429),
        (Code.CANCELLED, 499),
        (Code.UNKNOWN, 500),
        (Code.INTERNAL, 500),
        (Code.DATA_LOSS, 500),
        (Code.UNIMPLEMENTED, 501),
        (Code.UNAVAILABLE, 503),
        (Code.DEADLINE_EXCEEDED, 504),
    ],
)
def test_code_has_tensorflow_servings_http_status(code: Code, status: int) -> None:
    """A canonical code is answered with the HTTP status TensorFlow Serving maps it to."""
    assert code.http_status == status


def test_error_shows_code_and_message() -> None:
    """As text, an error is its code's name and its message."""
    assert str(StatusError(Code.UNAVAILABLE, "full")) == "UNAVAILABLE: full"
    assert str(invalid_argument("bad")) == "INVALID_ARGUMENT: bad"
    assert str(not_found("gone")) == "NOT_FOUND: gone"
