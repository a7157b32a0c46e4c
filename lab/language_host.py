"""The Python language host of a Pulumi CLI that was built from its Go module, which comes without one.

The CLI starts it, reads its port from standard output and asks it over gRPC (service LanguageRuntime, whose messages
the pulumi package describes) to run programs and plugins. It runs them as the official host of Pulumi 3.259 does, with
two differences: it names no plugins to fetch, and it ends with the CLI, whatever that one died of, and takes what it
runs along. It generates no code: `pulumi import`, `pulumi convert` and `pulumi package` need the official CLI.

This one file is copied beside the CLI and must not import anything of this project.
"""

# ruff: noqa: N802, ARG002 - the service's names and arguments, whether needed or not
# ruff: noqa: E402 - the protocol is imported after the way to it is paved

import json
import os
import queue
import select
import signal
import subprocess
import sys
import threading
import time
import types
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def import_only_the_protocol() -> None:
    """Make `pulumi.runtime.proto` importable without the rest of pulumi, which costs 0.2 s and is not needed here."""
    package = find_spec("pulumi")
    if package is None or package.submodule_search_locations is None or find_spec("grpc") is None:
        sys.exit(
            f"pulumi-language-python: {sys.executable} has no package pulumi: run `make up` in the project's folder, "
            "or activate a virtualenv that has it"
        )
    folder = Path(package.submodule_search_locations[0])
    for name, path in (("pulumi", folder), ("pulumi.runtime", folder / "runtime")):
        module = types.ModuleType(name)
        module.__path__ = [str(path)]
        sys.modules[name] = module


if __name__ == "__main__":
    import_only_the_protocol()

import grpc
from pulumi.runtime.proto import language_pb2 as messages
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto.language_pb2_grpc import LanguageRuntimeServicer, add_LanguageRuntimeServicer_to_server

VERSION = "1.0.0"
RUN_PROGRAM = Path(__file__).absolute().with_name("pulumi-language-python-exec")
# The exit status of a program that has already told the user what went wrong (pulumi-language-python-exec).
EXIT_ALREADY_REPORTED = 32
PIPED = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
MESSAGE_BYTES = 400 * 1024 * 1024  # as the SDK and the engine allow


class ProgramError(Exception):
    """The program cannot be started. The message is one line for the user."""


class Children:
    """The processes this host runs: in its own process group, so that they can be ended together."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()

    def start(self, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start `command` without standard input; `options` are Popen's."""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
        self._running.add(process)
        return process

    def wait(self, process: subprocess.Popen[bytes]) -> int:
        """The exit status of a process that `start` started."""
        status = process.wait()
        self._running.discard(process)
        return status

    def end(self) -> None:
        """End what still runs: politely, after a second by force, which ends this process as well.

        The caller ignores SIGTERM, since this process is in the group too.
        """
        if not self._running:
            return
        os.killpg(0, signal.SIGTERM)
        deadline = time.monotonic() + 1
        while any(process.poll() is None for process in list(self._running)):
            if time.monotonic() > deadline:
                os.killpg(0, signal.SIGKILL)
            time.sleep(0.02)


class LanguageHost(LanguageRuntimeServicer):
    """Answers the engine."""

    def __init__(self, engine: str, children: Children) -> None:
        self._engine = engine
        self._children = children

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> messages.LanguageHandshakeResponse:
        """Learn the engine's address, where it was not an argument."""
        self._engine = request.engine_address or self._engine
        return messages.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """Tell this host's version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetRequiredPackages(self, request: Any, context: grpc.ServicerContext) -> messages.GetRequiredPackagesResponse:
        """Name no plugins: the engine looks for one when a resource asks for it."""
        return messages.GetRequiredPackagesResponse()

    def GetRequiredPlugins(self, request: Any, context: grpc.ServicerContext) -> messages.GetRequiredPluginsResponse:
        """Name no plugins; the older form of the question."""
        return messages.GetRequiredPluginsResponse()

    def Run(self, request: Any, context: grpc.ServicerContext) -> messages.RunResponse:
        """Run a program to its end. What it prints goes to this process's own output, which the engine reads."""
        environment = {
            **program_environment(request.info),
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        try:
            command = [python_of(request.info), str(RUN_PROGRAM), *run_arguments(request, self._engine)]
        except ProgramError as error:
            return messages.RunResponse(error=str(error))
        status = self._children.wait(self._start(command, context, env=environment))
        if status == EXIT_ALREADY_REPORTED:
            return messages.RunResponse(bail=True)
        return messages.RunResponse(error=describe_exit(status))

    def RunPlugin(self, request: Any, context: grpc.ServicerContext) -> Iterator[messages.RunPluginResponse]:
        """Run a plugin written in Python (a policy pack, for one), streaming its output, then its exit status."""
        environment = {**program_environment(request.info), **dict(entry.split("=", 1) for entry in request.env)}
        try:
            command = [python_of(request.info), request.info.program_directory, *request.args]
        except ProgramError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        process = self._start(command, context, cwd=request.pwd or None, env=environment, **PIPED)
        for stream, content in output_of(process):
            yield (
                messages.RunPluginResponse(stdout=content)
                if stream == "stdout"
                else messages.RunPluginResponse(stderr=content)
            )
        yield messages.RunPluginResponse(exitcode=self._children.wait(process))

    def InstallDependencies(
        self, request: Any, context: grpc.ServicerContext
    ) -> Iterator[messages.InstallDependenciesResponse]:
        """Make the program's virtualenv, if it names one, and install its requirements.txt, streaming the output."""
        folder = request.info.program_directory or request.directory
        for command in install_commands(request.info, Path(folder)):
            yield messages.InstallDependenciesResponse(stdout=f"{' '.join(command)}\n".encode())
            process = self._start(command, context, cwd=folder, **PIPED)
            for stream, content in output_of(process):
                yield messages.InstallDependenciesResponse(**{stream: content})
            status = self._children.wait(process)
            if status != 0:
                context.abort(grpc.StatusCode.ABORTED, f"{' '.join(command)}: exit status {status}")

    def About(self, request: Any, context: grpc.ServicerContext) -> messages.AboutResponse:
        """Tell which Python runs the program."""
        script = "import sys, platform; print(sys.executable); print(platform.python_version())"
        executable, version = self._ask_python(request.info, script, context).splitlines()
        return messages.AboutResponse(executable=executable, version=version)

    def GetProgramDependencies(
        self, request: Any, context: grpc.ServicerContext
    ) -> messages.GetProgramDependenciesResponse:
        """List the packages of the program's Python, direct and transitive alike."""
        script = "import importlib.metadata as m; [print(d.name, d.version) for d in m.distributions()]"
        lines = self._ask_python(request.info, script, context).splitlines()
        return messages.GetProgramDependenciesResponse(
            dependencies=[
                messages.DependencyInfo(name=name, version=version) for name, version in map(str.split, sorted(lines))
            ]
        )

    def _start(self, command: list[str], context: grpc.ServicerContext, **options: Any) -> subprocess.Popen[bytes]:
        """Start a command that is killed when the engine takes its call back."""
        process = self._children.start(command, **options)
        if not context.add_callback(process.kill):
            process.kill()
        return process

    def _ask_python(self, info: Any, script: str, context: grpc.ServicerContext) -> str:
        try:
            command = [python_of(info), "-c", script]
        except ProgramError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def virtualenv_of(info: Any) -> Path | None:
    """The folder that the option `virtualenv` of Pulumi.yaml names, relative to the project; None without one."""
    option = dict(info.options).get("virtualenv")
    return Path(info.root_directory or info.program_directory) / str(option) if option else None


def python_of(info: Any) -> str:
    """The Python that runs the program: its virtualenv's, else the one that runs this host.

    Raises:
        ProgramError: the virtualenv is not there.
    """
    virtualenv = virtualenv_of(info)
    if virtualenv is None:
        return sys.executable
    python = virtualenv / "bin" / "python"
    if not python.exists():
        raise ProgramError(
            f"Pulumi.yaml names the virtualenv {virtualenv}, but there is no {python}: "
            "run `make up` or `pulumi install`"
        )
    return str(python)


def program_environment(info: Any) -> dict[str, str]:
    """The variables a program gets: this process's, with its virtualenv activated and its output not held back."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    virtualenv = virtualenv_of(info)
    if virtualenv is not None:
        environment["VIRTUAL_ENV"] = str(virtualenv)
        environment["PATH"] = os.pathsep.join([str(virtualenv / "bin"), environment.get("PATH", "")])
        environment.pop("PYTHONHOME", None)
    return environment


def run_arguments(request: Any, engine: str) -> list[str]:
    """Arguments of pulumi-language-python-exec for a RunRequest; what is empty is left out."""
    named = {
        "monitor": request.monitor_address,
        "engine": engine,
        "project": request.project,
        "root_directory": request.info.root_directory,
        "stack": request.stack,
        "pwd": request.pwd,
        "dry_run": "true" if request.dryRun else "false",
        "parallel": str(request.parallel),
        "organization": request.organization,
    }
    flags = [part for name, value in named.items() if value for part in (f"--{name}", value)]
    return [*flags, request.info.entry_point or request.program or ".", *request.args]


def describe_exit(status: int) -> str:
    """The error the engine shows for an exit status: none for 0; a signal's name for a negative one."""
    if status == 0:
        return ""
    if status < 0:
        return f"program was ended by {signal.Signals(-status).name}"
    return f"program exited with non-zero exit code: {status}"


def install_commands(info: Any, folder: Path) -> list[list[str]]:
    """What `pulumi install` has to run for a program in `folder`."""
    virtualenv = virtualenv_of(info)
    commands = []
    python = sys.executable
    if virtualenv is not None:
        python = str(virtualenv / "bin" / "python")
        if not Path(python).exists():
            commands.append([sys.executable, "-m", "venv", str(virtualenv)])
    if (folder / "requirements.txt").exists():
        commands.append([python, "-m", "pip", "install", "-r", "requirements.txt"])
    return commands


def output_of(process: subprocess.Popen[bytes]) -> Iterator[tuple[str, bytes]]:
    """What a process prints, as it comes, each piece with `stdout` or `stderr`; ends when it has closed both."""
    pieces: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()

    def read(name: str, file: int) -> None:
        while content := os.read(file, 1 << 16):
            pieces.put((name, content))
        pieces.put((name, b""))

    for name, pipe in (("stdout", process.stdout), ("stderr", process.stderr)):
        if pipe is not None:
            threading.Thread(target=read, args=(name, pipe.fileno()), daemon=True).start()
    still_open = 2
    while still_open:
        name, content = pieces.get()
        if content:
            yield name, content
        else:
            still_open -= 1


def serve(engine: str, children: Children) -> grpc.Server:
    """Serve on a free loopback port and print that port. The caller keeps the server: it ends when it is forgotten."""
    limits = [("grpc.max_receive_message_length", MESSAGE_BYTES), ("grpc.max_send_message_length", MESSAGE_BYTES)]
    server = grpc.server(ThreadPoolExecutor(max_workers=32), options=limits)
    add_LanguageRuntimeServicer_to_server(LanguageHost(engine, children), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    return server


def wait_for_the_end_of(parent: int) -> None:
    """Return when nobody reads our output any more, or when `parent` is gone.

    A CLI that was killed sends no signal, but its end of our output closes with it.
    """
    output = select.poll()
    output.register(sys.stdout.fileno(), 0)
    closed = select.POLLERR | select.POLLHUP
    while os.getppid() == parent:
        if any(event & closed for _, event in output.poll(500)):
            return


def main() -> None:
    """Serve until the CLI, whose address is the last argument, says that it is done, or is gone."""
    parent = os.getppid()
    children = Children()

    def end(*_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        children.end()
        os._exit(0)  # threads that wait for a program must not delay the end

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    if os.getpgrp() != os.getpid():  # the CLI starts plugins so already; Children.end relies on it
        os.setpgid(0, 0)
    server = serve(sys.argv[-1] if len(sys.argv) > 1 else "", children)
    wait_for_the_end_of(parent)
    del server
    end()


if __name__ == "__main__":
    main()
