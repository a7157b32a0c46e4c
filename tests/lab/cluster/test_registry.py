"""The registry: ours from a stand-in program, another's as a small server, and what is read of either."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from lab.cluster import registry
from lab.cluster.places import Places
from lab.errors import SetupError
from tests.lab.stubs import write_program

TAGS = {"/v2/server/manifests/2.20.0": "sha256:one", "/v2/server/manifests/key": "sha256:one"}
TAGS["/v2/server/manifests/other"] = "sha256:two"


@contextmanager
def server_on(port: int, base_status: int = 200) -> Iterator[None]:
    """A server that answers like a registry with some tags; with another status it is no registry."""

    class Answers(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            digest = TAGS.get(self.path)
            accepted = "oci.image.manifest" in self.headers.get("Accept", "")
            self.send_response(base_status if self.path == "/v2/" else 200 if digest and accepted else 404)
            self.send_header("Content-Length", "0")
            if digest:
                self.send_header("Docker-Content-Digest", digest)
            self.end_headers()

        do_GET = do_HEAD = _answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def test_a_registry_that_answers_is_used(places: Places, registry_port: int) -> None:
    """Also one that wants credentials; nothing is started."""
    for status in (200, 401):
        with server_on(registry_port, status):
            registry.up(places)

            assert registry.answers()
            assert registry.part(places).record() is None


def test_a_port_that_is_something_else_is_told(places: Places, registry_port: int) -> None:
    """Two programs cannot share it."""
    with (
        server_on(registry_port, base_status=404),
        pytest.raises(SetupError, match=f"registry needs port {registry_port}, which is taken"),
    ):
        registry.up(places)


def test_one_of_our_own_is_started(
    places: Places, registry_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told to keep its data in the lab's folder, and is not started twice."""
    script = f"""exec python3 -c '
import http.server, sys
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", {registry_port}), Answers).serve_forever()' "$@" """
    write_program(tmp_path / "bin", "docker-registry", script)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")

    registry.up(places)
    first = registry.part(places).record()
    registry.up(places)

    assert first is not None
    assert registry.part(places).record() == first
    assert first.command == ["docker-registry", "serve", str(places.registry / "config.yml")]


def test_it_listens_on_the_loopback_interface_only(places: Places, registry_port: int) -> None:
    """The settings are YAML that says so."""
    settings = yaml.safe_load(registry.config(places.registry))

    assert settings["http"]["addr"] == f"127.0.0.1:{registry_port}"
    assert settings["storage"]["filesystem"]["rootdirectory"] == str(places.registry)


def test_an_image_is_known_by_the_tag_of_its_key(registry_port: int) -> None:
    """Both tags must name one manifest; where no registry answers there is none."""
    image = "localhost:5000/server:2.20.0"
    assert not registry.tagged_alike(image, "key"), "nobody answers yet"
    with server_on(registry_port):
        assert registry.tagged_alike(image, "key")
        assert not registry.tagged_alike(image, "other")
        assert not registry.tagged_alike(image, "absent")
        assert not registry.tagged_alike("localhost:5000/absent:2.20.0", "absent")
