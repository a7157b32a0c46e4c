"""Settings of the kernel that Kubernetes changes: remembered before, put back after."""

import json
from pathlib import Path

from lab.cluster.places import Places

SYSTEM = Path("/proc/sys")
FORWARDING = "net/ipv4/ip_forward"
# Set by the kubelet (vm, kernel), by kube-proxy (route_localnet) and by us.
CHANGED = (
    FORWARDING,
    "net/ipv4/conf/all/route_localnet",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)


def up(places: Places, system: Path = SYSTEM) -> None:
    """Remember the settings, unless that was done, and let packets pass between pods and this machine's networks."""
    file = _file(places)
    if not file.exists():
        found = {name: (system / name).read_text().strip() for name in CHANGED if (system / name).exists()}
        file.parent.mkdir(parents=True, exist_ok=True)
        aside = file.with_suffix(".new")
        aside.write_text(json.dumps(found), encoding="utf-8")
        aside.replace(file)
    (system / FORWARDING).write_text("1")


def restore(places: Places, system: Path = SYSTEM) -> None:
    """Put back what was remembered, and forget it."""
    file = _file(places)
    if not file.exists():
        return
    for name, value in json.loads(file.read_text(encoding="utf-8")).items():
        if (system / name).read_text().strip() != value:
            (system / name).write_text(value)
    file.unlink()


def _file(places: Places) -> Path:
    return places.run / "kernel-settings.json"
