"""Random request bodies and random bytes on the wire: always an answer, never a failure of the server's own."""

import json
import socket
import string
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serving.metrics import Metrics
from serving.rest import RestApi
from tests.serving.fakes import FakeServable, serving_models
from tests.serving.processes import ServerProcess
from tests.serving.test_connections import read_to_end

REST = RestApi(serving_models(FakeServable(), labels={"stable": 1}), Metrics())
PATHS = [
    f"/v1/models/{name}" for name in ("m:predict", "m:classify", "m/labels/stable:predict", "m/versions/1:predict")
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["AA==", "serving_default", "init", ""])
)
KEYS = st.sampled_from(["instances", "inputs", "signature_name", "examples", "context", "x", "b64"]) | st.text(
    max_size=3
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=25
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=4).map(lambda value: json.dumps(value).encode())
TENSORS = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4), max_leaves=25)
REQUESTS = st.builds(
    lambda key, value: json.dumps({key: value}).encode(),
    st.sampled_from(["instances", "inputs"]),
    TENSORS | st.fixed_dictionaries({"x": TENSORS}) | st.lists(st.fixed_dictionaries({"x": TENSORS}), max_size=3),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A document with bytes cut out and others put in."""
    body = draw(DOCUMENTS | REQUESTS)
    start = draw(st.integers(0, len(body)))
    end = draw(st.integers(start, min(len(body), start + 5)))
    return (
        body[:start]
        + draw(st.binary(max_size=5) | st.sampled_from([b"[" * 1500, b'"', b"{", b"\\u", b"1e"]))
        + body[end:]
    )


def refuse(token: str) -> Any:
    """Nothing but JSON may be answered, NaN and Infinity aside."""
    return {"NaN": None, "Infinity": None, "-Infinity": None}[token]


@settings(max_examples=3000, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(PATHS), st.binary(max_size=60) | DOCUMENTS | REQUESTS | damaged())
def test_any_body_has_an_answer(path: str, body: bytes) -> None:
    """Whatever the body, the answer is JSON: predictions, or an error that is the client's."""
    answer = REST.answer("POST", path, body)
    document = json.loads(answer.body.decode("utf-8", "surrogateescape"), parse_constant=refuse)
    if answer.status == 200:
        assert document.keys() <= {"predictions", "outputs"}
    else:
        assert answer.status in (400, 404)
        assert list(document) == ["error"]
        assert document["error"]


PATH_BYTES = st.text(string.ascii_letters + string.digits + "/:%?#.-_", max_size=20).map(str.encode)


@settings(
    max_examples=300, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.binary(min_size=1, max_size=200)
    | st.builds(
        lambda method, path, headers, body: b"%s /v1/models/%s HTTP/1.1\r\n%s\r\n%s" % (method, path, headers, body),
        st.sampled_from([b"GET", b"POST", b"HEAD", b"OPTIONS", b"PUT", b"BREW", b"CONNECT"]),
        PATH_BYTES,
        st.sampled_from([b"", b"Content-Length: 3\r\n", b"Content-Length: x\r\n", b"Transfer-Encoding: chunked\r\n"])
        | st.binary(max_size=20).map(lambda value: b"A: " + value + b"\r\n"),
        st.binary(max_size=40),
    )
)
def test_any_bytes_on_the_wire(server: ServerProcess, sent: bytes) -> None:
    """Whatever comes in, what goes out is HTTP without a failure of the server's own."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        received = read_to_end(client)
    for part in received.split(b"HTTP/1.1 ")[1:]:
        assert part[:1] in b"24"


def test_server_lives(server: ServerProcess) -> None:
    """After all of it the server answers, and nothing it wrote is a traceback."""
    assert server.get("/v1/models/mymodel").status_code == 200
    assert "Traceback" not in server.output()
    assert server.process.poll() is None
