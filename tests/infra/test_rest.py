"""What infra asks a model server."""

import pytest

from infra import rest
from infra.naming import metadata_url, predict_url, status_url
from model.manifest import TensorSpec
from tests.infra import model_server


def test_versions_are_read_from_the_status() -> None:
    """Every version the server tells of comes with its state and message."""
    with model_server.running() as server:
        server.states = {2: "AVAILABLE", 1: "END"}

        assert rest.versions(status_url("127.0.0.1", server.port, "m")) == {2: ("AVAILABLE", ""), 1: ("END", "")}


def test_loopback_is_asked_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment does not stand between this machine and itself."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with model_server.running() as server:
        assert rest.versions(status_url("127.0.0.1", server.port, "m"))


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        ((404, b'{"error": "Servable not found"}'), "answered 404: Servable not found"),
        ((200, b"<html>"), "answered 200 without JSON"),
        ((200, b"[]"), "does not answer like a model server"),
        ((200, b'{"model_version_status": [{"version": "x"}]}'), "does not answer like a model server"),
    ],
)
def test_other_answers_are_named(refusal: tuple[int, bytes], said: str) -> None:
    """What is no model status is told apart: refused, no JSON, another program."""
    with model_server.running() as server:
        server.refusal = refusal
        with pytest.raises(rest.NoAnswerError, match=said):
            rest.versions(status_url("127.0.0.1", server.port, "m"))


def test_too_few_predictions_are_no_answer() -> None:
    """As many predictions as instances, or it is no answer."""
    with model_server.running() as server:
        server.predictions = [[0.0]]
        with pytest.raises(rest.NoAnswerError, match="did not give 2 predictions"):
            rest.predictions(predict_url("127.0.0.1", server.port, "m"), [[1.0], [2.0]])


def test_silence_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing listens, the URL is named and no traceback of the library's comes through."""
    with model_server.running() as server:
        url = status_url("127.0.0.1", server.port, "m")
    monkeypatch.setattr(rest, "STATUS_TIMEOUT_SECONDS", 1.0)

    with pytest.raises(rest.NoAnswerError, match="does not answer"):
        rest.versions(url)


TENSOR = {"dtype": "DT_INT64", "tensor_shape": {"dim": [{"size": "-1", "name": ""}, {"size": "8", "name": ""}]}}
SIGNATURE = {"inputs": {"x": TENSOR}, "outputs": {}, "method_name": "tensorflow/serving/predict"}


def test_the_signature_is_read_from_the_metadata() -> None:
    """Dtypes have TensorFlow's names, sizes are numbers, and -1 is any."""
    with model_server.running() as server:
        server.signature = SIGNATURE
        found = rest.signature(metadata_url("127.0.0.1", server.port, "m"))

    assert found == {"inputs": {"x": TensorSpec("int64", [None, 8])}, "outputs": {}}


@pytest.mark.parametrize(
    ("signature", "said"),
    [
        (SIGNATURE | {"method_name": "tensorflow/serving/classify"}, "of method 'tensorflow/serving/classify'"),
        (SIGNATURE | {"inputs": {"x": {"dtype": "DT_FLOAT"}}}, "does not tell of a serving_default signature"),
        ({}, "does not tell of a serving_default signature"),
    ],
)
def test_what_is_no_signature_for_predictions_is_named(signature: dict[str, object], said: str) -> None:
    """Another method, or metadata of another form, is no answer."""
    with model_server.running() as server:
        server.signature = signature
        with pytest.raises(rest.NoAnswerError, match=said):
            rest.signature(metadata_url("127.0.0.1", server.port, "m"))
