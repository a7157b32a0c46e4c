"""The docker command line: which one of those on this machine can build, and what it is asked.

Owns the commands. Credentials lie in a configuration folder of their own while a command runs, never on a command line.
"""

import base64
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lab.plugins.commands import Commands

# Looked at after PATH: distributions put a complete client here, where another on PATH may lack what builds need.
USUAL_CLIENT = "/usr/bin/docker"
LAST_WITH_BUILDKIT_BUILT_IN = 22  # Docker 23 made buildx, a separate plugin, the builder
NO_DAEMON = "failed to connect to any docker daemon"
ERROR_LINES = 12  # of a failed command's output that are shown


class DockerError(Exception):
    """A command failed. The message ends with what it said last."""


@dataclass(frozen=True)
class Credentials:
    """Of a registry.

    Args:
        key: under which a Docker configuration keeps them.
        username: of the account.
        password: or token; never printed.
    """

    key: str
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Build:
    """What is built; the names are docker's own."""

    context: str
    dockerfile: str
    args: Mapping[str, str]
    platform: str
    target: str
    network: str
    hosts: list[str]
    cache_from: list[str]
    buildkit: bool


class DockerClient:
    """A Docker engine, asked through the docker command.

    Args:
        commands: how it is run.
        host: address of the engine; empty for the user's own setting.
    """

    def __init__(self, commands: Commands, host: str) -> None:
        self._commands = commands
        self._environment = {**os.environ, **({"DOCKER_HOST": host} if host else {})}

    def ping(self) -> None:
        """Ask whether the engine runs.

        Raises:
            DockerError: it does not, or there is no docker command.
        """
        try:
            answer = self._commands.run(["docker", "version", "--format={{.Server.Version}}"], "", self._environment)
        except FileNotFoundError:
            raise DockerError(f"{NO_DAEMON}: there is no docker command on PATH") from None
        if answer.status != 0:
            raise DockerError(NO_DAEMON)

    def build(self, build: Build, name: str, credentials: Credentials | None, say: Callable[[str], None]) -> str:
        """Build an image and give it a name; returns its id (`sha256:...`).

        Raises:
            DockerError: there is no client that can build, or the build failed.
        """
        client = self._builder() if build.buildkit else "docker"
        options = [f"--{option}={value}" for option, value in _named_options(build)]
        with tempfile.TemporaryDirectory(prefix="docker-build-") as folder, self._with(credentials) as environment:
            id_file = Path(folder) / "id"
            command = [client, "build", *options, f"--tag={name}", f"--iidfile={id_file}", build.context]
            builder = {
                "DOCKER_BUILDKIT": "1" if build.buildkit else "0",
                "BUILDX_BUILDER": "default",  # the engine's own: any other keeps its images to itself
                "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
            }
            self._follow(command, say, environment | builder, credentials, f"{name} could not be built")
            return id_file.read_text(encoding="utf-8").strip()

    def push(self, name: str, credentials: Credentials | None, say: Callable[[str], None]) -> str:
        """Push an image; returns the digest that the registry has it by (`sha256:...`).

        Raises:
            DockerError: it was refused, or nobody answers.
        """
        with self._with(credentials) as environment:
            output = self._follow(
                ["docker", "push", name], say, environment, credentials, f"{name} could not be pushed"
            )
        found = re.search(r"digest: (sha256:[0-9a-f]{64})", output)
        if found is None:
            raise DockerError(f"{name} was pushed, but docker did not tell its digest: {_last_lines(output)}")
        return found[1]

    def _follow(
        self,
        command: list[str],
        say: Callable[[str], None],
        environment: Mapping[str, str],
        credentials: Credentials | None,
        failed: str,
    ) -> str:
        answer = self._commands.follow(command, say, environment)
        if answer.status != 0:
            said = _last_lines(answer.output)
            if credentials is not None:
                said = said.replace(credentials.password, "[secret]")
            raise DockerError(f"{failed}: {said}")
        return answer.output

    def _builder(self) -> str:
        """The first docker command that can build with BuildKit: by itself, or with buildx.

        Raises:
            DockerError: none can.
        """
        on_path = [shutil.which("docker", path=folder) for folder in os.get_exec_path(self._environment)]
        clients = [client for client in [*on_path, shutil.which(USUAL_CLIENT)] if client]
        for client in dict.fromkeys(clients):
            version = re.search(r"version (\d+)\.", self._commands.run([client, "--version"]).output)
            if version is not None and int(version[1]) <= LAST_WITH_BUILDKIT_BUILT_IN:
                return client
            if self._commands.run([client, "buildx", "version"], "", self._environment).status == 0:
                return client
        found = ", ".join(dict.fromkeys(clients)) or "no docker command"
        raise DockerError(f"no docker client that can build with BuildKit (found {found}): install docker-buildx")

    @contextmanager
    def _with(self, credentials: Credentials | None) -> Iterator[dict[str, str]]:
        """Variables for a command, with a configuration of its own that has the credentials, if any are given."""
        if credentials is None:
            yield self._environment
            return
        users = Path(self._environment.get("DOCKER_CONFIG") or Path.home() / ".docker")
        with tempfile.TemporaryDirectory(prefix="docker-config-") as folder:
            for name in ("cli-plugins", "contexts"):
                if (users / name).is_dir():
                    (Path(folder) / name).symlink_to(users / name)
            file = Path(folder) / "config.json"
            file.write_text(json.dumps(_configuration(users / "config.json", credentials)), encoding="utf-8")
            yield self._environment | {"DOCKER_CONFIG": folder}


def _configuration(users: Path, credentials: Credentials) -> dict[str, object]:
    """The user's configuration with other credentials for one registry, which no helper may override."""
    try:
        configuration = json.loads(users.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        configuration = {}
    for helper in ("credsStore", "credHelpers"):
        configuration.pop(helper, None)
    pair = base64.b64encode(f"{credentials.username}:{credentials.password}".encode()).decode()
    return {**configuration, "auths": {**configuration.get("auths", {}), credentials.key: {"auth": pair}}}


def _named_options(build: Build) -> Iterator[tuple[str, str]]:
    yield "file", build.dockerfile
    for option, value in (("platform", build.platform), ("target", build.target), ("network", build.network)):
        if value:
            yield option, value
    if build.buildkit:
        yield "progress", "plain"
    for option, values in (
        ("build-arg", [f"{key}={value}" for key, value in build.args.items()]),
        ("add-host", build.hosts),
        ("cache-from", build.cache_from),
    ):
        for value in values:
            yield option, value


def _last_lines(output: str) -> str:
    lines = [line.rstrip() for line in output.strip().splitlines() if line.strip()]
    return "\n".join(lines[-ERROR_LINES:]) or "docker said nothing"
