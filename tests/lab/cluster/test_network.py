"""Network devices and what CNI plugins are told; nothing is changed on the machine."""

import json
from pathlib import Path

import pytest

from lab.cluster import network
from lab.cluster.places import Places


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands that would have been run; devices are folders in `tmp_path / "net"`."""
    said: list[str] = []
    monkeypatch.setattr(network, "run", lambda command: said.append(" ".join(command)))
    monkeypatch.setattr(network, "DEVICE_FOLDER", tmp_path / "net")
    return said


def test_the_nodes_device_is_made_once(commands: list[str], tmp_path: Path) -> None:
    """Where it is there, its address and state are made sure of."""
    network.up()
    made = commands.copy()
    (tmp_path / "net" / "lab0").mkdir(parents=True)
    commands.clear()
    network.up()

    assert made[0] == "ip link add lab0 type bridge"
    assert commands == made[1:] == ["ip address replace 198.18.0.1/32 dev lab0", "ip link set lab0 up"]


def test_only_a_device_that_is_there_is_removed(commands: list[str], tmp_path: Path) -> None:
    """`down` can be repeated."""
    network.remove("lab0")
    assert commands == []
    (tmp_path / "net" / "lab0").mkdir(parents=True)

    network.remove("lab0")

    assert commands == ["ip link delete lab0"]


def test_the_notes_about_our_pods_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those about their loopback devices; those of other networks stay."""
    monkeypatch.setattr(network, "CNI_RESULTS", tmp_path)
    for name in ("mymodel-serving-lab-a1-eth0", "cni-loopback-a1-lo", "cni-loopback-b2-lo", "podman-b2-eth0"):
        (tmp_path / name).touch()

    network.forget_pods()

    assert sorted(file.name for file in tmp_path.iterdir()) == ["cni-loopback-b2-lo", "podman-b2-eth0"]


def test_pods_get_addresses_of_the_pod_network_and_no_rules(places: Places) -> None:
    """Addresses are noted in the lab's folder; without masquerading the plugins leave nothing in iptables."""
    (bridge,) = json.loads(json.dumps(network.pod_network(places)))["plugins"]

    assert bridge["ipam"]["ranges"] == [[{"subnet": "198.18.1.0/24"}]]
    assert Path(bridge["ipam"]["dataDir"]).is_relative_to(places.cluster)
    assert not bridge.get("ipMasq", False)
