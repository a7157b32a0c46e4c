"""Whether a registry has an image: asked of a stand-in over real HTTP."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from infra import registry
from infra.registry import NotAskedError
from tests.infra.loopback import serving

DIGEST = "sha256:" + "ab" * 32
BASIC = "Basic " + base64.b64encode(b"me:hunter2").decode()


@dataclass
class Registry:
    """A registry with one image, and what it was asked."""

    port: int = 0
    scheme: str = ""
    asked: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        """Where it answers."""
        return f"127.0.0.1:{self.port}"

    def answer(self, path: str, authorization: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer."""
        self.asked.append(path)
        if path.startswith("/token"):
            return (200, {}, b'{"token": "t0ken"}') if authorization == BASIC else (401, {}, b"")
        wanted = {"": "", "Basic": BASIC, "Bearer": "Bearer t0ken"}[self.scheme]
        if authorization != wanted:
            realm = f'realm="http://{self.host}/token",service="r",scope="repository:team/m:pull"'
            return 401, {"WWW-Authenticate": f"{self.scheme} {realm}"}, b""
        return (200 if path == f"/v2/team/m-serving/manifests/{DIGEST}" else 404), {}, b""


@contextmanager
def running(scheme: str = "") -> Iterator[Registry]:
    """A registry that answers until the end of the block, with this scheme of log-in."""
    told = Registry(scheme=scheme)

    class Exchange(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            status, headers, body = told.answer(self.path, self.headers.get("Authorization", ""))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_GET = do_HEAD  # noqa: N815 - the library's name

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
    told.port = server.server_address[1]
    with serving(server):
        yield told


@pytest.mark.parametrize("scheme", ["", "Basic", "Bearer"])
def test_an_image_is_there_or_gone(scheme: str) -> None:
    """A registry says whether it has a manifest, with each of the ways to log in that registries have."""
    credentials = ("me", "hunter2") if scheme else ("", "")
    with running(scheme) as found:
        assert registry.has(f"{found.host}/team/m-serving@{DIGEST}", *credentials)
        assert not registry.has(f"{found.host}/team/m-serving@sha256:{'00' * 32}", *credentials)


@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
def test_a_refusal_is_neither_there_nor_gone(scheme: str) -> None:
    """Wrong credentials tell nothing about the image, and no message shows the password."""
    with running(scheme) as found, pytest.raises(NotAskedError, match=r"401|no token") as refused:
        registry.has(f"{found.host}/team/m-serving@{DIGEST}", "me", "wrong-pass")
    assert "wrong-pass" not in str(refused.value)


@pytest.mark.parametrize("realm", ["http://registry.example/token", "http://localhost.example/token", "file:///token"])
def test_no_password_goes_in_clear(realm: str) -> None:
    """A registry that wants the password without TLS, elsewhere than on this machine, does not get it."""
    with pytest.raises(NotAskedError, match="asks for a token from"):
        registry._token(f'Bearer realm="{realm}"', "Basic bWU6aHVudGVyMg==")


def test_silence_is_neither_there_nor_gone() -> None:
    """Where nothing listens, nothing is known of the image."""
    with pytest.raises(NotAskedError, match="does not answer"):
        registry.has(f"127.0.0.1:1/team/m@{DIGEST}")


@pytest.mark.parametrize(
    ("image", "url"),
    [
        ("localhost:5000/m", "http://localhost:5000/v2/m/manifests/"),
        ("localhost/m", "http://localhost/v2/m/manifests/"),
        ("registry.example/team/m", "https://registry.example/v2/team/m/manifests/"),
        ("10.0.0.7:5000/m", "https://10.0.0.7:5000/v2/m/manifests/"),
        ("team/m", "https://registry-1.docker.io/v2/team/m/manifests/"),
        ("m", "https://registry-1.docker.io/v2/library/m/manifests/"),
    ],
)
def test_a_reference_leads_to_its_registry(image: str, url: str) -> None:
    """As container engines read references: plain HTTP for this machine only, Docker Hub without a host."""
    assert registry._url(f"{image}@{DIGEST}") == url + DIGEST
