"""Network devices of the node and of its pods.

The node has a device of its own whose address stays the same whatever networks the machine joins. Pods get theirs from
Debian's CNI plugins, on a bridge that the plugins make, and reach each other and this machine, but nothing beyond.
"""

from pathlib import Path

from lab.cluster.commands import run
from lab.cluster.places import NODE_ADDRESS, NODE_DEVICE, POD_DEVICE, POD_NETWORK, Places

DEVICE_FOLDER = Path("/sys/class/net")
DEVICES = (NODE_DEVICE, POD_DEVICE)
POD_NETWORK_NAME = "mymodel-serving-lab"
CNI_RESULTS = Path("/var/lib/cni/results")  # where containerd notes what the plugins did; its place is fixed


def up() -> None:
    """Have the node's device."""
    if not exists(NODE_DEVICE):
        run(["ip", "link", "add", NODE_DEVICE, "type", "bridge"])
    run(["ip", "address", "replace", f"{NODE_ADDRESS}/32", "dev", NODE_DEVICE])
    run(["ip", "link", "set", NODE_DEVICE, "up"])


def exists(device: str) -> bool:
    """Whether this machine has a network device of that name."""
    return (DEVICE_FOLDER / device).exists()


def remove(device: str) -> None:
    """Remove a network device, if it is there."""
    if exists(device):
        run(["ip", "link", "delete", device])


def forget_pods() -> None:
    """Remove what was noted of pods that are gone."""
    for file in CNI_RESULTS.glob(f"{POD_NETWORK_NAME}-*"):
        pod = file.name.removeprefix(f"{POD_NETWORK_NAME}-").partition("-")[0]
        for note in CNI_RESULTS.glob(f"*-{pod}-*"):  # of its loopback device too
            note.unlink()


def pod_network(places: Places) -> dict[str, object]:
    """The list of CNI plugins that connect a pod (https://www.cni.dev/docs/spec)."""
    return {
        "cniVersion": "0.4.0",
        "name": POD_NETWORK_NAME,
        "plugins": [
            {
                "type": "bridge",
                "bridge": POD_DEVICE,
                "isGateway": True,
                "hairpinMode": True,
                "ipam": {
                    "type": "host-local",
                    "ranges": [[{"subnet": POD_NETWORK}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                    "dataDir": str(places.cluster / "addresses"),
                },
            }
        ],
    }
