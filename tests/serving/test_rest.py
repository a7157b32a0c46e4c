"""Requests to answers, in TensorFlow Serving's order of checks."""

import json
from collections.abc import Mapping

import pytest

from serving.errors import Code, StatusError
from serving.json_tensor import Array
from serving.metrics import Metrics
from serving.rest import RestApi
from tests.serving.fakes import FakeServable, serving_models


@pytest.fixture
def rest() -> RestApi:
    """One model, version 1, that adds 1."""
    return RestApi(serving_models(FakeServable(plus=1)), Metrics())


def test_row_form(rest: RestApi) -> None:
    """Rows are answered as predictions."""
    found = rest.answer("POST", "/v1/models/m:predict", b'{"instances": [1, 2.5]}')
    assert (found.status, found.body) == (200, b'{\n    "predictions": [2.0, 3.5\n    ]\n}')


def test_column_form(rest: RestApi) -> None:
    """Columns are answered as outputs; an empty signature name is the default one."""
    found = rest.answer("POST", "/v1/models/m:predict", b'{"inputs": {"x": [1]}, "signature_name": ""}')
    assert (found.status, json.loads(found.body)) == (200, {"outputs": [2.0]})


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("/v1/models/x:predict", b"{", 400, "JSON Parse error"),
        ("/v1/models/x:predict", b"[]", 400, "JSON Value: [] Is not object"),
        ("/v1/models/x:predict", b'{"signature_name": 1}', 400, "JSON Value: {"),
        ("/v1/models/x:predict", b"{}", 404, "Servable not found for request: Latest(x)"),
        ("/v1/models/m/labels/l:predict", b"{}", 400, "Unrecognized servable version label: l"),
        ("/v1/models/m:predict", b'{"signature_name": "s"}', 400, 'Serving signature name: "s" not found'),
        ("/v1/models/m:predict", b'{"signature_name": "init"}', 400, "Failed to get input map for signature: init"),
        ("/v1/models/m:predict", b"{}", 400, "Missing 'inputs' or 'instances' key"),
        ("/v1/models/m:predict", b'{"instances": ["x"]}', 400, "Failed to process element: 0"),
        ("/v1/models/x:classify", b"{", 400, "JSON Parse error"),
        ("/v1/models/x:classify", b"{}", 400, "JSON Value: {} When method is classify"),
        ("/v1/models/x:regress", b'{"examples": [{}]}', 404, "Servable not found for request: Latest(x)"),
        ("/v1/models/m:regress", b'{"examples": [{}]}', 400, "No regression inputs found in SignatureDef"),
        ("/v1/models/m:regress", b'{"examples": [{}], "signature_name": "s"}', 400, "No signature was found"),
    ],
)
def test_first_fault_is_told(rest: RestApi, path: str, body: bytes, status: int, message: str) -> None:
    """Of several faults the client is told the one TensorFlow Serving finds first."""
    found = rest.answer("POST", path, body)
    assert found.status == status
    assert json.loads(found.body)["error"].startswith(message)


def test_status_and_metadata(rest: RestApi) -> None:
    """GET answers status and metadata; a status request ignores its label, a metadata request does not."""
    status = rest.answer("GET", "/v1/models/m/labels/l", b"")
    assert json.loads(status.body)["model_version_status"][0]["state"] == "AVAILABLE"
    metadata = rest.answer("GET", "/v1/models/m/metadata", b"")
    assert json.loads(metadata.body)["model_spec"]["version"] == "1"
    assert rest.answer("GET", "/v1/models/m/labels/l/metadata", b"").status == 400


def test_unforeseen_failure_is_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    """A failure nobody foresaw is answered with 500 and told in the log, not to the client."""

    class Broken(FakeServable):
        def run(self, signature: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
            raise ZeroDivisionError(signature, inputs)

    rest = RestApi(serving_models(Broken()), Metrics())
    found = rest.answer("POST", "/v1/models/m:predict", b'{"instances": [1]}')
    assert (found.status, found.code) == (500, Code.INTERNAL)
    assert b"ZeroDivisionError" not in found.body
    assert "ZeroDivisionError" in caplog.text


def test_requests_are_counted() -> None:
    """Every request is counted under its model and status, answered predictions with their latencies."""
    metrics = Metrics()
    rest = RestApi(serving_models(FakeServable()), metrics)
    rest.answer("POST", "/v1/models/m:predict", b'{"instances": [1]}')
    rest.answer("POST", "/v1/models/m:predict", b"{")
    rest.answer("GET", "/v1/models/m", b"")
    rest.answer("GET", "/v1/nothing", b"")
    rest.refuse(StatusError(Code.UNAVAILABLE, "full"))
    page = metrics.page()
    assert ':request_count{model_name="m",status="OK"} 2\n' in page
    assert ':request_count{model_name="m",status="INVALID_ARGUMENT"} 1\n' in page
    assert ':request_count{model_name="",status="INVALID_ARGUMENT"} 1\n' in page
    assert ':request_count{model_name="",status="UNAVAILABLE"} 1\n' in page
    assert ':request_latency_count{model_name="m",API="predict",entrypoint="REST"} 1\n' in page
    assert ':runtime_latency_count{model_name="m",API="Predict",runtime="TF1"} 1\n' in page
