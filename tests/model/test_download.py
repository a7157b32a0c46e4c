"""Tests of model.download, against a web server on loopback."""

import hashlib
import socket
from pathlib import Path

import pytest

from model import download
from model.errors import ModelError
from tests.model.conftest import WebServer

CONTENT = b"images" * 50_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def test_file_is_downloaded_once(web_server: WebServer, tmp_path: Path) -> None:
    """The second call reads the cache; the first one said what it did."""
    web_server.answers = [(200, CONTENT)]
    said: list[str] = []

    paths = [download.fetch(f"{web_server.url}/mnist.npz", SHA256, tmp_path / "cache", said.append) for _ in range(2)]

    assert paths == [tmp_path / "cache" / "mnist.npz"] * 2
    assert paths[0].read_bytes() == CONTENT
    assert len(web_server.bodies) == 1
    assert said == [f"downloading {web_server.url}/mnist.npz"]


def test_altered_cache_is_downloaded_again(web_server: WebServer, tmp_path: Path) -> None:
    """A cached file is believed only if its sha256 is right."""
    web_server.answers = [(200, CONTENT)]
    (tmp_path / "mnist.npz").write_bytes(CONTENT[:-1])

    path = download.fetch(f"{web_server.url}/mnist.npz", SHA256, tmp_path, print)

    assert path.read_bytes() == CONTENT


def test_wrong_checksum_is_refused(web_server: WebServer, tmp_path: Path) -> None:
    """The message says what came, what was expected and what to use instead; nothing is kept."""
    web_server.answers = [(200, b"something else")]

    with pytest.raises(ModelError) as error:
        download.fetch(f"{web_server.url}/mnist.npz", SHA256, tmp_path, print)

    found = hashlib.sha256(b"something else").hexdigest()
    assert f"has sha256 {found[:12]}..., expected {SHA256[:12]}..." in str(error.value)
    assert "pulumi config set dataset digits" in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_unreachable_server_names_the_alternative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens: one line with the way out."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/mnist.npz"
        with pytest.raises(ModelError, match=r"is out of reach \(no connection\); use another dataset: pulumi config"):
            download.fetch(url, SHA256, tmp_path, print)
    assert list(tmp_path.iterdir()) == []


def test_error_status_is_named(web_server: WebServer, tmp_path: Path) -> None:
    """A page that is not there is not taken for the file."""
    web_server.answers = [(404, b"not found")]

    with pytest.raises(ModelError, match=r"out of reach \(HTTP status 404\)"):
        download.fetch(f"{web_server.url}/mnist.npz", SHA256, tmp_path, print)


def test_overloaded_server_is_asked_again(web_server: WebServer, tmp_path: Path) -> None:
    """Status 503 is worth another try."""
    web_server.answers = [(503, b"busy"), (200, CONTENT)]

    assert download.fetch(f"{web_server.url}/mnist.npz", SHA256, tmp_path, print).read_bytes() == CONTENT


def test_unusable_cache_is_named(web_server: WebServer, tmp_path: Path) -> None:
    """The message says which folder and how to choose another."""
    (tmp_path / "file").write_text("")

    with pytest.raises(ModelError, match=r"file/cache cannot be used: .*; set XDG_CACHE_HOME to another folder"):
        download.fetch(f"{web_server.url}/mnist.npz", SHA256, tmp_path / "file" / "cache", print)


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/c"}, "/c/mymodel-serving"),
        ("linux", {"XDG_CACHE_HOME": "", "HOME": "/h"}, "/h/.cache/mymodel-serving"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Caches/mymodel-serving"),
    ],
)
def test_cache_is_where_the_system_keeps_caches(
    monkeypatch: pytest.MonkeyPatch, platform: str, environment: dict[str, str], expected: str
) -> None:
    """XDG on Linux, Library on macOS."""
    monkeypatch.setattr("sys.platform", platform)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert download.cache_folder() == Path(expected)
