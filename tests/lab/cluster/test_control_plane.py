"""Command lines of the control plane, and a start and an end with programs that only listen."""

import re
from pathlib import Path

import pytest

from lab.cluster import control_plane
from lab.cluster.places import Places
from lab.cluster.processes import Part
from lab.errors import SetupError
from tests.lab.cluster.ports import free_port
from tests.lab.stubs import write_program


def flags(command: list[str]) -> dict[str, str]:
    """The flags of a command line."""
    return dict(word.removeprefix("--").partition("=")[::2] for word in command[1:])


def test_nothing_listens_beyond_this_machine(places: Places) -> None:
    """Every address that a part is told to listen on is the loopback interface's."""
    for name in control_plane.NAMES[1:]:
        assert flags(control_plane.command(name, places, Path("/programs")))["bind-address"] == "127.0.0.1"
    told = flags(control_plane.etcd_command(places))
    for flag in ("listen-client-urls", "listen-peer-urls"):
        assert re.fullmatch(r"https://127\.0\.0\.1:\d+", told[flag])


def test_etcd_lets_only_certificates_of_ours_in(places: Places) -> None:
    """Whoever reads etcd reads every secret: clients and peers show a certificate."""
    told = flags(control_plane.etcd_command(places))

    assert {"client-cert-auth", "peer-client-cert-auth"} <= told.keys()
    assert told["trusted-ca-file"] == told["peer-trusted-ca-file"] == str(places.certificates / "ca.crt")


def test_who_may_do_what_is_decided_by_roles(places: Places) -> None:
    """RBAC is on, nodes are held to their own pods, and tokens of service accounts are signed with one key."""
    api = flags(control_plane.command("kube-apiserver", places, Path("/programs")))
    manager = flags(control_plane.command("kube-controller-manager", places, Path("/programs")))

    assert api["authorization-mode"] == "Node,RBAC"
    assert api["service-account-signing-key-file"] == manager["service-account-private-key-file"]
    assert manager["use-service-account-credentials"] == "true"
    assert manager["kubeconfig"] == str(places.certificates / "controller-manager.kubeconfig")


def test_no_api_answers_where_there_is_none(places: Places) -> None:
    """Without certificates, and so without a server, it is simply not ready."""
    assert not control_plane.api_ready(places)


def test_the_parts_are_started_in_order(places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each waits for the one it needs; what runs is left alone."""
    programs = tmp_path / "bin"
    ports = {name: free_port() for name in control_plane.NAMES}
    for name, port in ports.items():
        write_program(
            programs, name, f"echo {name} >> {tmp_path}/order; exec python3 -m http.server -b 127.0.0.1 {port}"
        )
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setattr(control_plane, "ETCD_PORT", ports["etcd"])
    monkeypatch.setattr(control_plane, "API_PORT", ports["kube-apiserver"])
    monkeypatch.setattr(control_plane, "CLIENT_PORTS", {name: ports[name] for name in control_plane.NAMES[2:]})
    monkeypatch.setattr(control_plane, "api_ready", lambda _: "kube-apiserver" in (tmp_path / "order").read_text())

    control_plane.up(places, programs)
    pids = {name: Part(places, name).record() for name in control_plane.NAMES}
    control_plane.up(places, programs)

    assert (tmp_path / "order").read_text().split() == list(control_plane.NAMES)
    assert {name: Part(places, name).record() for name in control_plane.NAMES} == pids
    assert None not in pids.values()


def test_kubectl_asks_as_the_administrator(places: Places) -> None:
    """With the lab's kubeconfig, whatever the user's own says."""
    write_program(places.state, "kubectl", 'echo "$@"')

    assert control_plane.kubectl(places, "get", "nodes") == f"--kubeconfig={places.kubeconfig} get nodes\n"


def test_kubectl_that_fails_is_told(places: Places) -> None:
    """Its last line is the reason."""
    write_program(places.state, "kubectl", "echo 'connection refused' >&2; exit 1")

    with pytest.raises(SetupError, match="connection refused"):
        control_plane.kubectl(places, "get", "nodes")
