"""Paths and methods to targets."""

import pytest

from serving.errors import StatusError
from serving.routes import REST_PREFIX, Route, route


@pytest.mark.parametrize(
    ("method", "path", "target"),
    [
        ("POST", "/v1/models/m:predict", Route("predict", "m")),
        ("POST", "/V1/MODELS/m:predict", Route("predict", "m")),
        ("POST", "/v1/models/m/versions/0012:classify", Route("classify", "m", version=12)),
        ("POST", "/v1/models/m/labels/st%61ble:regress", Route("regress", "m", label="stable")),
        ("POST", "/v1/models/a%2Fb%3A:predict", Route("predict", "a/b:")),
        ("POST", "/v1/models/caf%C3%A9:predict", Route("predict", "café")),
        ("GET", "/v1/models/m", Route("status", "m")),
        ("GET", "/v1/models/m/versions/3", Route("status", "m", version=3)),
        ("GET", "/v1/models/m/versions/" + "0" * 5000 + "7", Route("status", "m", version=7)),
        ("GET", "/v1/models/m/labels/x", Route("status", "m", label="x")),
        ("GET", "/v1/models/m/metadata", Route("metadata", "m")),
        ("GET", "/v1/models/m/versions/3/metadata", Route("metadata", "m", version=3)),
        ("GET", "/v1/models/m?x=1", Route("status", "m?x=1")),
        ("GET", "/v1/models/m/versions/9223372036854775807", Route("status", "m", version=2**63 - 1)),
    ],
)
def test_path_names_its_target(method: str, path: str, target: Route) -> None:
    """A well-formed request gives verb, model and version or label, names percent-decoded after matching."""
    assert route(method, path) == target


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/models/m:PREDICT"),
        ("POST", "/v1/models/m:predict/"),
        ("POST", "/v1/models/m:predict?"),
        ("POST", "/v1/models/m:predict?x=1"),
        ("POST", "/v1/models/m:foo"),
        ("POST", "/v1/models/m/version/1:predict"),
        ("POST", "/v1/models/m/versions/-1:predict"),
        ("POST", "/v1/models/m/versions/1/labels/x:predict"),
        ("POST", "/v1/models/m/metadata"),
        ("POST", "/v1/models"),
        ("GET", "/v1/models/m:predict"),
        ("GET", "/v1/models/m/"),
        ("GET", "/v1/models/m/METADATA"),
        ("GET", "/v1/models/m/versions/one"),
        ("GET", "/v1/foo"),
        ("HEAD", "/v1/models/m"),
        ("PUT", "/v1/models/m:predict"),
        ("DELETE", "/v1/models/m"),
        ("PATCH", "/v1/models/m"),
    ],
)
def test_anything_else_is_malformed(method: str, path: str) -> None:
    """A request outside the patterns is told back as it came."""
    with pytest.raises(StatusError) as caught:
        route(method, path)
    assert str(caught.value) == f"INVALID_ARGUMENT: Malformed request: {method} {path}"


def test_model_name_is_missing() -> None:
    """The bare collection of models is known and refused."""
    with pytest.raises(StatusError, match=r"Missing model name in request\.$"):
        route("GET", "/v1/models")


@pytest.mark.parametrize("path", ["/v1/models/m/versions/9223372036854775808", "/v1/models/m/versions/" + "9" * 5000])
def test_version_beyond_int64_is_refused(path: str) -> None:
    """A version that no int64 holds is named as it came."""
    with pytest.raises(StatusError, match=rf"^INVALID_ARGUMENT: Failed to convert version: {path[22:]} to numeric\.$"):
        route("GET", path)


def test_prefix_of_the_rest_api() -> None:
    """Only paths under /v1/, in any case, belong to the REST API."""
    assert all(REST_PREFIX.fullmatch(path) for path in ("/v1/", "/V1/x", "/v1/models/m?x"))
    assert not any(REST_PREFIX.fullmatch(path) for path in ("/v1", "/", "/v2/models", "x/v1/"))
