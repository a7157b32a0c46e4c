"""Fetching a release from a loopback server that is good, broken or silent."""

import hashlib
import io
import platform
import socket
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lab import pulumi_release
from lab.errors import SetupError, UnavailableError

VERSION = "9.9.9"
ARCHIVE = f"pulumi-v{VERSION}-{pulumi_release.platform_name()}.tar.gz"
CHECKSUMS = f"pulumi-{VERSION}-checksums.txt"
Install = Callable[[str], Path]


def archive_with(files: dict[str, bytes]) -> bytes:
    """A .tar.gz of executable files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


RELEASE = archive_with({"pulumi/pulumi": b"#!/bin/sh\n", "pulumi/pulumi-language-python": b"#!/bin/sh\n"})


def listing(content: bytes) -> bytes:
    """A checksum file that lists a release with this content among others."""
    return (
        f"{'0' * 64}  pulumi-v{VERSION}-plan9-mips.tar.gz\n{hashlib.sha256(content).hexdigest()}  {ARCHIVE}\n".encode()
    )


@contextmanager
def site(files: dict[str, bytes], cut_after: int | None = None) -> Iterator[str]:
    """Serve `files` on a free loopback port; with `cut_after` an archive stops short after so many bytes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = files.get(self.path.removeprefix("/"))
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[:cut_after] if self.path.endswith(".gz") else content)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Install from a site into a folder of the test's own and return that folder."""

    def run(address: str) -> Path:
        aside = tmp_path / "aside"
        aside.mkdir()
        folder = tmp_path / "release"
        pulumi_release.install(VERSION, folder, aside, address, reach_seconds=1)
        return folder

    return run


def test_a_good_release_is_unpacked_whole(install: Install) -> None:
    """The folder holds pulumi and its language host, executable."""
    with site({CHECKSUMS: listing(RELEASE), ARCHIVE: RELEASE}) as address:
        folder = install(address)

    assert sorted(file.name for file in folder.iterdir()) == ["pulumi", "pulumi-language-python"]
    assert all(file.stat().st_mode & 0o100 for file in folder.iterdir())


def test_another_content_than_the_checksum_says_is_refused(install: Install, tmp_path: Path) -> None:
    """The error names both checksums, and nothing is installed."""
    other = archive_with({"pulumi/pulumi": b"#!/bin/sh\necho evil\n"})
    with (
        site({CHECKSUMS: listing(RELEASE), ARCHIVE: other}) as address,
        pytest.raises(
            SetupError, match=f"(?s){hashlib.sha256(other).hexdigest()}.*{hashlib.sha256(RELEASE).hexdigest()}"
        ) as e,
    ):
        install(address)

    assert not isinstance(e.value, UnavailableError)
    assert not (tmp_path / "release").exists()


def test_a_download_that_breaks_off_says_how_far_it_came(install: Install, tmp_path: Path) -> None:
    """A short answer is told from a whole one, and nothing is installed."""
    with (
        site({CHECKSUMS: listing(RELEASE), ARCHIVE: RELEASE}, cut_after=50) as address,
        pytest.raises(SetupError, match=f"broke off after 50 of {len(RELEASE)} bytes.*make up again"),
    ):
        install(address)

    assert not (tmp_path / "release").exists()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "HTTP status 404"),
        ({CHECKSUMS: listing(RELEASE)}, "HTTP status 404"),
        ({CHECKSUMS: b"<html>Please log in</html>"}, f"lists no {ARCHIVE}"),
    ],
    ids=["no checksums", "no archive", "another page"],
)
def test_a_site_without_the_release_leaves_other_ways(install: Install, files: dict[str, bytes], message: str) -> None:
    """What is not there is reported as not available, not as an error to stop at."""
    with site(files) as address, pytest.raises(UnavailableError, match=message):
        install(address)


def test_a_closed_port_leaves_other_ways(install: Install) -> None:
    """A refused connection is reported as not available."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(UnavailableError, match="cannot be reached"):
            install(address)


def test_a_silent_site_is_given_up_on_in_time(install: Install) -> None:
    """A server that takes the connection and says nothing costs the stated time, not a socket's patience."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        began = time.monotonic()
        with pytest.raises(UnavailableError, match="cannot be reached"):
            install(f"http://127.0.0.1:{silent.getsockname()[1]}")

    assert time.monotonic() - began < 10  # far from a timing: one second was allowed


def test_a_name_look_up_that_hangs_is_given_up_on_too(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time allowed includes what no socket timeout covers."""
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: release.wait(60))
    began = time.monotonic()

    with pytest.raises(UnavailableError, match="no answer within 1 s"):
        install("http://localhost:1")

    assert time.monotonic() - began < 10
    release.set()


def test_an_archive_that_reaches_outside_is_not_unpacked(install: Install, tmp_path: Path) -> None:
    """A path with .. in a release is refused although its checksum is right."""
    evil = archive_with({"../escaped": b"x", "pulumi/pulumi": b"#!/bin/sh\n"})
    with site({CHECKSUMS: listing(evil), ARCHIVE: evil}) as address, pytest.raises(tarfile.OutsideDestinationError):
        install(address)

    assert not (tmp_path / "aside" / "escaped").exists()
    assert not (tmp_path / "release").exists()


def test_an_archive_without_the_cli_is_refused(install: Install) -> None:
    """What unpacks but holds no pulumi is an error that says so."""
    empty = archive_with({"pulumi/README": b""})
    with (
        site({CHECKSUMS: listing(empty), ARCHIVE: empty}) as address,
        pytest.raises(SetupError, match="holds no pulumi"),
    ):
        install(address)


@pytest.mark.parametrize(
    ("system", "machine", "name"),
    [
        ("Linux", "x86_64", "linux-x64"),
        ("Linux", "aarch64", "linux-arm64"),
        ("Darwin", "arm64", "darwin-arm64"),
        ("Darwin", "x86_64", "darwin-x64"),
        ("Linux", "riscv64", "linux-riscv64"),
    ],
)
def test_platforms_are_named_as_releases_name_them(
    system: str, machine: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Python calls a machine is translated; an unknown one keeps its name and will not be found."""
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)

    assert pulumi_release.platform_name() == name
