"""The Debian packages that the lab's programs come in: which are missing, and their installation.

A package is asked for only if its program is not there, so programs of another origin are left alone.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from lab.cluster.commands import run_logged, search_path
from lab.errors import SetupError
from lab.progress import say

ENGINE = "docker.io"
PACKAGES = {
    ENGINE: "dockerd",
    "containerd": "containerd",
    "runc": "runc",
    "docker-registry": "docker-registry",
    "containernetworking-plugins": "/usr/lib/cni/bridge",
    "etcd-server": "etcd",
    "debootstrap": "debootstrap",
    "iptables": "iptables",
    "iproute2": "ip",
    "openssl": "openssl",
}
SECONDS = 300
POLICY = Path("/usr/sbin/policy-rc.d")
# Exit status 101 forbids to start a service (invoke-rc.d(8), POLICY).
FORBID = "#!/bin/sh\nexit 101\n"


def _found(program: str) -> bool:
    return Path(program).exists() if program.startswith("/") else shutil.which(program, path=search_path()) is not None


def missing(*, engine: bool, found: Callable[[str], bool] = _found) -> list[str]:
    """The packages whose program is needed and not on this machine.

    Args:
        engine: whether a Docker engine answers already.
        found: tells whether a program is there, by name or absolute path.
    """
    needed = {package: program for package, program in PACKAGES.items() if not (engine and package == ENGINE)}
    return [package for package, program in needed.items() if not found(program)]


def install(log: Path, *, engine: bool) -> None:
    """Install what is missing. Services that come with the packages are not started: the lab starts its own.

    Args:
        log: where apt's words go.
        engine: whether a Docker engine answers already.

    Raises:
        SetupError: apt is not here, or failed.
    """
    needed = missing(engine=engine)
    if not needed:
        return
    if shutil.which("apt-get") is None:
        raise SetupError(
            f"the lab needs {', '.join(needed)}, and only knows apt-get to install them: install these programs "
            "yourself, or use any Docker and cluster (README)"
        )
    say(f"Installing Debian packages: {' '.join(needed)}")
    ours = not POLICY.exists()
    if ours:
        POLICY.write_text(FORBID, encoding="ascii")
        POLICY.chmod(0o755)
    try:
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        run_logged("apt-get update", ["apt-get", "update"], log, seconds=SECONDS, environment=quiet)
        command = ["apt-get", "install", "--yes", "--no-install-recommends", *needed]
        run_logged("apt-get install", command, log, seconds=SECONDS, environment=quiet)
    finally:
        if ours:
            POLICY.unlink()
    absent = missing(engine=engine)
    if absent:
        raise SetupError(f"apt-get installed {', '.join(absent)}, whose programs are not found: see {log}")
