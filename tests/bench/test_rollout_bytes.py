"""Bytes pushed: what a registry has of a new image and had not of the one before."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench import rollout_bytes
from bench.checkout import CommandError
from bench.rollout_bytes import Pushed
from tests.infra.loopback import serving


def manifest(config: str, **layers: int) -> bytes:
    """An image's manifest: digest of a configuration of 7 bytes, and sizes of layers by digest."""
    blobs = [{"digest": digest, "size": size} for digest, size in layers.items()]
    return json.dumps({"config": {"digest": config, "size": 7}, "layers": blobs}).encode()


OLD = manifest("c1", base=1000, model1=40)
NEW = manifest("c2", base=1000, model2=50, weights=300)


def test_only_what_is_new_counts() -> None:
    """The base's layers are there already; configuration and manifest are new with every image."""
    found = rollout_bytes.added(NEW, OLD)

    assert found == Pushed(layers=350, description=7 + len(NEW))
    assert found.whole == 357 + len(NEW)


def test_the_same_image_again_costs_nothing() -> None:
    """Nothing of it is new."""
    assert rollout_bytes.added(NEW, NEW).whole == 0


def test_a_layer_that_is_named_twice_is_sent_once() -> None:
    """A registry keeps a blob once, by its digest."""
    twice = json.loads(NEW)
    twice["layers"] += twice["layers"][-1:]

    assert rollout_bytes.added(json.dumps(twice).encode(), OLD).layers == 350


def test_both_manifests_are_the_registrys(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are asked for by repository and tag or digest, in the form that lists layers."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, "manifest.v2+json" in self.headers["Accept"]))
            body = NEW if self.path.endswith("/2") else OLD
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    monkeypatch.setattr(rollout_bytes, "REGISTRY", f"127.0.0.1:{server.server_address[1]}")
    with serving(server):
        found = rollout_bytes.pushed("h/mymodel-serving", "2", "1")

    assert found == rollout_bytes.added(NEW, OLD)
    assert sorted(asked) == [(f"/v2/h/mymodel-serving/manifests/{tag}", True) for tag in "12"]


def test_a_registry_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one line that names the URL."""
    monkeypatch.setattr(rollout_bytes, "REGISTRY", "127.0.0.1:1")

    with pytest.raises(CommandError, match=r"http://127\.0\.0\.1:1/v2/x/manifests/2 does not answer"):
        rollout_bytes.pushed("x", "2", "1")


def test_a_model_is_compressed_with_all_its_files(tmp_path: Path) -> None:
    """Bytes that do not compress make the archive larger by about their number, in subfolders too."""
    (tmp_path / "variables").mkdir()
    empty = rollout_bytes.compressed(tmp_path)
    noise = bytes((number * 7919 % 251 * 31 + number // 251 * 17) % 256 for number in range(65536))
    (tmp_path / "variables" / "data").write_bytes(noise)

    assert empty < rollout_bytes.compressed(tmp_path) < 70000
