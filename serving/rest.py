"""The REST API from request to answer, without HTTP: method, path and body in, status and body out.

Owns the order of TensorFlow Serving's checks (model_servers/http_rest_api_handler.cc) and which module does each; the
order decides which of several faults a client is told.
"""

import logging
import time
from concurrent.futures import Future
from dataclasses import dataclass

from serving.batching import BatchedServable
from serving.errors import Code, StatusError, invalid_argument
from serving.examples import check_examples, refuse_signature
from serving.json_reader import read_object
from serving.json_text import dump
from serving.json_writer import error_body, outputs_body, predictions_body
from serving.metrics import Metrics
from serving.models import Models
from serving.predict_inputs import Inputs, read_inputs
from serving.rest_answers import metadata_body, status_body
from serving.routes import Route, route
from serving.savedmodel import DEFAULT_SIGNATURE, Servable
from serving.steps import Steps, start

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """HTTP status and JSON body of an answer, and the canonical code behind the status."""

    status: int
    body: bytes
    code: Code = Code.OK


class RestApi:
    """Answers requests for paths under /v1/, from any thread.

    Args:
        models: what is served.
        metrics: told of every request.
    """

    def __init__(self, models: Models, metrics: Metrics) -> None:
        self._models = models
        self._metrics = metrics

    def start(self, method: str, path: str, body: bytes) -> Answer | Future[Answer]:
        """Answer a request; every fault becomes an answer, none an exception.

        Args:
            method: HTTP method in capitals.
            path: raw path with its query string.
            body: unpacked body.

        Returns:
            The answer; its future where the request waits to be run together with others.
        """
        return start(self._answer(method, path, body))

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """Answer a request and wait for it; see `start`."""
        found = self.start(method, path, body)
        return found.result() if isinstance(found, Future) else found

    def _answer(self, method: str, path: str, body: bytes) -> Steps[Answer]:
        started = time.perf_counter()
        wanted = None
        try:
            wanted = route(method, path)
            found = Answer(200, (yield from self._content(wanted, body)))
        except StatusError as error:
            found = failure(error)
        except MemoryError:
            found = failure(StatusError(Code.RESOURCE_EXHAUSTED, "Not enough memory for this request"))
        except Exception:  # noqa: BLE001 - the last line of defence: the log has the traceback, the client an answer
            _log.exception("Answering %s %s failed", method, path)
            found = failure(StatusError(Code.INTERNAL, "The model server failed on this request; its log says why"))
        self._metrics.count_request(wanted.name if wanted else "", found.code)
        if wanted and method == "POST" and found.code is Code.OK:
            self._metrics.observe_request(wanted.name, wanted.verb, time.perf_counter() - started)
        return found

    def refuse(self, error: StatusError, status: int | None = None) -> Answer:
        """Answer a request whose body was not taken."""
        self._metrics.count_request("", error.code)
        return failure(error, status)

    def _content(self, wanted: Route, body: bytes) -> Steps[bytes]:
        if wanted.verb == "status":
            return status_body(self._models.history(wanted.name, wanted.version))
        if wanted.verb == "metadata":
            with self._models.use(wanted.name, wanted.version, wanted.label) as (version, servable):
                return metadata_body(wanted.name, version.number, servable.metadata)
        if wanted.verb == "predict":
            return (yield from self._predict(wanted, body))
        return self._classify_or_regress(wanted, body)

    def _predict(self, wanted: Route, body: bytes) -> Steps[bytes]:
        request = read_object(body)
        signature = _signature_name(request)
        with self._models.use(wanted.name, wanted.version, wanted.label) as (_, servable):
            by_rows, tensors = read_inputs(request, _signature_inputs(servable, signature))
            del request  # lists of Python numbers take many times the memory of the tensors
            started = time.perf_counter()
            if isinstance(servable, BatchedServable):
                outputs = yield servable.submit(signature or DEFAULT_SIGNATURE, tensors)
            else:
                outputs = servable.run(signature or DEFAULT_SIGNATURE, tensors)
            self._metrics.observe_run(wanted.name, time.perf_counter() - started)
        return predictions_body(outputs) if by_rows else outputs_body(outputs)

    def _classify_or_regress(self, wanted: Route, body: bytes) -> bytes:
        request = read_object(body)
        signature = _signature_name(request)
        check_examples(request)
        with self._models.use(wanted.name, wanted.version, wanted.label) as (_, servable):
            raise refuse_signature(wanted.verb, servable, signature or DEFAULT_SIGNATURE)


def failure(error: StatusError, status: int | None = None) -> Answer:
    """The answer of a request that failed, with the code's own HTTP status unless told another."""
    return Answer(status or error.code.http_status, error_body(error.message), error.code)


def _signature_name(request: dict[str, object]) -> str:
    name = request.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid_argument(
            f"JSON Value: {dump(request)} not formatted correctly. 'signature_name' key must be a string value."
        )
    return name


def _signature_inputs(servable: Servable, name: str) -> Inputs:
    signature = servable.signatures.get(name or DEFAULT_SIGNATURE)
    if signature is None:
        raise invalid_argument(f'Serving signature name: "{name or DEFAULT_SIGNATURE}" not found in signature def')
    if not signature.inputs:
        raise invalid_argument(f"Failed to get input map for signature: {name or 'DEFAULT'}")
    return signature.inputs
