"""The HTTP face, called as ASGI servers call it."""

import asyncio
import gzip
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from serving.app import App, Limits
from serving.batching import BatchedServable, BatchScheduler
from serving.batching_config import BatchingParameters
from serving.json_tensor import Array
from serving.metrics import Metrics
from serving.rest import RestApi
from tests.serving.fakes import FakeServable, serving_models
from tests.serving.test_request_body import Wire

Answer = tuple[int, dict[str, str], bytes]


class Counting(FakeServable):
    """Counts its runs."""

    runs = 0

    def run(self, signature: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """See FakeServable."""
        self.runs += 1
        return super().run(signature, inputs)


class Client:
    """Sends requests to an application."""

    def __init__(self, executor: ThreadPoolExecutor, *, cors: bool = False) -> None:
        self.servable = Counting(plus=1)
        rest = RestApi(serving_models(self.servable), Metrics())
        page = ("/metrics", lambda: "the page")
        self.app = App(rest, Limits(100, 150, 0.3, 4), executor, page, cors=cors)

    def send(self, method: str, path: str, *body: bytes, **headers: str) -> Answer | None:
        """The answer: status, headers, body; None when there is none."""
        return asyncio.run(self.exchange(method, path, Wire(*body), headers))

    async def exchange(self, method: str, path: str, wire: Wire, headers: dict[str, str]) -> Answer | None:
        """One request inside an event loop."""
        raw, _, query = path.partition("?")
        scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "raw_path": raw.encode(),
            "query_string": query.encode(),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        }
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, wire.receive, send)
        if not sent:
            return None
        found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        assert int(found["content-length"]) == len(sent[1]["body"])
        return sent[0]["status"], found, sent[1]["body"]


@pytest.fixture
def client() -> Iterator[Client]:
    """A client of an application with one model that adds 1."""
    with ThreadPoolExecutor(4) as executor:
        yield Client(executor)


def test_predicts(client: Client) -> None:
    """A request in pieces is answered as JSON."""
    status, headers, body = client.send("POST", "/v1/models/m:predict", b'{"instances"', b": [1]}") or (0, {}, b"")
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(body) == {"predictions": [2.0]}


@pytest.mark.parametrize("path", ["/", "/v1", "/healthz", "/monitoring/prometheus/metrics"])
def test_other_paths_get_a_page(client: Client, path: str) -> None:
    """Paths outside the REST API get an HTML page, and the connection is closed."""
    status, headers, body = client.send("GET", path) or (0, {}, b"")
    assert (status, headers["content-type"], headers["connection"]) == (404, "text/html", "close")
    assert b"<H1>Not Found</H1>" in body


@pytest.mark.parametrize(("headers", "status"), [({}, 400), ({"origin": "https://x"}, 200), ({"origin": "x"}, 400)])
def test_options(client: Client, headers: dict[str, str], status: int) -> None:
    """OPTIONS is answered without a body, by whether the origin is a web page."""
    found = client.send("OPTIONS", "/v1/models/m", **headers)
    assert found == (status, {"content-length": "0"}, b"")


def test_query_is_part_of_the_path(client: Client) -> None:
    """A query string makes a prediction request malformed."""
    found = client.send("POST", "/v1/models/m:predict?x=1", b"{}")
    assert found is not None
    assert b"Malformed request: POST /v1/models/m:predict?x=1" in found[2]


def test_gzip(client: Client) -> None:
    """A gzip body is unpacked; one that unpacks beyond the limit counts as empty."""
    small, large = gzip.compress(b'{"instances": [1]}'), gzip.compress(b" " * 1000)
    assert (client.send("POST", "/v1/models/m:predict", small, content_encoding="gzip") or (0,))[0] == 200
    found = client.send("POST", "/v1/models/m:predict", large, content_encoding="gzip")
    assert found is not None
    assert json.loads(found[2]) == {"error": "JSON Parse error: The document is empty"}


def test_too_large(client: Client) -> None:
    """A body over the limit of one request is 413."""
    found = client.send("POST", "/v1/models/m:predict", b"x" * 101)
    assert found is not None
    assert found[0] == 413
    assert b"--rest_api_max_body_bytes" in found[2]


def test_too_much_at_once(client: Client) -> None:
    """While other bodies fill what may be held, a further one is 503; afterwards it is answered."""
    body = b'{"instances": [1]}'.ljust(90)
    client.servable.gate.clear()

    async def two() -> tuple[Answer | None, Answer | None]:
        first = asyncio.create_task(client.exchange("POST", "/v1/models/m:predict", Wire(body), {}))
        await asyncio.to_thread(client.servable.running.wait, 10)
        second = await client.exchange("POST", "/v1/models/m:predict", Wire(body), {})
        client.servable.gate.set()
        return await first, second

    first, second = asyncio.run(two())
    assert first is not None
    assert first[0] == 200
    assert second is not None
    assert second[0] == 503
    assert (client.send("POST", "/v1/models/m:predict", body) or (0,))[0] == 200


def test_time_limit(client: Client) -> None:
    """An answer that takes too long is 504."""
    client.servable.gate.clear()
    found = client.send("POST", "/v1/models/m:predict", b'{"instances": [1]}')
    client.servable.gate.set()
    assert found is not None
    assert found[0] == 504
    assert b"not answered within 0.3 seconds" in found[2]


def batched_client(executor: ThreadPoolExecutor, at_once: int = 32) -> Client:
    """A client of an application that runs requests together, one batch at a time with two more waiting."""
    client = Client(executor)
    scheduler = BatchScheduler(BatchingParameters(num_batch_threads=1, max_batch_size=32, max_enqueued_batches=2))
    rest = RestApi(serving_models(BatchedServable(client.servable, scheduler)), Metrics())
    client.app = App(rest, Limits(1000, 1000, 0.3, at_once), executor)
    return client


def test_waiting_for_a_batch_takes_no_thread() -> None:
    """With batching, one thread is enough for many requests at once; while the model is busy they wait for one run."""
    with ThreadPoolExecutor(1) as executor:
        client = batched_client(executor)

        async def many() -> list[Answer | None]:
            client.servable.gate.clear()
            body = b'{"instances": [1]}'
            asking = [client.exchange("POST", "/v1/models/m:predict", Wire(body), {}) for _ in range(20)]
            opening = asyncio.get_running_loop().call_later(0.1, client.servable.gate.set)
            found = await asyncio.gather(*asking)
            opening.cancel()
            return list(found)

        answers = asyncio.run(many())
    assert [found and found[0] for found in answers] == [200] * 20
    assert client.servable.runs == 2  # the first request alone, the others together
    assert {found and found[2] for found in answers} == {b'{\n    "predictions": [2.0\n    ]\n}'}


def test_no_more_wait_for_a_batch_than_may() -> None:
    """Requests beyond those answered at a time wait for their turn and do not overflow the batching queue."""
    with ThreadPoolExecutor(1) as executor:
        client = batched_client(executor, at_once=3)

        async def many() -> list[Answer | None]:
            body = b'{"instances": [1' + b", 1" * 15 + b"]}"  # two of them fill a batch
            asking = [client.exchange("POST", "/v1/models/m:predict", Wire(body), {}) for _ in range(12)]
            return list(await asyncio.gather(*asking))

        answers = asyncio.run(many())
    assert [found and found[0] for found in answers] == [200] * 12


def test_time_limit_with_batching(caplog: pytest.LogCaptureFixture) -> None:
    """An answer that waits too long for its batch is 504, and what comes too late is dropped in silence."""
    with ThreadPoolExecutor(1) as executor:
        client = batched_client(executor)
        client.servable.gate.clear()
        late = client.send("POST", "/v1/models/m:predict", b'{"instances": [1]}')
        client.servable.gate.set()
        after = client.send("POST", "/v1/models/m:predict", b'{"instances": [1]}')
    assert late is not None
    assert late[0] == 504
    assert after is not None
    assert after[0] == 200
    assert caplog.text == ""


def test_client_that_goes_away(client: Client) -> None:
    """A request whose body never becomes whole gets no answer and leaves nothing held."""
    assert client.send("POST", "/v1/models/m:predict") is None
    assert client.app._held.bytes == 0


def test_metrics_page(client: Client) -> None:
    """The metrics page is plain text; a query string is refused as text."""
    assert client.send("GET", "/metrics") == (200, {"content-type": "text/plain", "content-length": "8"}, b"the page")
    found = client.send("GET", "/metrics?x=1")
    assert found is not None
    assert (found[0], found[1]["content-type"]) == (400, "text/plain")
    assert found[2] == b"Unexpected path: /metrics?x=1. Should be /metrics"


@pytest.mark.parametrize(("method", "headers"), [("GET", {}), ("OPTIONS", {"origin": "http://x"})])
def test_cors(client: Client, method: str, headers: dict[str, str]) -> None:
    """With CORS switched on, every answer lets pages of other origins read it; otherwise none does."""
    without = client.send(method, "/v1/models/m", **headers)
    assert without is not None
    assert not any(name.startswith("access-control") for name in without[1])
    with ThreadPoolExecutor(1) as executor:
        found = Client(executor, cors=True).send(method, "/v1/models/m", **headers)
    assert found is not None
    assert found[1]["access-control-allow-origin"] == "*"
    assert found[1]["access-control-allow-methods"] == "POST, GET"
    assert found[1]["access-control-allow-headers"] == "Content-Type"
