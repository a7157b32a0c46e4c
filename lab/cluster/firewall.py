"""Takes back the rules that kube-proxy, the kubelet and Docker leave in iptables when they end.

Everything they add is a chain of theirs, a rule that leads to one, or a rule about a bridge of Docker's.
"""

import re

from lab.cluster.commands import run
from lab.errors import SetupError

KUBERNETES = r"-j KUBE-"
DOCKER = r"-j DOCKER|docker0|\bbr-[0-9a-f]{12}\b"


def clean(*, docker: bool) -> None:
    """Remove the rules of Kubernetes, and those of Docker if the engine was the lab's own."""
    for version in ("iptables", "ip6tables"):
        try:
            rules = run([f"{version}-save"])
        except SetupError:  # a kernel without IPv6
            continue
        script = removal(rules, docker=docker)
        if script:
            run([f"{version}-restore", "--noflush"], text=script)


def removal(saved: str, *, docker: bool) -> str:
    """What `iptables-restore --noflush` has to be told to undo what `iptables-save` shows; "" if there is nothing.

    Args:
        saved: output of iptables-save.
        docker: whether Docker's rules go as well.
    """
    chains = "KUBE-|DOCKER" if docker else "KUBE-"
    rules = f"{KUBERNETES}|{DOCKER}" if docker else KUBERNETES
    script: list[str] = []
    for table in re.findall(r"^\*(\w+)\n(.*?)^COMMIT$", saved, re.MULTILINE | re.DOTALL):
        name, lines = table[0], table[1].splitlines()
        ours = [line[1:].split()[0] for line in lines if re.match(f":(?:{chains})", line)]
        deleted = [
            line.replace("-A", "-D", 1)
            for line in lines
            if line.startswith("-A ") and line.split()[1] not in ours and re.search(rules, line)
        ]
        if ours or deleted:
            # A chain can go when it is empty and nothing leads to it.
            flushed = [f"-F {chain}" for chain in ours]
            script += [f"*{name}", *deleted, *flushed, *(f"-X {chain}" for chain in ours), "COMMIT"]
    return "\n".join([*script, ""]) if script else ""
