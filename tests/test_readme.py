"""The README does as it says: every command is run in a fresh clone, and prints what is shown."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from infra.config_rules import RULES
from tests.lifecycle.checkout import free_port

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(sh|text)\n(.*?)```", re.DOTALL)
# Minutes, or this very test: make only says what it would do.
ONLY_SAID = ("make check", "make test", "make bench")
END_OF_BLOCK = "-- end of block --"


def blocks() -> list[tuple[str, list[str]]]:
    """Each block of commands with the lines that the text blocks up to the next one show."""
    found: list[tuple[str, list[str]]] = []
    for kind, text in BLOCK.findall(README):
        if kind == "sh":
            found.append((text, []))
        else:
            found[-1][1].extend(line.strip() for line in text.splitlines() if line.strip() not in ("", "..."))
    return found


def commands(text: str) -> str:
    """A block's commands as the test runs them."""
    lines = (line.replace("make ", "make -n ", 1) if line in ONLY_SAID else line for line in text.splitlines())
    return "\n".join(lines)


@pytest.fixture(scope="module")
def port() -> int:
    """The port that stands in for the README's 8501, which may be taken here."""
    return free_port()


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[list[str]]:
    """What each block of commands printed, run one after the other in one shell in a fresh clone."""
    clone = tmp_path_factory.mktemp("readme") / "mymodel"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    stack = clone / "Pulumi.local.yaml"
    stack.write_text(f"{stack.read_text(encoding='utf-8')}  mymodel-serving:port: {port}\n", encoding="utf-8")
    script = "\n".join(f"{commands(text)}\necho '{END_OF_BLOCK}'" for text, _ in blocks()).replace("8501", str(port))
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
        subprocess.run(["make", "destroy"], cwd=clone, env=environment, capture_output=True, check=False, timeout=120)


@pytest.mark.cli
@pytest.mark.timeout(1800)
def test_every_command_runs_and_prints_what_is_shown(printed: list[str], port: int) -> None:
    """In a fresh clone with a fresh virtualenv every command of the README succeeds and prints the lines shown."""
    for (text, shown), output in zip(blocks(), printed, strict=False):
        for line in shown:
            assert line.replace("8501", str(port)) in output, f"{text.strip()!r} did not print {line!r}:\n{output}"


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
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \| (.*) \|$", README, re.MULTILINE)

    assert {key: (kind, default, description) for key, kind, default, description in rows} == {
        key: (entry["type"], f"`{entry['default']}`" if entry["default"] != "" else "", entry["description"])
        for key, entry in declared.items()
    }
    assert [row[0] for row in rows] == list(RULES)


def test_every_target_of_the_makefile_is_in_the_readme() -> None:
    """No command is kept from people: each documented make target stands in the README, `make lab` and the like too."""
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    assert {target for target in targets if f"make {target}" not in README} <= {"activate"}
