"""Where everything of the lab is: folders, files, addresses, ports and names. Decides nothing, touches nothing."""

from dataclasses import dataclass
from pathlib import Path

STATE = Path("/var/lib/mymodel-serving-lab")
LOOPBACK = "127.0.0.1"

REGISTRY_PORT = 5000
REGISTRY = f"localhost:{REGISTRY_PORT}"  # Docker and containerd speak plain http with this name only
BASE_IMAGE = f"{REGISTRY}/tensorflow-serving:2.20.0"

API_PORT = 6443
KUBELET_PORT = 10250
ETCD_PORT, ETCD_PEER_PORT = 23790, 23800  # not etcd's own, which another etcd of this machine may have

# 198.18.0.0/15 is set aside for measurements between devices (RFC 2544): no network of the user has it.
NODE_DEVICE, NODE_ADDRESS = "lab0", "198.18.0.1"
POD_DEVICE, POD_NETWORK = "lab-pods0", "198.18.1.0/24"
SERVICE_NETWORK, SERVICE_ADDRESS = "198.18.2.0/24", "198.18.2.1"
NODE_NAME = "lab"
CONTEXT = "lab"  # in the kubeconfig


@dataclass(frozen=True)
class Places:
    """The folders and files of one lab.

    Attributes:
        state: everything the lab writes, but for what is cached.
        cache: this project's folder in the user's cache folder: what is expensive to make and safe to delete.
    """

    state: Path
    cache: Path

    @property
    def logs(self) -> Path:
        """What each process and each long step said; stays when the lab is taken down."""
        return self.state / "logs"

    @property
    def run(self) -> Path:
        """Records of running processes, sockets, and what was changed on the machine."""
        return self.state / "run"

    @property
    def docker(self) -> Path:
        """Images of the lab's own Docker engine; stays when the lab is taken down."""
        return self.state / "docker"

    @property
    def registry(self) -> Path:
        """What was pushed; stays when the lab is taken down."""
        return self.state / "registry"

    @property
    def cluster(self) -> Path:
        """All that Kubernetes keeps: etcd, containerd, kubelet, certificates."""
        return self.state / "cluster"

    @property
    def certificates(self) -> Path:
        """Keys, certificates and the kubeconfig of each part."""
        return self.cluster / "certificates"

    @property
    def containerd_socket(self) -> Path:
        """Where the kubelet reaches its containerd."""
        return self.run / "containerd.sock"

    @property
    def kubeconfig(self) -> Path:
        """What people and Pulumi reach the cluster with."""
        return self.state / "kubeconfig"

    @property
    def kubectl(self) -> Path:
        """A link to a kubectl of the cluster's version."""
        return self.state / "kubectl"
