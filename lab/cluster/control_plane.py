"""The control plane: etcd, API server, controller manager and scheduler, each a process on the loopback interface.

Owns their command lines (https://kubernetes.io/docs/reference/command-line-tools-reference). What runs pods is
lab.cluster.node's.
"""

import ssl
import urllib.error
import urllib.request
from pathlib import Path

from lab.cluster.commands import run
from lab.cluster.places import (
    API_PORT,
    ETCD_PEER_PORT,
    ETCD_PORT,
    LOOPBACK,
    NODE_ADDRESS,
    SERVICE_NETWORK,
    Places,
)
from lab.cluster.processes import Part, ensure

API_SERVER = "kube-apiserver"
CLIENT_PORTS = {"kube-controller-manager": 10257, "kube-scheduler": 10259}
NAMES = ("etcd", API_SERVER, *CLIENT_PORTS)
SECONDS = 90


def up(places: Places, programs: Path) -> None:
    """Have the control plane run and the API answer.

    Args:
        places: where the lab is.
        programs: folder with Kubernetes' programs.

    Raises:
        SetupError: a part does not start.
    """
    ensure(Part(places, "etcd"), etcd_command(places), ETCD_PORT, SECONDS)
    api_up(places, programs)
    for name, port in CLIENT_PORTS.items():
        ensure(Part(places, name), command(name, places, programs), port, SECONDS)


def api_up(places: Places, programs: Path) -> None:
    """Have the API server run and be ready."""
    server = Part(places, API_SERVER)
    ensure(server, command(API_SERVER, places, programs), API_PORT, SECONDS, lambda: api_ready(places))


def api_ready(places: Places) -> bool:
    """Whether the API server says that it is ready."""
    try:
        trusted = ssl.create_default_context(cafile=str(places.certificates / "ca.crt"))
        url = f"https://{LOOPBACK}:{API_PORT}/readyz"
        with urllib.request.urlopen(url, timeout=5, context=trusted) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def etcd_command(places: Places) -> list[str]:
    """Etcd with TLS for clients and peers; only our own certificates are let in."""
    keys = places.certificates
    authority, certificate, key = keys / "ca.crt", keys / "etcd.crt", keys / "etcd.key"
    return [
        "etcd",
        "--name=lab",
        f"--data-dir={places.cluster / 'etcd'}",
        f"--listen-client-urls=https://{LOOPBACK}:{ETCD_PORT}",
        f"--advertise-client-urls=https://{LOOPBACK}:{ETCD_PORT}",
        f"--listen-peer-urls=https://{LOOPBACK}:{ETCD_PEER_PORT}",
        f"--initial-advertise-peer-urls=https://{LOOPBACK}:{ETCD_PEER_PORT}",
        f"--initial-cluster=lab=https://{LOOPBACK}:{ETCD_PEER_PORT}",
        "--client-cert-auth",
        f"--trusted-ca-file={authority}",
        f"--cert-file={certificate}",
        f"--key-file={key}",
        "--peer-client-cert-auth",
        f"--peer-trusted-ca-file={authority}",
        f"--peer-cert-file={certificate}",
        f"--peer-key-file={key}",
    ]


def command(name: str, places: Places, programs: Path) -> list[str]:
    """The command line of one of Kubernetes' own servers."""
    flags = {
        API_SERVER: _api_server,
        "kube-controller-manager": _controller_manager,
        "kube-scheduler": _scheduler,
    }[name](places.certificates)
    return [str(programs / name), *(f"--{flag}={value}" for flag, value in flags.items())]


def _api_server(keys: Path) -> dict[str, object]:
    return {
        "bind-address": LOOPBACK,
        "secure-port": API_PORT,
        "advertise-address": NODE_ADDRESS,
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "service-cluster-ip-range": SERVICE_NETWORK,
        "client-ca-file": keys / "ca.crt",
        "tls-cert-file": keys / "apiserver.crt",
        "tls-private-key-file": keys / "apiserver.key",
        "etcd-servers": f"https://{LOOPBACK}:{ETCD_PORT}",
        "etcd-cafile": keys / "ca.crt",
        "etcd-certfile": keys / "etcd-client.crt",
        "etcd-keyfile": keys / "etcd-client.key",
        "kubelet-certificate-authority": keys / "ca.crt",
        "kubelet-client-certificate": keys / "kubelet-client.crt",
        "kubelet-client-key": keys / "kubelet-client.key",
        "kubelet-preferred-address-types": "InternalIP",
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": keys / "tokens.pub",
        "service-account-signing-key-file": keys / "tokens.key",
        "profiling": "false",
    }


def _controller_manager(keys: Path) -> dict[str, object]:
    return {
        **_client(keys / "controller-manager.kubeconfig"),
        "root-ca-file": keys / "ca.crt",
        "service-account-private-key-file": keys / "tokens.key",
        "use-service-account-credentials": "true",
        # 50 s by default: after a restart of the API server the word of the one node may come later than that, and as
        # long as it counts as not ready every node port is closed.
        "node-monitor-grace-period": "5m",
    }


def _scheduler(keys: Path) -> dict[str, object]:
    return _client(keys / "scheduler.kubeconfig")


def _client(kubeconfig: Path) -> dict[str, object]:
    """What the two clients of the API server have alike. There is one of each, so none waits to be elected."""
    return {
        "kubeconfig": kubeconfig,
        "authentication-kubeconfig": kubeconfig,
        "authorization-kubeconfig": kubeconfig,
        "bind-address": LOOPBACK,
        "leader-elect": "false",
        "profiling": "false",
    }


def kubectl(places: Places, *arguments: str, seconds: float = 30) -> str:
    """What kubectl prints, as the cluster's administrator."""
    return run([places.kubectl, f"--kubeconfig={places.kubeconfig}", *arguments], seconds=seconds)
