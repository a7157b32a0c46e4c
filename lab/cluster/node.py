"""The node: containerd, kubelet and kube-proxy, and what they are told.

Owns their configuration and the image that holds a pod's namespaces. The node's network devices are
lab.cluster.network's, the control plane is lab.cluster.control_plane's.
"""

import json
import tarfile
import tempfile
from pathlib import Path

from lab.cluster import network
from lab.cluster.commands import run
from lab.cluster.control_plane import kubectl
from lab.cluster.places import KUBELET_PORT, LOOPBACK, NODE_ADDRESS, NODE_NAME, POD_NETWORK, Places
from lab.cluster.processes import Part, ensure
from lab.errors import SetupError
from lab.progress import say

NAMES = ("containerd", "kubelet", "kube-proxy")
PAUSE_IMAGE = "mymodel-serving-lab/pause:1"
KUBELET_HEALTH_PORT, PROXY_HEALTH_PORT, PROXY_METRICS_PORT = 10248, 10256, 10249
SECONDS = 90


def up(places: Places, programs: Path) -> None:
    """Have the node run and be Ready.

    Args:
        places: where the lab is.
        programs: folder with Kubernetes' programs.

    Raises:
        SetupError: a part does not start, or the node does not become Ready.
    """
    _write(places.cluster / "containerd.toml", containerd_config(places))
    _write(places.cluster / "kubelet.json", json.dumps(kubelet_config(places), indent=1))
    _write(places.cluster / "cni" / "10-lab.conflist", json.dumps(network.pod_network(places), indent=1))
    command = ["containerd", f"--config={places.cluster / 'containerd.toml'}"]
    runtime = Part(places, "containerd")
    if runtime.start(command):
        say("Started containerd")
    runtime.wait_for(lambda: _containerd_ready(places), SECONDS)
    _import_pause(places, programs)
    ensure(Part(places, "kubelet"), kubelet_command(places, programs), KUBELET_HEALTH_PORT, SECONDS)
    ensure(Part(places, "kube-proxy"), proxy_command(places, programs), PROXY_HEALTH_PORT, SECONDS)
    Part(places, "kubelet").wait_for(lambda: ready(places), SECONDS)


def ready(places: Places) -> bool:
    """Whether the node says that it is Ready."""
    path = '-o=jsonpath={.status.conditions[?(@.type=="Ready")].status}'
    try:
        return kubectl(places, "get", "node", NODE_NAME, path, seconds=10) == "True"
    except SetupError:
        return False


def containerd_config(places: Places) -> str:
    """Containerd's settings (https://github.com/containerd/containerd/blob/release/1.6/docs/cri/config.md), as TOML."""
    return f"""version = 2
root = "{places.cluster / "containerd"}"
state = "{places.run / "containerd"}"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
address = "{places.containerd_socket}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "docker.io/{PAUSE_IMAGE}"
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{places.cluster / "cni"}"
"""


def kubelet_config(places: Places) -> dict[str, object]:
    """The kubelet's settings (https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1)."""
    keys = places.certificates
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": NODE_ADDRESS,
        "port": KUBELET_PORT,
        "healthzBindAddress": LOOPBACK,
        "healthzPort": KUBELET_HEALTH_PORT,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(keys / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(keys / "kubelet.crt"),
        "tlsPrivateKeyFile": str(keys / "kubelet.key"),
        "containerRuntimeEndpoint": f"unix://{places.containerd_socket}",
        "podLogsDir": str(places.logs / "pods"),
        # Machines as they are: without systemd, with the older control groups, with swap, and with a disk that is
        # rather full; a lab must not evict what is being tried.
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": False,
        "enforceNodeAllocatable": [],
        "failSwapOn": False,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1Gi", "imagefs.available": "1Gi"},
        "imageGCHighThresholdPercent": 100,
        "resolvConf": "",
    }


def kubelet_command(places: Places, programs: Path) -> list[str]:
    """The kubelet's command line."""
    return [
        str(programs / "kubelet"),
        f"--config={places.cluster / 'kubelet.json'}",
        f"--kubeconfig={places.certificates / 'kubelet.kubeconfig'}",
        f"--root-dir={places.cluster / 'kubelet'}",
        f"--node-ip={NODE_ADDRESS}",
        f"--hostname-override={NODE_NAME}",
    ]


def proxy_command(places: Places, programs: Path) -> list[str]:
    """The kube-proxy's command line: NodePorts on this machine only, and no limits of connections changed."""
    return [
        str(programs / "kube-proxy"),
        f"--kubeconfig={places.certificates / 'proxy.kubeconfig'}",
        "--proxy-mode=iptables",
        f"--hostname-override={NODE_NAME}",
        f"--cluster-cidr={POD_NETWORK}",
        f"--nodeport-addresses={LOOPBACK}/8,{NODE_ADDRESS}/32",
        f"--healthz-bind-address={LOOPBACK}:{PROXY_HEALTH_PORT}",
        f"--metrics-bind-address={LOOPBACK}:{PROXY_METRICS_PORT}",
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0s",
        "--conntrack-tcp-timeout-close-wait=0s",
    ]


def ctr(places: Places, *arguments: str | Path, seconds: float = 30) -> str:
    """What containerd's own command line prints about the pods' images."""
    return run(["ctr", f"--address={places.containerd_socket}", "--namespace=k8s.io", *arguments], seconds=seconds)


def _containerd_ready(places: Places) -> bool:
    try:
        ctr(places, "version", seconds=5)
    except SetupError:
        return False
    return True


def _import_pause(places: Places, programs: Path) -> None:
    """Have the image in containerd that every pod needs first; it comes from no registry."""
    if PAUSE_IMAGE in ctr(places, "images", "ls", "-q"):
        return
    with tempfile.TemporaryDirectory() as folder:
        root, image = Path(folder) / "root.tar", Path(folder) / "image.tar"
        with tarfile.open(root, "w") as tar:
            tar.add(programs / "pause", "pause")
        run(["docker", "import", "--change", 'ENTRYPOINT ["/pause"]', root, PAUSE_IMAGE])
        run(["docker", "save", "--output", image, PAUSE_IMAGE])
        ctr(places, "images", "import", image)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
