"""Ends and removes what containers leave when their runtime is stopped beneath them.

Containers and the shims that hold them outlive containerd on purpose. Ours are known by their runtime's socket, which
lies in the lab's folder, and by their control groups.
"""

import hashlib
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import psutil

from lab.cluster.commands import run
from lab.cluster.places import Places
from lab.errors import SetupError

CONTROL_GROUPS = Path("/sys/fs/cgroup")
RUNTIMES = {"containerd", "containerd-shim-runc-v2"}
SHIMS = Path("/run/containerd")  # where shims keep sockets and runc its notes, whatever the runtime's own folders
KUBELET = Path("/var/lib/kubelet")  # where the kubelet keeps its sockets for device plugins, wherever its root is
END_SECONDS = 10
# Folders that the kubelet, the CNI plugins and Docker make at fixed places, removed if nothing of others is in them.
FOLDERS = (
    SHIMS / "runc" / "k8s.io", SHIMS / "runc", SHIMS / "s", SHIMS,
    Path("/var/lib/cni/results"), Path("/var/lib/cni"),
    KUBELET / "device-plugins", KUBELET,
    Path("/var/log/containers"),
    Path("/run/docker/plugins"), Path("/run/docker"),
)  # fmt: skip


def end_containers(places: Places, groups: tuple[str, ...]) -> None:
    """End every container of the lab by force, and the processes that held them.

    Args:
        places: where the lab is.
        groups: names of the top control groups of its containers.

    Raises:
        SetupError: one does not end.
    """
    shims = list(runtime_processes(places))
    arguments = [shim.cmdline() for shim in shims]
    doomed = [shim.pid for shim in shims] + [pid for group in groups for pid in group_processes(group)]
    for pid in doomed:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + END_SECONDS
    while any(_lives(pid) for pid in doomed):
        if time.monotonic() > deadline:
            raise SetupError(f"processes of containers do not end: {[pid for pid in doomed if _lives(pid)]}")
        time.sleep(0.05)
    for words in arguments:
        _remove_socket(words)
    for bundle in (places.run / "containerd" / "io.containerd.runtime.v2.task").glob("*/*"):
        shutil.rmtree(SHIMS / "runc" / bundle.parent.name / bundle.name, ignore_errors=True)
    for group in groups:
        _remove_group(group)


def runtime_processes(places: Places) -> Iterator[psutil.Process]:
    """Containerds and shims that were told a place in the lab's folder."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = process.cmdline()
            ours = any(word.startswith(f"{places.state}/") for word in words)
            if words and ours and Path(words[0]).name in RUNTIMES:
                yield process


def group_processes(group: str, root: Path = CONTROL_GROUPS) -> list[int]:
    """Pids in a control group and all below it, in every hierarchy."""
    files = [file for top in _tops(group, root) for file in top.rglob("cgroup.procs")]
    return sorted({int(pid) for file in files for pid in file.read_text(encoding="ascii").split()})


def unmount_all(places: Places) -> None:
    """Unmount everything below the lab's folder.

    Raises:
        SetupError: something is in use; nothing below the folder may be deleted then.
    """
    for point in mounts(Path("/proc/self/mountinfo").read_text(encoding="utf-8"), places.state):
        run(["umount", point])


def mounts(mountinfo: str, folder: Path) -> list[Path]:
    """Mount points below a folder, the last mounted first (proc(5): field 5 of /proc/PID/mountinfo)."""
    points = [Path(line.split()[4].encode().decode("unicode_escape")) for line in mountinfo.splitlines()]
    return [point for point in reversed(points) if point.is_relative_to(folder)]


def remove_files(places: Places) -> None:
    """Remove what lies outside the lab's folder and is of no use without it."""
    for link in Path("/var/log/containers").glob("*.log"):
        if link.is_symlink() and link.readlink().is_relative_to(places.state):
            link.unlink()
    (KUBELET / "device-plugins" / "kubelet.sock").unlink(missing_ok=True)
    for folder in FOLDERS:
        with suppress(OSError):
            folder.rmdir()


def _remove_socket(words: list[str]) -> None:
    """Remove the socket of a shim that was ended with this command line.

    Its name is the sha256 of what the shim was told (containerd 1.6, runtime/v2/shim: SocketAddress).
    """
    told = dict(pairwise(words))
    if {"-address", "-namespace", "-id"} <= told.keys():
        path = Path(told["-address"]) / told["-namespace"] / told["-id"]
        (SHIMS / "s" / hashlib.sha256(str(path).encode()).hexdigest()).unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _tops(group: str, root: Path) -> list[Path]:
    return [top for top in (root / group, *root.glob(f"*/{group}")) if top.is_dir()]


def _remove_group(group: str) -> None:
    for top in _tops(group, CONTROL_GROUPS):
        for folder, _, _ in os.walk(top, topdown=False):
            with suppress(OSError):  # a process that was just ended still counts for a moment
                Path(folder).rmdir()
