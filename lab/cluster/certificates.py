"""Keys, certificates and kubeconfigs of the cluster, made by the `openssl` command.

One authority signs for all. Who a client is stands in its certificate: the common name is the user, the organization
the group (https://kubernetes.io/docs/reference/access-authn-authz/authentication), and RBAC's default roles know them.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from lab.cluster.commands import run
from lab.cluster.places import API_PORT, CONTEXT, LOOPBACK, NODE_ADDRESS, NODE_NAME, SERVICE_ADDRESS, Places

DAYS = 3650  # a lab is made anew long before
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
NEW_CERTIFICATE = ("openssl", "req", "-x509", *CURVE, "-noenc", "-days", str(DAYS))


@dataclass(frozen=True)
class Identity:
    """Whom a certificate is for.

    Attributes:
        name: of its files.
        user: common name.
        group: organization; "" for none.
        addresses: what a server is reached at, as openssl writes it (`IP:127.0.0.1`, `DNS:localhost`).
    """

    name: str
    user: str
    group: str = ""
    addresses: tuple[str, ...] = ()


IDENTITIES = (
    Identity(
        "apiserver",
        "kube-apiserver",
        addresses=(
            "DNS:localhost",
            "DNS:kubernetes",
            "DNS:kubernetes.default",
            "DNS:kubernetes.default.svc",
            f"IP:{LOOPBACK}",
            f"IP:{NODE_ADDRESS}",
            f"IP:{SERVICE_ADDRESS}",
        ),
    ),
    Identity("etcd", "etcd", addresses=("DNS:localhost", f"IP:{LOOPBACK}")),
    Identity("etcd-client", "kube-apiserver-etcd-client"),
    Identity("kubelet-client", "kube-apiserver-kubelet-client", "system:masters"),
    Identity("admin", "admin", "system:masters"),
    Identity("controller-manager", "system:kube-controller-manager"),
    Identity("scheduler", "system:kube-scheduler"),
    Identity("proxy", "system:kube-proxy"),
    Identity("kubelet", f"system:node:{NODE_NAME}", "system:nodes", (f"DNS:{NODE_NAME}", f"IP:{NODE_ADDRESS}")),
)
CLIENTS = ("admin", "controller-manager", "scheduler", "proxy", "kubelet")


def up(places: Places) -> None:
    """Have all certificates in their folder, and the user's kubeconfig; made together or not at all."""
    folder = places.certificates
    if not folder.exists():
        aside = folder.with_name("certificates.new")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True, mode=0o700)
        _authority(aside)
        for identity in IDENTITIES:
            _sign(aside, identity)
        run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", aside / "tokens.key"])
        run(["openssl", "pkey", "-in", aside / "tokens.key", "-pubout", "-out", aside / "tokens.pub"])
        for client in CLIENTS:
            _write_secret(aside / f"{client}.kubeconfig", kubeconfig(folder, client))
        aside.replace(folder)
    _write_secret(places.kubeconfig, (folder / "admin.kubeconfig").read_text(encoding="utf-8"))


def settings(identity: Identity) -> str:
    """What openssl is told about one certificate (req(1), x509v3_config(5))."""
    group = f"O = {identity.group}\n" if identity.group else ""
    names = f"subjectAltName = {', '.join(identity.addresses)}\n" if identity.addresses else ""
    usage = "clientAuth, serverAuth" if identity.addresses else "clientAuth"
    return f"""[req]
prompt = no
distinguished_name = subject
x509_extensions = extensions
[subject]
{group}CN = {identity.user}
[extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = {usage}
{names}"""


def kubeconfig(folder: Path, client: str) -> str:
    """A kubeconfig that names the files of one client; JSON, which is YAML too."""
    files = {"client-certificate": str(folder / f"{client}.crt"), "client-key": str(folder / f"{client}.key")}
    cluster = {"server": f"https://{LOOPBACK}:{API_PORT}", "certificate-authority": str(folder / "ca.crt")}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": cluster}],
        "users": [{"name": client, "user": files}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": client}}],
        "current-context": CONTEXT,
    }
    return json.dumps(content, indent=2) + "\n"


def _authority(folder: Path) -> None:
    command = [*NEW_CERTIFICATE, "-subj", "/CN=mymodel-serving-lab"]
    usage = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    made = ["-keyout", str(folder / "ca.key"), "-out", str(folder / "ca.crt")]
    run([*command, *usage, *made])


def _sign(folder: Path, identity: Identity) -> None:
    file = folder / f"{identity.name}.cnf"
    file.write_text(settings(identity), encoding="utf-8")
    authority = ["-CA", str(folder / "ca.crt"), "-CAkey", str(folder / "ca.key")]
    made = ["-keyout", str(folder / f"{identity.name}.key"), "-out", str(folder / f"{identity.name}.crt")]
    run([*NEW_CERTIFICATE, "-config", str(file), *authority, *made])
    file.unlink()


def _write_secret(file: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    aside = file.with_name(f".{file.name}.new")
    aside.unlink(missing_ok=True)
    aside.touch(mode=0o600)
    aside.write_text(text, encoding="utf-8")
    aside.replace(file)
