"""Certificates made by the real openssl, and read back by Python's own TLS."""

import json
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lab.cluster import certificates
from lab.cluster.places import Places

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("openssl") is None, reason="the lab runs on Linux with OpenSSL 3"
)


@pytest.fixture
def made(places: Places) -> Places:
    """A lab with certificates."""
    certificates.up(places)
    return places


def subject(file: Path) -> str:
    """Who a certificate is for."""
    command = ["openssl", "x509", "-in", str(file), "-noout", "-subject", "-nameopt", "RFC2253"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()


def test_every_certificate_is_signed_by_the_authority(made: Places) -> None:
    """And can sign nothing itself."""
    folder = made.certificates
    for identity in certificates.IDENTITIES:
        file = folder / f"{identity.name}.crt"
        command = ["openssl", "verify", "-x509_strict", "-CAfile", str(folder / "ca.crt"), str(file)]
        assert subprocess.run(command, capture_output=True, text=True, check=False, timeout=20).returncode == 0, file
        text = subprocess.run(
            ["openssl", "x509", "-in", str(file), "-noout", "-text"],
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        ).stdout
        assert "CA:FALSE" in text
        assert ("TLS Web Server Authentication" in text) == bool(identity.addresses)


def test_users_and_groups_are_those_that_kubernetes_knows(made: Places) -> None:
    """RBAC's default roles and the node authorizer go by these names."""
    assert subject(made.certificates / "admin.crt") == "subject=CN=admin,O=system:masters"
    assert subject(made.certificates / "kubelet.crt") == "subject=CN=system:node:lab,O=system:nodes"
    assert subject(made.certificates / "proxy.crt") == "subject=CN=system:kube-proxy"
    assert subject(made.certificates / "scheduler.crt") == "subject=CN=system:kube-scheduler"


def test_a_client_and_the_api_server_trust_each_other(made: Places) -> None:
    """A TLS handshake with both certificates, at the address that kubeconfigs name."""
    folder = made.certificates
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.crt"))
    server_side.load_cert_chain(folder / "apiserver.crt", folder / "apiserver.key")
    server_side.verify_mode = ssl.CERT_REQUIRED
    client_side = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    client_side.load_cert_chain(folder / "admin.crt", folder / "admin.key")
    ours, theirs = socket.socketpair()
    ours.settimeout(20)
    theirs.settimeout(20)
    peers: list[object] = []

    def serve() -> None:
        with server_side.wrap_socket(theirs, server_side=True) as connection:
            peers.append(connection.getpeercert())

    thread = threading.Thread(target=serve)
    thread.start()
    with client_side.wrap_socket(ours, server_hostname="127.0.0.1"):
        thread.join(20)
    assert "system:masters" in str(peers)


def test_the_kubeconfig_is_the_users_alone(made: Places) -> None:
    """Its context is `lab`, its files are there, and nobody else may read it or the keys."""
    content = json.loads(made.kubeconfig.read_text())

    assert content["current-context"] == "lab"
    assert content["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:6443"
    assert all(Path(file).is_file() for file in content["users"][0]["user"].values())
    assert made.kubeconfig.stat().st_mode & 0o777 == 0o600
    assert made.certificates.stat().st_mode & 0o077 == 0


def test_certificates_that_are_there_stay(made: Places) -> None:
    """A cluster that runs would not take others; a kubeconfig that was removed is written again."""
    before = (made.certificates / "admin.crt").read_bytes()
    made.kubeconfig.unlink()

    certificates.up(made)

    assert (made.certificates / "admin.crt").read_bytes() == before
    assert made.kubeconfig.exists()


def test_what_was_left_half_made_is_made_anew(places: Places) -> None:
    """The folder appears only when it is complete."""
    aside = places.cluster / "certificates.new"
    aside.mkdir(parents=True)
    (aside / "ca.crt").write_text("half")

    certificates.up(places)

    assert "BEGIN CERTIFICATE" in (places.certificates / "ca.crt").read_text()
    assert not aside.exists()
