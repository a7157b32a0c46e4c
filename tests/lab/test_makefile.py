"""The Makefile, run by the real make in a copy of the project; stand-ins for Python and Pulumi record the calls."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab import pulumi_build
from tests.lab.stubs import write_program

PROJECT = pulumi_build.LAB.parent
MAKE = shutil.which("make") or "make"
COMMANDS = ["help", "up", "preview", "predict", "verify", "promote", "refresh", "destroy"]
COMMANDS += ["lab", "lab-status", "lab-down", "test", "check", "bench", "activate"]

# A Python that records its arguments, makes a virtualenv of itself, and fails where `fail` names its module.
PYTHON = """
echo "$*" >> {calls}
case "$*" in
*_base_executable*) echo {python} ;;
*version_info*) exit 0 ;;
"--version") echo Python 3.12.0 ;;
"-m venv "*) mkdir -p "$3/bin"; cp {python} "$3/bin/python"; cp {pulumi} "$3/bin/pulumi"
    echo 'PATH=$PWD/.venv/bin:$PATH' > "$3/bin/activate" ;;
esac
case "$*" in
"-m $(cat {fail})"*) exit 3 ;;
esac
"""
PULUMI = """
echo "pulumi $*" >> {calls}
case "$*" in
"stack output predictUrl"*) echo http://localhost:8501/v1/models/m:predict ;;
"config get dataset"*) echo digits ;;
esac
case "$*" in
"$(cat {fail})"*) exit 3 ;;
esac
"""


@dataclass
class Checkout:
    """A copy of the project's Makefile and what stands in for the programs it calls."""

    folder: Path
    programs: Path
    errors: str = ""

    def make(self, *arguments: str, fails: str = "-", succeeds: bool = True) -> list[str]:
        """Run make; the calls it made, of which the one that starts with `fails` failed."""
        calls = self.programs / "calls"
        calls.write_text("")
        (self.programs / "fail").write_text(fails)
        result = subprocess.run(
            [MAKE, *arguments],
            cwd=self.folder,
            env={"PATH": f"{self.programs}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        self.errors = result.stderr
        assert (result.returncode == 0) is succeeds, result.stdout + result.stderr
        return [line for line in calls.read_text().splitlines() if re.match(r"pulumi|-m", line)]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A fresh clone, in a folder with a blank in its name, on a machine with the stand-ins."""
    folder, programs = tmp_path / "a clone", tmp_path / "programs"
    (folder / "lab").mkdir(parents=True)
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt", "constraints.txt", "lab/make-venv"):
        shutil.copy(PROJECT / name, folder / name)
    names = {name: programs / name for name in ("calls", "fail", "pulumi")} | {"python": programs / "python3"}
    write_program(programs, "python3", PYTHON.format(**names))
    write_program(programs, "pulumi", PULUMI.format(**names))
    return Checkout(folder, programs)


def change(file: Path) -> None:
    """Another content of the same length, as another version number may be."""
    file.write_text(file.read_text(encoding="utf-8").replace("1", "2"), encoding="utf-8")


VENV = "-m venv .venv"
INSTALL = "-m pip install --disable-pip-version-check --requirement requirements.txt"
COMPILE = "-m compileall -q -j 0 .venv/lib"
ACTIVATION = "-m lab.activation"
STACK = "pulumi stack select --create local"


def test_up_does_each_step_in_order_and_then_predicts(checkout: Checkout) -> None:
    """On a fresh machine: virtualenv, packages, CLI, stack, up, predictions."""
    calls = checkout.make("up")

    assert calls[:6] == [VENV, INSTALL, COMPILE, ACTIVATION, STACK, "pulumi up --yes --stack local"]
    assert calls[-3:] == [
        "pulumi stack output predictUrl --stack local",
        "pulumi config get dataset --stack local",
        "-m model predict --url http://localhost:8501/v1/models/m:predict --dataset digits",
    ]


def test_a_second_up_installs_nothing(checkout: Checkout) -> None:
    """Neither the virtualenv nor packages nor compiled files are made again."""
    checkout.make("up")

    calls = checkout.make("up")

    assert not {VENV, INSTALL, COMPILE} & set(calls)
    assert "pulumi up --yes --stack local" in calls


def test_touched_requirements_are_not_changed_ones(checkout: Checkout) -> None:
    """Content counts: a checkout that rewrites files costs nothing."""
    checkout.make("activate")
    (checkout.folder / "requirements.txt").touch()

    assert checkout.make("activate") == [ACTIVATION, STACK]


@pytest.mark.parametrize("name", ["requirements.txt", "constraints.txt"])
def test_changed_requirements_are_installed_into_the_same_virtualenv(name: str, checkout: Checkout) -> None:
    """And compiled; once."""
    checkout.make("activate")
    change(checkout.folder / name)

    assert checkout.make("activate") == [INSTALL, COMPILE, ACTIVATION, STACK]
    assert checkout.make("activate") == [ACTIVATION, STACK]


def test_a_virtualenv_that_was_never_finished_is_made_anew(checkout: Checkout) -> None:
    """After a failed installation make fails, and the next one starts from nothing."""
    checkout.make("activate", fails="pip", succeeds=False)
    (checkout.folder / ".venv" / "half-made").touch()

    calls = checkout.make("activate")

    assert calls == [VENV, INSTALL, COMPILE, ACTIVATION, STACK]
    assert not (checkout.folder / ".venv" / "half-made").exists()


def test_a_broken_update_is_made_anew_too(checkout: Checkout) -> None:
    """An installation that broke off over a finished one leaves no virtualenv that counts as finished."""
    checkout.make("activate")
    change(checkout.folder / "requirements.txt")
    checkout.make("activate", fails="pip", succeeds=False)

    assert checkout.make("activate") == [VENV, INSTALL, COMPILE, ACTIVATION, STACK]


@pytest.mark.parametrize(
    ("command", "step", "never"),
    [
        ("up", "lab.activation", "pulumi"),
        ("up", "stack select", "pulumi up"),
        ("up", "up", "-m model"),
        ("predict", "stack output", "-m model"),
        ("predict", "config get", "-m model"),
        ("up", "model", "nothing comes after"),
        ("check", "ruff format", "-m mypy"),
        ("check", "mypy", "nothing comes after"),
        ("test", "coverage run", "-m coverage report"),
    ],
)
def test_a_failed_step_fails_make_and_stops_it(command: str, step: str, never: str, checkout: Checkout) -> None:
    """What comes after it is not tried."""
    calls = checkout.make(command, fails=step, succeeds=False)

    assert re.search(step, calls[-1])
    assert not any(call.startswith(never) for call in calls)


@pytest.mark.parametrize(
    ("command", "call"),
    [
        ("preview", "pulumi preview --stack dev"),
        ("verify", "-m infra.verify dev"),
        ("refresh", "pulumi refresh --yes --stack dev"),
        ("destroy", "pulumi destroy --yes --stack dev"),
    ],
)
def test_commands_act_on_the_stack_that_is_named(command: str, call: str, checkout: Checkout) -> None:
    """The stack is made or selected first; then the one command follows."""
    calls = checkout.make(command, "STACK=dev")

    assert calls[-2:] == ["pulumi stack select --create dev", call]


def test_promote_names_both_stacks_and_makes_neither(checkout: Checkout) -> None:
    """The stack that is promoted from, and the one that is promoted to; no stack is made or selected."""
    calls = checkout.make("promote", "FROM=dev", "TO=prod")

    assert calls[-2:] == [ACTIVATION, "-m infra.promotion dev prod"]


def test_predict_before_up_says_what_to_do(checkout: Checkout) -> None:
    """The stack has no URL to ask yet."""
    checkout.make("predict", "STACK=dev", fails="stack output", succeeds=False)

    assert "Stack dev serves nothing: run `make up STACK=dev` first\n" in checkout.errors


def test_check_and_test_install_their_tools_once(checkout: Checkout) -> None:
    """`check` needs no CLI; both say with their exit status whether all is well."""
    tools = "-m pip install --disable-pip-version-check --quiet --requirement requirements-dev.txt"

    first, second, tests = checkout.make("check"), checkout.make("check"), checkout.make("test", "ARGS=-x")

    assert tools in first
    assert second == ["-m ruff format --check .", "-m ruff check .", "-m mypy"]
    assert tools not in tests
    assert "-m coverage run -m pytest --numprocesses 2 --dist loadscope -x" in tests
    assert tests[-1] == "-m coverage report --skip-covered"


def test_help_lists_every_command() -> None:
    """It is what plain `make` prints, and it does nothing."""
    result = subprocess.run([MAKE], cwd=PROJECT, capture_output=True, text=True, check=True)

    assert re.findall(r"^  ([\w-]+) +\w", result.stdout, flags=re.MULTILINE) == COMMANDS


class TestPython:
    """Which Python the virtualenv is made with."""

    @pytest.fixture
    def make_venv(self, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
        """Run lab/make-venv where just these programs, and those a script needs, are on PATH."""

        def run(**versions: str) -> subprocess.CompletedProcess[str]:
            programs = tmp_path / "programs"
            for name, version in versions.items():
                program = programs / name.replace("_", ".")
                base = write_program(
                    programs, f"base-{program.name}", f'[ "$1" = -m ] && echo "made by {program.name}"'
                )
                # Asked with -c, the real Python answers as if it were of another version and another's virtualenv.
                numbers = f"({version.replace('.', ', ')}, 0)"
                pretend = (
                    f"import sys; sys.version_info = {numbers}; sys._base_executable = '{base}'; exec(sys.argv[1])"
                )
                script = f'[ "$1" = -c ] && exec {sys.executable} -c "{pretend}" "$2" || echo Python {version}.0'
                write_program(programs, program.name, script)
            programs.mkdir(exist_ok=True)
            for name in ("sh", "rm"):
                (programs / name).symlink_to(f"/bin/{name}")
            return subprocess.run(
                ["/bin/sh", PROJECT / "lab" / "make-venv", str(tmp_path / "venv")],
                env={"PATH": str(programs)},
                capture_output=True,
                text=True,
                check=False,
            )

        return run

    def test_python3_is_taken_if_it_will_do(self, make_venv: Callable[..., subprocess.CompletedProcess[str]]) -> None:
        """It is the user's usual one."""
        assert make_venv(python3="3.11", python3_13="3.13").stdout.endswith("made by python3\n")

    def test_else_the_newest_that_will_do(self, make_venv: Callable[..., subprocess.CompletedProcess[str]]) -> None:
        """A python3 that is too old or too new is passed over."""
        assert make_venv(python3="3.14", python3_12="3.12", python3_11="3.11").stdout.endswith("made by python3.12\n")

    def test_none_that_will_do_is_an_error(self, make_venv: Callable[..., subprocess.CompletedProcess[str]]) -> None:
        """One line says what is needed and what was found; an existing virtualenv would not be touched."""
        result = make_venv(python3="3.9")

        assert result.returncode == 1
        assert len(result.stderr.splitlines()) == 1
        assert "Python 3.11, 3.12 or 3.13 is needed" in result.stderr
        assert "Python 3.9" in result.stderr

    def test_no_python_at_all_is_an_error_too(self, make_venv: Callable[..., subprocess.CompletedProcess[str]]) -> None:
        """The same line, with other findings."""
        result = make_venv()

        assert result.returncode == 1
        assert "there is no python3 and none of" in result.stderr
