"""What is left of containers: found by files and by processes of a test's own."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from lab.cluster import leftovers
from lab.cluster.places import Places

MOUNTINFO = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
40 27 8:1 / /var/lib/lab/docker rw shared:1 - ext4 /dev/vda rw
41 27 0:50 / /var/lib/lab/run/rootfs rw - overlay overlay rw
42 41 0:51 / /var/lib/lab/run/rootfs/with\\040space rw - tmpfs tmpfs rw
43 27 0:52 / /var/lib/labour/x rw - tmpfs tmpfs rw
"""


def test_mounts_below_the_folder_are_found_the_last_first() -> None:
    """One inside another has to go before it; a folder with a longer name is not ours."""
    assert leftovers.mounts(MOUNTINFO, Path("/var/lib/lab")) == [
        Path("/var/lib/lab/run/rootfs/with space"),
        Path("/var/lib/lab/run/rootfs"),
        Path("/var/lib/lab/docker"),
    ]


def test_the_pids_of_a_control_group_are_those_of_every_hierarchy(tmp_path: Path) -> None:
    """Version 1 has the group once for each controller, version 2 once for all; both are read with all below."""
    for group, pids in (
        ("kubepods/a", "12\n7\n"),
        ("cpu/kubepods", ""),
        ("cpu/kubepods/pod/b", "12\n30\n"),
        ("x", "9\n"),
    ):
        (tmp_path / group).mkdir(parents=True)
        (tmp_path / group / "cgroup.procs").write_text(pids)

    assert leftovers.group_processes("kubepods", tmp_path) == [7, 12, 30]


@pytest.mark.skipif(sys.platform != "linux", reason="the lab runs on Linux only")
def test_only_runtimes_that_were_told_our_folder_are_ours(tmp_path: Path) -> None:
    """Another lab's, and another program with our folder among its arguments, are left alone."""
    ours, theirs = Places(tmp_path / "ours", tmp_path), Places(tmp_path / "theirs", tmp_path)
    commands = [
        ["/usr/bin/containerd-shim-runc-v2", "-address", f"{ours.state}/containerd.sock"],
        ["/usr/bin/containerd-shim-runc-v2", "-address", f"{theirs.state}/containerd.sock"],
        ["other", "-address", f"{ours.state}/containerd.sock"],
    ]
    code = "import time, sys; print(flush=True); time.sleep(60)"
    started = [
        subprocess.Popen([name, "-c", code, *words], executable=sys.executable, stdout=subprocess.PIPE)
        for name, *words in commands
    ]
    try:
        for process in started:
            assert process.stdout is not None
            process.stdout.readline()
        assert [process.pid for process in leftovers.runtime_processes(ours)] == [started[0].pid]
    finally:
        for process in started:
            process.kill()
            process.communicate()


def test_files_elsewhere_go_if_they_are_ours(places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders stay if something else is in them."""
    shared, own = tmp_path / "shared", tmp_path / "own"
    for folder in (shared, own):
        folder.mkdir()
    (shared / "foreign").touch()
    monkeypatch.setattr(leftovers, "FOLDERS", (shared, own, tmp_path / "absent"))
    monkeypatch.setattr(leftovers, "KUBELET", tmp_path / "kubelet")

    leftovers.remove_files(places)

    assert shared.exists()
    assert not own.exists()


@pytest.mark.parametrize("namespace", ["k8s.io", "moby"])
def test_the_socket_of_a_shim_goes_with_it(namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name is made of the address, namespace and id that the shim was told; a live lab confirmed it."""
    monkeypatch.setattr(leftovers, "SHIMS", tmp_path)
    (tmp_path / "s").mkdir()
    words = ["/usr/bin/containerd-shim-runc-v2", "-namespace", namespace, "-id", "1234", "-address", "/run/c.sock"]
    socket = tmp_path / "s" / hashlib.sha256(f"/run/c.sock/{namespace}/1234".encode()).hexdigest()
    socket.touch()

    leftovers._remove_socket(words)

    assert not socket.exists()
