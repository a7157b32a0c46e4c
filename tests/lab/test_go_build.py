"""Builds from Go modules, with a `go` that only says what a test wants."""

from pathlib import Path

import pytest

from lab import go_build
from lab.errors import UnavailableError
from lab.go_build import GoModule, build_environment
from tests.lab.stubs import write_program


@pytest.fixture
def module(tmp_path: Path) -> GoModule:
    """A module that asks for Go 1.25.11."""
    return GoModule(tmp_path, (1, 25, 11), "example.org/small")


@pytest.mark.parametrize("version", ["go1.25.11", "go1.26", "go1.26.8", "go2.0rc1"])
def test_a_new_enough_go_is_taken(version: str, module: GoModule, tmp_path: Path) -> None:
    """The bound is inclusive, and a release without a patch number is understood."""
    write_program(tmp_path, "go", f"echo {version}")

    assert module.go_version({"PATH": f"{tmp_path}:/bin"}) == version


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo go1.25.10", "is go1.25.10, and 1.25.11 or newer is needed"),
        ("echo go1.9.7", "is go1.9.7, and 1.25.11 or newer is needed"),
        ("echo 'go: toolchain not available' >&2; exit 1", "does not tell its version .go: toolchain not available"),
    ],
)
def test_a_go_that_will_not_do_is_named(script: str, message: str, module: GoModule, tmp_path: Path) -> None:
    """The message tells what was found."""
    write_program(tmp_path, "go", script)

    with pytest.raises(UnavailableError, match=message):
        module.go_version({"PATH": f"{tmp_path}:/bin"})


def test_without_go_there_is_no_build(module: GoModule, tmp_path: Path) -> None:
    """The message tells what is missing."""
    with pytest.raises(UnavailableError, match=r"Go 1\.25\.11 or newer is not installed"):
        module.go_version({"PATH": str(tmp_path)})


def test_a_closed_network_is_given_up_on_soon(
    module: GoModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One small module shows whether the many can be had; Go itself would try for half a minute."""
    write_program(tmp_path, "go", "exec sleep 60")
    monkeypatch.setattr(go_build, "REACH_SECONDS", 0.3)

    with pytest.raises(UnavailableError, match=r"cannot download modules \(no answer within 0\.3 s\)"):
        module.try_download({"PATH": f"{tmp_path}:/usr/bin:/bin"})


def test_the_small_module_is_what_is_tried(module: GoModule, tmp_path: Path) -> None:
    """Where that one comes from, the others do."""
    write_program(tmp_path, "go", f'echo "$*" > {tmp_path}/said')

    module.try_download({"PATH": f"{tmp_path}:/bin"})

    assert (tmp_path / "said").read_text() == "mod download example.org/small\n"


def test_go_that_fails_is_told_by_its_last_line(module: GoModule, tmp_path: Path) -> None:
    """What it printed until then is not repeated."""
    write_program(tmp_path, "go", "echo a/package >&2; echo 'no space left on device' >&2; exit 1")

    with pytest.raises(UnavailableError, match=r"^go build failed \(no space left on device\)$"):
        module.run(["build"], tmp_path, {"PATH": f"{tmp_path}:/bin"})


def test_what_go_prints_comes_back(module: GoModule, tmp_path: Path) -> None:
    """It runs in the module's folder; its progress is not part of the answer."""
    write_program(tmp_path, "go", "echo a/package >&2; pwd")

    assert module.run(["list"], tmp_path, {"PATH": f"{tmp_path}:/bin"}) == str(tmp_path)


def test_a_build_takes_nothing_from_the_user_that_would_change_it(tmp_path: Path) -> None:
    """Flags and targets are replaced; how modules are reached stays."""
    told = build_environment({"GOFLAGS": "-race", "GOOS": "plan9", "GOPROXY": "https://proxy"}, tmp_path)

    assert told == {
        "GOFLAGS": "-mod=readonly",
        "GOWORK": "off",
        "GOCACHE": str(tmp_path),
        "CGO_ENABLED": "0",
        "GOPROXY": "https://proxy",
    }
