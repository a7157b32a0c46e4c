"""The CLI that lab obtains, at work: programs run on a file backend in a temporary folder."""

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.lab.processes import assert_gone, wait_until

pytestmark = [pytest.mark.cli, pytest.mark.timeout(120)]

PROJECT = f"""
name: tiny
runtime:
  name: python
  options:
    virtualenv: {sys.prefix}
config:
  greeting:
    type: string
    default: hello
"""
THINGS = """
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class Provider(ResourceProvider):
    def create(self, props):
        return CreateResult("id-" + props["name"], props)


class Thing(Resource):
    def __init__(self, name):
        super().__init__(Provider(), name, {"name": name})
"""
PROGRAM = """
import pulumi
from things import Thing

print("printed by the program")
for name in ("a", "b", "c"):
    Thing(name)
pulumi.export("greeting", pulumi.Config().get("greeting"))
"""


@dataclass
class Project:
    """A Pulumi project of the test's own, with the stack `test`."""

    folder: Path
    pulumi: Path
    environment: dict[str, str]

    def write(self, program: str) -> None:
        """Make this the program."""
        (self.folder / "__main__.py").write_text(program, encoding="utf-8")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the CLI; its two outputs are one, as people see them."""
        return subprocess.run(
            [self.pulumi, *arguments, "--color", "never", "--non-interactive"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


@pytest.fixture
def project(cli: Path, tmp_path: Path) -> Project:
    """The project, with three dynamic resources; the CLI is reached through a link, as in .venv/bin."""
    folder = tmp_path / "a project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    (folder / "things.py").write_text(THINGS, encoding="utf-8")
    state = tmp_path / "the state"
    state.mkdir()
    link = tmp_path / "bin" / "pulumi"
    link.parent.mkdir()
    link.symlink_to(cli / "pulumi")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")},
        "PATH": os.pathsep.join([str(link.parent), f"{sys.prefix}/bin", os.environ["PATH"]]),
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    made = Project(folder, link, environment)
    made.write(PROGRAM)
    assert made.run("stack", "select", "--create", "test").returncode == 0
    return made


def test_a_program_with_dynamic_resources_goes_up_and_down(project: Project) -> None:
    """All is created, then nothing changes, then all is gone; the user sees no word about plugins or versions."""
    up = project.run("up", "--yes", "--skip-preview")
    again = project.run("up", "--yes", "--skip-preview", "--expect-no-changes")
    output = project.run("stack", "output", "greeting")
    down = project.run("destroy", "--yes", "--skip-preview")

    assert [result.returncode for result in (up, again, output, down)] == [0] * 4, (
        up.stdout + again.stdout + down.stdout
    )
    assert "+ 4 created" in up.stdout
    assert "4 unchanged" in again.stdout
    assert output.stdout == "hello\n"
    assert "- 4 deleted" in down.stdout
    assert not re.search(r"warning|\$PATH|Traceback", up.stdout + again.stdout + down.stdout, flags=re.IGNORECASE)


def test_what_a_program_prints_is_shown(project: Project) -> None:
    """Once under the diagnostics of the stack."""
    preview = project.run("preview")

    assert preview.returncode == 0
    assert preview.stdout.partition("Diagnostics:")[2].count("printed by the program") == 1


def test_an_expected_error_is_shown_without_a_traceback(project: Project) -> None:
    """A RunError is one line of the user's, and the operation fails."""
    project.write("import pulumi\nraise pulumi.RunError('epochs must be at most 10000')")

    preview = project.run("preview")

    assert preview.returncode != 0
    assert "error: epochs must be at most 10000" in preview.stdout
    assert "Traceback" not in preview.stdout


def test_an_unexpected_error_is_shown_with_its_place(project: Project) -> None:
    """Once: the exit status that says so keeps the engine from adding to it."""
    project.write("def divide():\n    return 1 / 0\n\ndivide()\n")

    preview = project.run("preview")

    assert preview.returncode != 0
    assert preview.stdout.count("ZeroDivisionError") == 1
    assert "non-zero exit code" not in preview.stdout


def test_about_describes_the_python_of_the_project(project: Project) -> None:
    """The host answers all that this command asks."""
    about = project.run("about")

    assert about.returncode == 0
    assert f"executable='{sys.prefix}/bin/python'" in about.stdout
    assert re.search(r"^pulumi_kubernetes +\d", about.stdout, flags=re.MULTILINE)


def test_host_and_program_end_with_a_killed_cli(project: Project) -> None:
    """SIGKILL leaves no process of theirs behind."""
    project.write(
        "import os, time\n"
        "with open('pids.new', 'w') as file: print(os.getpid(), os.getppid(), file=file)\n"
        "os.rename('pids.new', 'pids')\n"
        "time.sleep(60)\n"
    )
    pids = project.folder / "pids"
    with subprocess.Popen(
        [project.pulumi, "up", "--yes", "--skip-preview"],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as cli:
        wait_until(pids.exists, seconds=30)
        program, host = map(int, pids.read_text(encoding="utf-8").split())
        assert psutil.Process(host).ppid() == cli.pid

        cli.send_signal(signal.SIGKILL)

    for pid in (program, host):
        assert_gone(pid)
