"""A throw-away container: what the engine is asked for, and its end. The docker command is a stand-in that records."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra import container, container_engine
from infra.container import ContainerError, State, throw_away
from infra.project import ROOT

# Writes down what it is asked, and answers from files named like the command.
DOCKER = """#!/bin/sh
echo "$*" >> "$0.asked"
[ -f "$0.$1" ] && { cat "$0.$1"; cat "$0.$1.error" >&2 2>/dev/null; [ ! -f "$0.$1.error" ]; }
exit $?
"""
OWNER = f"{socket.gethostname()}/"
HOLDS_ONE = """
import sys, time
from infra.container import throw_away
with throw_away("image", [], cpus=1, memory_bytes=1):
    print("started", flush=True)
    time.sleep(60)
"""


class Docker:
    """The stand-in, and what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "docker"
        self.path.write_text(DOCKER, encoding="utf-8")
        self.path.chmod(0o755)
        for command in ("create", "start", "rm", "ps"):
            self.answers(command)

    def answers(self, command: str, text: str = "", error: str = "") -> None:
        """Have a command answer; with an error it fails."""
        Path(f"{self.path}.{command}").write_text(text, encoding="utf-8")
        if error:
            Path(f"{self.path}.{command}.error").write_text(error, encoding="utf-8")

    def asked(self) -> list[str]:
        """The commands so far."""
        return Path(f"{self.path}.asked").read_text(encoding="utf-8").splitlines()


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    """The only docker command on the PATH that matters."""
    made = Docker(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return made


def test_a_container_has_a_pods_rights_and_is_gone_at_the_end(docker: Docker) -> None:
    """Unprivileged, read-only, limited, on a free port of loopback; removed with the block."""
    with throw_away("repo@sha256:ab", ["--flag"], cpus=0.5, memory_bytes=1024) as made:
        pass

    _, create, start, remove = docker.asked()
    for right in (
        "--read-only",
        "--user=65532:65532",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--publish=127.0.0.1::8501",
        "--cpus=0.5",
        "--memory=1024",
        "--memory-swap=1024",
        f"--label={container.LABEL}={OWNER}{os.getpid()}",
    ):
        assert f" {right} " in create
    assert create.endswith(" repo@sha256:ab --flag")
    assert start == f"start {made.name}"
    assert remove == f"rm --force --volumes {made.name}"


def test_a_container_goes_after_an_error(docker: Docker) -> None:
    """Whatever happens in the block, or at the start itself, the container is removed."""
    docker.answers("start", error="Error response from daemon: no such port\nError: failed to start")

    with pytest.raises(ContainerError, match="failed to start"), throw_away("i", [], cpus=1, memory_bytes=1):
        pass
    assert docker.asked()[-1].startswith("rm --force --volumes mymodel-image-check-")


def test_a_container_goes_with_a_killed_process(docker: Docker) -> None:
    """SIGKILL leaves no container: what guards it is another process."""
    command = [sys.executable, "-c", HOLDS_ONE]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "started\n"
        assert not [line for line in docker.asked() if line.startswith("rm")]
        holder.send_signal(signal.SIGKILL)

    deadline = time.monotonic() + 10
    while not docker.asked()[-1].startswith("rm --force --volumes mymodel-image-check-"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_leftovers_go_first(docker: Docker) -> None:
    """Containers of dead processes of this machine are removed; those of living ones and of other machines stay."""
    dead = subprocess.run(["sh", "-c", "echo $$"], capture_output=True, text=True, check=True).stdout.strip()
    docker.answers("ps", f"gone {OWNER}{dead}\nlives {OWNER}{os.getppid()}\nelsewhere another-host/{dead}\n")
    with throw_away("i", [], cpus=1, memory_bytes=1) as made:
        pass

    removed = [line.split()[-1] for line in docker.asked() if line.startswith("rm")]
    assert removed == ["gone", made.name]


def test_what_is_asked_of_a_container(docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Port, state, last words and memory are read from the engine's own words; memory from its socket where it can."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    docker.answers("port", "127.0.0.1:32768\n")
    docker.answers("inspect", '{"Status": "exited", "Running": false, "ExitCode": 139, "OOMKilled": true}\n')
    docker.answers("logs", "one\n\ntwo\n  three  \nfour\n")
    docker.answers("stats", "207.5MiB / 1GiB\n")
    found = container.Container("c")

    assert found.port() == 32768
    assert found.state() == State(running=False, exit_code=139, out_of_memory=True)
    assert found.last_words() == "two | three | four"
    assert found.memory_bytes() == 217_579_520
    monkeypatch.setattr(container_engine, "memory_bytes", lambda name: {"c": 512}[name])
    assert found.memory_bytes() == 512


def test_a_missing_command_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a docker command the error says so in a line."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ContainerError, match="no docker command on the PATH"):
        container.Container("c").port()
