"""What the node's programs are told, and its start with programs that only pretend."""

import json
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest

from lab.cluster import node
from lab.cluster.places import Places
from lab.cluster.processes import Part
from tests.lab.cluster.ports import free_port
from tests.lab.stubs import write_program


def test_containerd_keeps_everything_in_the_labs_folder(places: Places) -> None:
    """Its data, its sockets and the pods' networks: beside another containerd it takes nothing of that one's."""
    told = tomllib.loads(node.containerd_config(places))
    pods = told["plugins"]["io.containerd.grpc.v1.cri"]

    for path in (told["root"], told["state"], told["grpc"]["address"], pods["cni"]["conf_dir"]):
        assert Path(path).is_relative_to(places.state)
    assert pods["netns_mounts_under_state_dir"] is True
    assert pods["sandbox_image"] == f"docker.io/{node.PAUSE_IMAGE}"


def test_the_kubelet_answers_nobody_it_does_not_know(places: Places) -> None:
    """No anonymous requests, roles decide, and it listens on the node's own device only."""
    told = node.kubelet_config(places)

    assert told["authentication"]["anonymous"] == {"enabled": False}  # type: ignore[index]
    assert told["authorization"] == {"mode": "Webhook"}
    assert (told["address"], told["healthzBindAddress"]) == ("198.18.0.1", "127.0.0.1")


def test_node_ports_are_open_on_this_machine_only(places: Places) -> None:
    """On its loopback interface and on the node's device."""
    command = node.proxy_command(places, Path("/programs"))

    assert "--nodeport-addresses=127.0.0.1/8,198.18.0.1/32" in command
    assert "--conntrack-max-per-core=0" in command, "limits of the machine are left alone"


@pytest.mark.parametrize(("printed", "ready"), [("True", True), ("False", False), ("Unknown", False), ("", False)])
def test_the_node_is_ready_when_it_says_so(printed: str, places: Places, ready: bool) -> None:  # noqa: FBT001
    """Any other answer, or none, means that it is not."""
    write_program(places.state, "kubectl", f"printf '{printed}'")

    assert node.ready(places) is ready
    write_program(places.state, "kubectl", "exit 1")
    assert not node.ready(places)


@pytest.mark.skipif(sys.platform != "linux", reason="processes of the lab are told apart by /proc")
def test_the_node_starts_with_its_first_image(places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The image that pods need first is made of `pause` and given to containerd, once; then the parts run."""
    programs, calls = tmp_path / "bin", tmp_path / "calls"
    ports = {"kubelet": free_port(), "kube-proxy": free_port()}
    for name, port in ports.items():
        write_program(programs, name, f"exec python3 -m http.server --bind 127.0.0.1 {port}")
    write_program(programs, "containerd", "exec sleep 60")
    write_program(programs, "pause", "exit 0")
    imported = tmp_path / "imported"
    write_program(
        programs,
        "ctr",
        f"""echo "ctr $3 $4" >> {calls}
        case "$4" in
        ls) cat {imported} 2>/dev/null; exit 0 ;;
        import) cp "$5" {imported} ;;
        esac""",
    )
    write_program(
        programs,
        "docker",
        f"""case "$1" in
        import) cp "$4" {tmp_path}/root.tar ;;
        save) echo {node.PAUSE_IMAGE} > "$3" ;;
        esac""",
    )
    write_program(places.state, "kubectl", "printf True")
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setattr(node, "KUBELET_HEALTH_PORT", ports["kubelet"])
    monkeypatch.setattr(node, "PROXY_HEALTH_PORT", ports["kube-proxy"])

    node.up(places, programs)
    node.up(places, programs)

    with tarfile.open(tmp_path / "root.tar") as tar:
        assert tar.getnames() == ["pause"]
    assert calls.read_text().split("\n").count("ctr images import") == 1
    assert all(Part(places, name).record() for name in node.NAMES)
    assert json.loads((places.cluster / "kubelet.json").read_text())["kind"] == "KubeletConfiguration"
    assert json.loads((places.cluster / "cni" / "10-lab.conflist").read_text())["name"] == "mymodel-serving-lab"
