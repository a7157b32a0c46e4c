"""The language host as a process of its own, asked over gRPC as the CLI asks it.

A stand-in takes the place of Pulumi's script that runs programs: that one needs an engine. tests/lab/test_engine.py
runs both under the real CLI.
"""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import language_pb2 as messages
from pulumi.runtime.proto.language_pb2_grpc import LanguageRuntimeStub

from lab import language_host, pulumi_build
from tests.lab.processes import assert_gone, wait_until
from tests.lab.stubs import write_program

# Instead of pulumi-language-python-exec: writes down what it got, then runs the program.
RUN_PROGRAM = """
import json, os, runpy, sys
with open("got.json", "w") as file:
    json.dump({"arguments": sys.argv[1:], "environment": dict(os.environ), "python": sys.executable}, file)
runpy.run_path(sys.argv[-1], run_name="__main__")
"""


@dataclass
class Host:
    """A running host, a client of it, and the folder where its programs lie and run."""

    process: subprocess.Popen[str]
    client: LanguageRuntimeStub
    folder: Path

    def info(self, **options: str) -> messages.ProgramInfo:
        """A program in the folder, with options of Pulumi.yaml."""
        struct = struct_pb2.Struct()
        struct.update(options)
        folder = str(self.folder)
        return messages.ProgramInfo(
            root_directory=folder, program_directory=folder, entry_point="program.py", options=struct
        )

    def run(self, program: str, options: dict[str, str] | None = None, **request: Any) -> messages.RunResponse:
        """Write a program, have it run, and return the answer."""
        (self.folder / "program.py").write_text(textwrap.dedent(program), encoding="utf-8")
        answer: messages.RunResponse = self.client.Run(
            messages.RunRequest(info=self.info(**options or {}), **request), timeout=30
        )
        return answer

    def got(self) -> dict[str, Any]:
        """What the program was started with."""
        content: dict[str, Any] = json.loads((self.folder / "got.json").read_text(encoding="utf-8"))
        return content


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """The folder that holds the host and the stand-in, as the CLI's folder does."""
    folder = tmp_path / "cli"
    folder.mkdir()
    (folder / "language_host.py").symlink_to(language_host.__file__)
    (folder / "pulumi-language-python-exec").write_text(RUN_PROGRAM, encoding="utf-8")
    return folder


@pytest.fixture
def host(beside: Path, tmp_path: Path) -> Iterator[Host]:
    """A host started as the CLI does: with pipes, the engine's address last, in the project's folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    command = [sys.executable, str(beside / "language_host.py"), "-v=9", "127.0.0.1:4321"]
    with subprocess.Popen(
        command,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
            yield Host(process, LanguageRuntimeStub(channel), folder)
        process.terminate()
        try:
            process.communicate(timeout=10)
        finally:
            process.kill()


def test_a_program_that_succeeds_leaves_no_error(host: Host) -> None:
    """Exit status 0 is an empty answer."""
    answer = host.run("pass")

    assert (answer.error, answer.bail) == ("", False)


def test_status_32_means_that_the_user_has_been_told(host: Host) -> None:
    """The engine then says nothing more."""
    answer = host.run("raise SystemExit(32)")

    assert (answer.error, answer.bail) == ("", True)


def test_another_status_is_an_error_that_names_it(host: Host) -> None:
    """What the engine shows is what the official host says."""
    answer = host.run("raise SystemExit(3)")

    assert (answer.error, answer.bail) == ("program exited with non-zero exit code: 3", False)


def test_a_signal_is_an_error_that_names_it(host: Host) -> None:
    """A program that the system killed, for want of memory for instance, did not exit by itself."""
    answer = host.run("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")

    assert answer.error == "program was ended by SIGKILL"


def test_output_comes_while_the_program_runs(host: Host) -> None:
    """A line is there before the program ends, without a flush: it waits until the line was seen."""
    (host.folder / "program.py").write_text(
        "import os, sys, time\n"
        "print('out')\n"
        "print('err', file=sys.stderr)\n"
        "while not os.path.exists('seen'): time.sleep(0.01)\n",
        encoding="utf-8",
    )
    call = host.client.Run.future(messages.RunRequest(info=host.info()))

    assert host.process.stdout is not None
    assert host.process.stderr is not None
    assert host.process.stdout.readline() == "out\n"
    assert host.process.stderr.readline() == "err\n"
    assert not call.done()
    (host.folder / "seen").touch()
    assert call.result(timeout=30).error == ""


def test_a_program_ends_when_the_engine_takes_its_call_back(host: Host) -> None:
    """A second interrupt by the user does that: the program is not waited for."""
    (host.folder / "program.py").write_text("import os, time; print(os.getpid()); time.sleep(60)", encoding="utf-8")
    call = host.client.Run.future(messages.RunRequest(info=host.info()))
    assert host.process.stdout is not None
    program = int(host.process.stdout.readline())

    call.cancel()

    assert_gone(program)


def test_the_program_gets_what_the_engine_said(host: Host) -> None:
    """Every argument that pulumi-language-python-exec knows, and the configuration as JSON."""
    host.run(
        "pass",
        monitor_address="127.0.0.1:1234",
        project="shop",
        stack="dev",
        organization="us",
        pwd=str(host.folder),
        dryRun=True,
        parallel=7,
        config={"shop:epochs": "5"},
        configSecretKeys=["shop:password"],
    )

    got = host.got()
    arguments = got["arguments"]
    assert dict(zip(arguments[:-1:2], arguments[1:-1:2], strict=True)) == {
        "--monitor": "127.0.0.1:1234",
        "--engine": "127.0.0.1:4321",
        "--project": "shop",
        "--root_directory": str(host.folder),
        "--stack": "dev",
        "--pwd": str(host.folder),
        "--dry_run": "true",
        "--parallel": "7",
        "--organization": "us",
    }
    assert arguments[-1] == "program.py"
    assert json.loads(got["environment"]["PULUMI_CONFIG"]) == {"shop:epochs": "5"}
    assert json.loads(got["environment"]["PULUMI_CONFIG_SECRET_KEYS"]) == ["shop:password"]


def test_a_handshake_tells_the_engines_address(host: Host) -> None:
    """It replaces the one of the command line."""
    host.client.Handshake(messages.LanguageHandshakeRequest(engine_address="127.0.0.1:9999"))
    host.run("pass")

    assert "127.0.0.1:9999" in host.got()["arguments"]


def test_the_virtualenv_of_the_project_runs_the_program(host: Host) -> None:
    """It is found relative to the project, and activated."""
    virtualenv = host.folder / "env"
    write_program(virtualenv / "bin", "python", f'RAN_BY=env exec {sys.executable} "$@"')

    answer = host.run("pass", {"virtualenv": "env"})

    environment = host.got()["environment"]
    assert answer.error == ""
    assert environment["RAN_BY"] == "env"
    assert environment["VIRTUAL_ENV"] == str(virtualenv)
    assert environment["PATH"].startswith(f"{virtualenv}/bin{os.pathsep}")


def test_without_a_virtualenv_the_hosts_python_runs_the_program(host: Host) -> None:
    """It has the packages, or the host would not run."""
    host.run("pass")

    assert host.got()["python"] == sys.executable


def test_a_missing_virtualenv_is_an_error_that_says_what_to_do(host: Host) -> None:
    """One line: the option, the folder, the command."""
    answer = host.run("pass", {"virtualenv": "env"})

    assert f"virtualenv {host.folder}/env" in answer.error
    assert "make up" in answer.error
    assert "\n" not in answer.error


def test_a_plugin_is_streamed_with_its_exit_status_last(host: Host) -> None:
    """Its arguments, folder and variables are the engine's; what it prints comes piece by piece."""
    (host.folder / "__main__.py").write_text(
        "import os, sys\n"
        "print(sys.argv[1:], os.environ['MODE'], os.getcwd())\n"
        "print('trouble', file=sys.stderr)\n"
        "sys.exit(4)\n",
        encoding="utf-8",
    )
    request = messages.RunPluginRequest(
        info=host.info(), pwd=str(host.folder.parent), args=["a", "b c"], env=["MODE=strict=very"]
    )

    answers = list(host.client.RunPlugin(request, timeout=30))

    assert b"".join(a.stdout for a in answers).decode() == f"['a', 'b c'] strict=very {host.folder.parent}\n"
    assert b"".join(a.stderr for a in answers) == b"trouble\n"
    assert answers[-1].exitcode == 4


def test_a_plugin_ends_when_the_engine_hangs_up(host: Host) -> None:
    """Its process does not outlive the call."""
    (host.folder / "__main__.py").write_text("import os, time; print(os.getpid()); time.sleep(60)", encoding="utf-8")
    call = host.client.RunPlugin(messages.RunPluginRequest(info=host.info()))
    plugin = int(next(call).stdout)

    call.cancel()

    assert_gone(plugin)


def test_a_plugin_without_its_virtualenv_is_refused(host: Host) -> None:
    """As a program is, but as a failed call: this kind of answer has no field for an error."""
    with pytest.raises(grpc.RpcError, match=r"there is no .*/env/bin/python"):
        list(host.client.RunPlugin(messages.RunPluginRequest(info=host.info(virtualenv="env"))))


def test_no_plugins_are_named_in_advance(host: Host) -> None:
    """Neither to the new question nor to the old one."""
    assert not host.client.GetRequiredPackages(messages.GetRequiredPackagesRequest(info=host.info())).packages
    assert not host.client.GetRequiredPlugins(messages.GetRequiredPluginsRequest(info=host.info())).plugins


def test_the_host_tells_about_itself_and_its_python(host: Host) -> None:
    """`pulumi about` shows all three."""
    about = host.client.About(messages.AboutRequest(info=host.info()))
    listed = host.client.GetProgramDependencies(messages.GetProgramDependenciesRequest(info=host.info()))

    assert host.client.GetPluginInfo(empty_pb2.Empty()).version == language_host.VERSION
    assert (about.executable, about.version) == (sys.executable, ".".join(map(str, sys.version_info[:3])))
    assert {package.name: package.version for package in listed.dependencies}["psutil"] == psutil.__version__


def test_dependencies_are_installed_into_the_virtualenv(host: Host) -> None:
    """Its pip runs in the project's folder with the virtualenv's Python; what it prints is streamed."""
    write_program(host.folder / "env" / "bin", "python", 'echo "$PWD: $*"')
    (host.folder / "requirements.txt").touch()

    answers = list(
        host.client.InstallDependencies(messages.InstallDependenciesRequest(info=host.info(virtualenv="env")))
    )

    output = b"".join(answer.stdout for answer in answers).decode()
    assert f"{host.folder}: -m pip install -r requirements.txt\n" in output


def test_a_failed_installation_fails_the_call(host: Host) -> None:
    """The error names the command and its status, after what the command printed."""
    write_program(host.folder / "env" / "bin", "python", "echo 'no such package' >&2; exit 2")
    (host.folder / "requirements.txt").touch()
    answers = host.client.InstallDependencies(messages.InstallDependenciesRequest(info=host.info(virtualenv="env")))
    seen: list[messages.InstallDependenciesResponse] = []

    with pytest.raises(grpc.RpcError, match=r"pip install -r requirements\.txt: exit status 2"):
        seen.extend(answers)

    assert b"".join(answer.stderr for answer in seen) == b"no such package\n"


def test_a_virtualenv_is_made_where_there_is_none(tmp_path: Path) -> None:
    """By the host's own Python, before pip of the new one is asked."""
    info = messages.ProgramInfo(root_directory=str(tmp_path))
    info.options.update({"virtualenv": "env"})
    (tmp_path / "requirements.txt").touch()

    assert language_host.install_commands(info, tmp_path) == [
        [sys.executable, "-m", "venv", f"{tmp_path}/env"],
        [f"{tmp_path}/env/bin/python", "-m", "pip", "install", "-r", "requirements.txt"],
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_host_quietly(host: Host, number: signal.Signals) -> None:
    """That is how the CLI ends it: nothing is printed that would land in the user's diagnostics."""
    host.run("pass")
    host.process.send_signal(number)

    assert host.process.wait(timeout=10) == 0
    assert host.process.communicate() == ("", "")


SLEEPER = """
import os, subprocess, time
child = subprocess.Popen(["sleep", "60"])
with open("pids.new", "w") as file: print(os.getpid(), child.pid, file=file)
os.rename("pids.new", "pids")
time.sleep(60)
"""
OBEDIENT = SLEEPER
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" + SLEEPER


def start_sleeper(client: LanguageRuntimeStub, program: str, folder: Path) -> tuple[Any, list[int]]:
    """Have a program run that sleeps: the call, which must be kept, and the pids of the program and of its child."""
    (folder / "program.py").write_text(program, encoding="utf-8")
    call = client.Run.future(messages.RunRequest(info=messages.ProgramInfo(entry_point="program.py")))
    wait_until((folder / "pids").exists)
    return call, [int(pid) for pid in (folder / "pids").read_text(encoding="utf-8").split()]


@pytest.mark.parametrize("program", [OBEDIENT, DEAF], ids=["obedient", "deaf to SIGTERM"])
def test_all_end_when_nobody_reads_the_output_any_more(program: str, host: Host) -> None:
    """That is how the death of a killed CLI shows: host, program and the program's child end."""
    _call, pids = start_sleeper(host.client, program, host.folder)

    assert host.process.stdout is not None
    host.process.stdout.close()

    for pid in [host.process.pid, *pids]:
        assert_gone(pid)


# Starts the host as a CLI does, but lets it inherit the output, and waits to be killed.
PARENT = """
import subprocess, sys, time
print(subprocess.Popen(sys.argv[1:], start_new_session=True).pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("program", [OBEDIENT, DEAF], ids=["obedient", "deaf to SIGTERM"])
def test_all_end_when_the_parent_is_killed(program: str, beside: Path, tmp_path: Path) -> None:
    """They end too where something else still holds the other end of the output."""
    command = [sys.executable, "-c", PARENT, sys.executable, str(beside / "language_host.py"), "127.0.0.1:4321"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as parent, killed_at_last(parent):
        assert parent.stdout is not None
        host, port = int(parent.stdout.readline()), int(parent.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            _call, pids = start_sleeper(LanguageRuntimeStub(channel), program, tmp_path)

            parent.kill()

            for pid in [host, *pids]:
                assert_gone(pid)


def test_a_python_without_pulumi_is_named(beside: Path) -> None:
    """One line instead of a traceback: which Python it was and what to do."""
    result = subprocess.run(
        [sys.executable, "-I", "-S", str(beside / "language_host.py")], capture_output=True, text=True, check=False
    )

    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert f"{sys.executable} has no package pulumi" in result.stderr


class TestWrapper:
    """pulumi-language-python, the file that the CLI starts: which Python it chooses."""

    @pytest.fixture
    def start(self, beside: Path, tmp_path: Path) -> Callable[..., str]:
        """Start a copy of it in a folder with variables; what the chosen Python prints: its name and arguments."""
        wrapper = beside / "pulumi-language-python"
        wrapper.write_bytes((pulumi_build.MODULES / "pulumi-language-python").read_bytes())
        wrapper.chmod(0o755)
        write_program(tmp_path / "path", "python3", 'echo "python3 $*"')

        def run(folder: Path, **variables: str) -> str:
            folder.mkdir(parents=True, exist_ok=True)
            environment = {"PATH": str(tmp_path / "path"), "PWD": str(folder), **variables}
            result = subprocess.run(
                [wrapper, "-v=9", "engine"], cwd=folder, env=environment, capture_output=True, text=True, check=True
            )
            return result.stdout.replace(str(beside), "BESIDE").strip()

        return run

    @staticmethod
    def make_virtualenv(folder: Path, *packages: str) -> None:
        """A folder that looks like a virtualenv and prints its name when it is used."""
        write_program(folder / "bin", "python", f'echo "{folder.parent.name} $*"')
        for package in packages:
            (folder / "lib" / "python3.11" / "site-packages" / package).mkdir(parents=True)

    def test_the_projects_virtualenv_comes_first(self, start: Callable[..., str], tmp_path: Path) -> None:
        """It is looked for in the working directory and above, before the activated one."""
        self.make_virtualenv(tmp_path / "project" / ".venv", "pulumi", "grpc")
        self.make_virtualenv(tmp_path / "active" / "env", "pulumi", "grpc")

        assert (
            start(tmp_path / "project" / "a" / "b", VIRTUAL_ENV=str(tmp_path / "active" / "env"))
            == "project BESIDE/language_host.py -v=9 engine"
        )

    def test_one_without_the_packages_is_passed_over(self, start: Callable[..., str], tmp_path: Path) -> None:
        """A .venv of something else in a folder above does not matter; the activated one is next."""
        self.make_virtualenv(tmp_path / "project" / ".venv", "pulumi")
        self.make_virtualenv(tmp_path / "active" / "env", "pulumi", "grpc")

        assert start(tmp_path / "project", VIRTUAL_ENV=str(tmp_path / "active" / "env")).startswith("active ")

    def test_python3_is_the_last_resort(self, start: Callable[..., str], tmp_path: Path) -> None:
        """The host itself then says whether that one will do."""
        assert start(tmp_path / "project") == "python3 BESIDE/language_host.py -v=9 engine"


@contextmanager
def killed_at_last(process: subprocess.Popen[str]) -> Iterator[None]:
    """Leave no process behind, whatever the test found."""
    try:
        yield
    finally:
        process.kill()
