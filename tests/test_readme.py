"""The README does as it says: every command is run in a fresh clone, and prints what is shown."""

import os
import random
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from infra.config_rules import RULES
from infra.project import declared_defaults
from tests.e2e.dev_stack import free_node_port, kubectl, lab_runs
from tests.lifecycle.checkout import free_port

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(sh|text)\n(.*?)```", re.DOTALL)
# Minutes, or this very test, or the end of what other tests use: make only says what it would do.
ONLY_SAID = ("make check", "make test", "make bench", "make lab-down")
# From the first of these commands to the second one a lab is needed.
LAB_BEGIN, LAB_END = "make lab\n", "make lab-down\n"
LAB_RUNS = lab_runs()
END_OF_BLOCK = "-- end of block --"


def blocks() -> list[tuple[str, list[str]]]:
    """Each block of commands with the lines that the text blocks up to the next one show."""
    found: list[tuple[str, list[str]]] = []
    for kind, text in BLOCK.findall(README if LAB_RUNS else _without_lab()):
        if kind == "sh":
            found.append((text, []))
        else:
            found[-1][1].extend(line.strip() for line in text.splitlines() if line.strip() not in ("", "..."))
    return found


def _without_lab() -> str:
    """The README without the commands that need a lab, and without what they print."""
    before, _, rest = README.partition(f"```sh\n{LAB_BEGIN}")
    return before + rest.partition(LAB_END)[2].partition("```\n")[2]


def commands(text: str) -> str:
    """A block's commands as the test runs them."""
    lines = (line.replace("make ", "make -n ", 1) if line in ONLY_SAID else line for line in text.splitlines())
    return "\n".join(lines)


@pytest.fixture(scope="module")
def ports() -> dict[str, str]:
    """The ports that stand in for the README's own, which may be taken here."""
    here = {"8501": str(free_port())}
    if LAB_RUNS:
        here["30111"] = str(free_node_port())
        here["30113"] = next(port for port in map(str, iter(free_node_port, None)) if port != here["30111"])
    return here


@pytest.fixture(scope="module")
def namespaces() -> Iterator[dict[str, str]]:
    """Namespaces for the stacks in the lab, in the place of `default` and `prod`."""
    number = random.randrange(10**6)  # noqa: S311 - no secret
    names = {stack: f"readme-{number}-{stack}" for stack in ("dev", "prod")} if LAB_RUNS else {}
    for name in names.values():
        kubectl("create", "namespace", name)
    yield names
    for name in names.values():
        kubectl("delete", "namespace", name, "--wait=false")


def test_the_commands_that_need_a_lab_are_found() -> None:
    """Where no lab runs, what needs one is left out, and nothing else is."""
    assert README.count(f"```sh\n{LAB_BEGIN}") == README.count(LAB_END) == 1
    assert "STACK=dev" in README
    assert not [text for kind, text in BLOCK.findall(_without_lab()) if kind == "sh" and "STACK=dev" in text]
    assert "make bench" in _without_lab()


def stand_in(text: str, ports: dict[str, str]) -> str:
    """A text with this test's ports."""
    for shown, here in ports.items():
        text = text.replace(shown, here)
    return text


@pytest.fixture(scope="module")
def printed(
    tmp_path_factory: pytest.TempPathFactory, ports: dict[str, str], namespaces: dict[str, str]
) -> Iterator[list[str]]:
    """What each block of commands printed, run one after the other in one shell in a fresh clone."""
    clone = tmp_path_factory.mktemp("readme") / "mymodel"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    configure(clone / "Pulumi.local.yaml", port=ports["8501"])
    for stack, shown in (("dev", "30111"), ("prod", "30113")) if LAB_RUNS else ():
        configure(clone / f"Pulumi.{stack}.yaml", nodePort=ports[shown], namespace=namespaces[stack])
    script = stand_in("\n".join(f"{commands(text)}\necho '{END_OF_BLOCK}'" for text, _ in blocks()), ports)
    of_others = ("PULUMI_", "VIRTUAL_ENV", "MAKE", "COVERAGE")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(of_others)}
    environment |= {"PULUMI_HOME": str(clone.parent / "pulumi-home"), "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=clone,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=1500,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:]
        yield done.stdout.split(END_OF_BLOCK)
    finally:
        for stack in ("local", "dev"):
            end = ["make", "destroy", f"STACK={stack}"]
            subprocess.run(end, cwd=clone, env=environment, capture_output=True, check=False, timeout=120)


def configure(file: Path, **values: str) -> None:
    """Set configuration in a stack's file."""
    stack = yaml.safe_load(file.read_text(encoding="utf-8"))
    stack["config"] |= {f"mymodel-serving:{key}": value for key, value in values.items()}
    file.write_text(yaml.safe_dump(stack, sort_keys=False), encoding="utf-8")


@pytest.mark.cli
@pytest.mark.timeout(1800)
def test_every_command_runs_and_prints_what_is_shown(printed: list[str], ports: dict[str, str]) -> None:
    """In a fresh clone with a fresh virtualenv every command of the README succeeds and prints the lines shown."""
    for (text, shown), output in zip(blocks(), printed, strict=False):
        for line in shown:
            assert stand_in(line, ports) in output, f"{text.strip()!r} did not print {line!r}:\n{output}"


@pytest.mark.cli
@pytest.mark.timeout(1800)
def test_the_second_up_changes_nothing(printed: list[str]) -> None:
    """Of the first two commands the second one finds everything in place and trains nothing."""
    assert printed[0].count("will train on digits") >= 1
    second = printed[0].split("5 of 5 right")[1]
    assert "4 unchanged" in second
    assert "epoch 1/" not in second


def test_the_configuration_table_is_pulumi_yaml() -> None:
    """The README's table has every key with the type, default and description that Pulumi.yaml declares."""
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    defaults = declared_defaults()
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \| (.*) \|$", README, re.MULTILINE)

    assert {key: (kind, default, description) for key, kind, default, description in rows} == {
        key: (entry["type"], f"`{defaults[key]}`" if defaults[key] else "", entry["description"])
        for key, entry in declared.items()
    }
    assert [row[0] for row in rows] == list(RULES)


def test_every_target_of_the_makefile_is_in_the_readme() -> None:
    """No command is kept from people: each documented make target stands in the README, `make lab` and the like too."""
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    assert {target for target in targets if f"make {target}" not in README} <= {"activate"}
