"""A throw-away container of the Docker engine: started as unprivileged as a pod, reached on loopback, gone at the end.

Owns the docker commands, the container's rights and its end, which comes even if this process is killed. Does not know
what runs in it. The docker command finds its engine as the user's own commands do (DOCKER_HOST, contexts).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil

from infra import container_engine
from infra.config_rules import quantity
from infra.naming import LOOPBACK
from infra.pod import REST_PORT, USER

LABEL = "mymodel-serving.throw-away-of"
PULL_SECONDS = 600.0  # an image that the engine does not have any more comes from its registry
ANSWER_SECONDS = 60.0
LOG_LINES = 3
LOG_LETTERS = 400
# Waits for this process: `read` ends well where it says that it is done, and at once where it died. Then a start that
# was under way may still come to its end, so the container is removed for a while.
GUARD = """
read -r _ || for _ in 1 2 3 4 5 6 7 8 9 10; do docker rm --force --volumes "$1"; sleep 1; done
docker rm --force --volumes "$1"
"""


class ContainerError(Exception):
    """The engine refused; the message is its own words on one line."""


@dataclass(frozen=True)
class State:
    """Whether a container runs; if not, how its process ended."""

    running: bool
    exit_code: int
    out_of_memory: bool


@dataclass(frozen=True)
class Container:
    """A container that was started."""

    name: str

    def port(self) -> int:
        """The port of this machine's loopback interface that leads to the REST port.

        Raises:
            ContainerError: there is none: it ended, or its engine is another machine's.
        """
        return int(_docker("port", self.name, f"{REST_PORT}/tcp").rpartition(":")[2])

    def state(self) -> State:
        """Whether it runs, and if not how it ended."""
        found = json.loads(_docker("inspect", "--format", "{{json .State}}", self.name))
        return State(found["Running"], found["ExitCode"], found["OOMKilled"])

    def last_words(self) -> str:
        """The last lines of its log, as one."""
        told = subprocess.run(
            ["docker", "logs", "--tail", "50", self.name],  # noqa: S607 - the user's own docker
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=ANSWER_SECONDS,
            check=False,
        ).stdout
        lines = [" ".join(line.split()) for line in told.splitlines() if line.strip()]
        return " | ".join(lines[-LOG_LINES:])[-LOG_LETTERS:] or "nothing"

    def memory_bytes(self) -> int:
        """What it holds now, without the cache of files that it has read."""
        if (known := container_engine.memory_bytes(self.name)) is not None:
            return known
        used = _docker("stats", "--no-stream", "--format", "{{.MemUsage}}", self.name).partition("/")[0].strip()
        return int(quantity(used.removesuffix("B")) or 0)


@contextmanager
def throw_away(image: str, arguments: Sequence[str], *, cpus: float, memory_bytes: int) -> Iterator[Container]:
    """A container of an image that ends with the block, and soon after this process if that is killed.

    Args:
        image: reference; it is pulled if the engine does not have it.
        arguments: of its entry point.
        cpus: that it may use.
        memory_bytes: that it may use; with more the kernel ends it.

    Raises:
        ContainerError: the engine refused, or does not have the image and cannot get it.
    """
    _remove_leftovers()
    name = f"mymodel-image-check-{uuid.uuid4().hex[:12]}"
    with _guard(name):
        # Created first and then started: an image that takes minutes to come is no container yet that would run on.
        _docker("create", "--name", name, *_rights(cpus, memory_bytes), image, *arguments, seconds=PULL_SECONDS)
        _docker("start", name)
        yield Container(name)


def _rights(cpus: float, memory_bytes: int) -> list[str]:
    """The options that give it what a pod has (infra.pod), and no more."""
    return [
        f"--label={LABEL}={socket.gethostname()}/{os.getpid()}",
        f"--publish={LOOPBACK}::{REST_PORT}",
        "--read-only",
        f"--user={USER}:{USER}",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        f"--cpus={cpus:g}",
        f"--memory={memory_bytes}",
        f"--memory-swap={memory_bytes}",
    ]


@contextmanager
def _guard(name: str) -> Iterator[None]:
    """A shell that removes the container when told, or when this process is no more; it outlives a Ctrl-C."""
    command = ["sh", "-c", GUARD, "guard", name]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True) as shell:
        try:
            yield
        finally:
            with suppress(BrokenPipeError):
                shell.communicate(b"done\n")


def _remove_leftovers() -> None:
    """Remove the containers of processes of this machine that are no more."""
    listed = _docker("ps", "--all", "--filter", f"label={LABEL}", "--format", f'{{{{.ID}}}} {{{{.Label "{LABEL}"}}}}')
    for line in listed.splitlines():
        identity, _, owner = line.partition(" ")
        host, _, pid = owner.rpartition("/")
        if host == socket.gethostname() and not psutil.pid_exists(int(pid)):
            _docker("rm", "--force", "--volumes", identity)


def _docker(*arguments: str, seconds: float = ANSWER_SECONDS) -> str:
    try:
        done = subprocess.run(
            ["docker", *arguments],  # noqa: S607 - the user's own docker
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except FileNotFoundError:
        raise ContainerError("there is no docker command on the PATH: install Docker's command line") from None
    except subprocess.TimeoutExpired:
        raise ContainerError(f"docker {arguments[0]} did not end within {seconds:g} s") from None
    if done.returncode != 0:
        words = done.stderr.strip().splitlines() or [f"docker {arguments[0]} ended with status {done.returncode}"]
        raise ContainerError(words[-1])
    return done.stdout
