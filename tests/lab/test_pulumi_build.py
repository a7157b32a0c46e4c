"""Building the CLI with a `go` that only records what it was asked; the real build is what the `cli` tests run on."""

import re
from pathlib import Path

import pytest

from lab import pulumi_build, pulumi_cli
from lab.errors import SetupError, UnavailableError
from tests.lab.stubs import write_program

VERSION = pulumi_cli.VERSION
BESIDE = {
    "pulumi",
    "pulumi-language-python",
    "pulumi-language-python-exec",
    "language_host.py",
    "pulumi-resource-pulumi-python",
}


class RecordingGo:
    """A `go` on PATH whose `build` writes a CLI that says a given version, and which writes down each call."""

    def __init__(self, folder: Path, built_version: str = f"v{VERSION}") -> None:
        self._calls = folder / "calls"
        sdk = folder / "sdk"
        for name in pulumi_build.SDK_FILES:
            write_program((sdk / name).parent, Path(name).name, "exit 0")
        write_program(
            folder / "bin",
            "go",
            f"""
            {{ echo "$PWD|$GOFLAGS|$GOWORK|$CGO_ENABLED|$GOCACHE|${{GOOS-unset}}|$*"; }} >> {self._calls}
            case "$1" in
            env) echo go1.26.8 ;;
            list) echo {sdk} ;;
            build)
                [ -d "$GOCACHE" ] || exit 9
                echo "go: downloading example.org/module v1.0.0" >&2
                while [ "$1" != -o ]; do shift; done
                printf '#!/bin/sh\\necho {built_version}\\n' > "$2"
                /bin/chmod 755 "$2" ;;
            esac""",
        )
        self.environment = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "GOFLAGS": "-mod=mod", "GOOS": "plan9"}

    def calls(self, command: str) -> list[list[str]]:
        """Working folder, GOFLAGS, GOWORK, CGO_ENABLED, GOCACHE, GOOS and arguments of each call of a command."""
        lines = self._calls.read_text(encoding="utf-8").splitlines() if self._calls.exists() else []
        return [line.split("|") for line in lines if line.split("|")[-1].startswith(command)]


@pytest.fixture
def go(tmp_path: Path) -> RecordingGo:
    """The recording Go of one test."""
    return RecordingGo(tmp_path / "go")


def build(go: RecordingGo, tmp_path: Path, host_key: str = "host") -> Path:
    """Build into a folder of the test's own cache, as pulumi_cli does."""
    aside = tmp_path / f"aside-{host_key}"
    aside.mkdir()
    folder = tmp_path / "cache" / f"pulumi-{VERSION}-binary-{host_key}"
    folder.parent.mkdir(exist_ok=True)
    pulumi_build.install(VERSION, folder, aside, go.environment)
    return folder


def test_a_build_holds_all_that_must_lie_beside_the_binary(go: RecordingGo, tmp_path: Path) -> None:
    """Five files, all executable: the CLI counts only those in its own folder as its own."""
    folder = build(go, tmp_path)

    assert {file.name for file in folder.iterdir()} == BESIDE
    assert all(file.stat().st_mode & 0o777 == 0o755 for file in folder.iterdir())


def test_go_builds_exactly_what_is_recorded(go: RecordingGo, tmp_path: Path) -> None:
    """Go runs where go.mod and go.sum lie, may not change them, and takes no flags or targets from the user."""
    build(go, tmp_path)

    ((folder, flags, work, cgo, cache, system, arguments),) = go.calls("build")
    assert Path(folder) == pulumi_build.MODULES
    assert (flags, work, cgo, system) == ("-mod=readonly", "off", "0", "unset")
    assert f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{VERSION}" in arguments
    assert arguments.endswith(" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi")
    assert Path(cache).is_relative_to(tmp_path), "the user's own build cache is left alone"
    assert not Path(cache).exists(), "and the build's is removed"


def test_a_changed_host_does_not_build_the_binary_again(go: RecordingGo, tmp_path: Path) -> None:
    """Minutes are spent only if the binary itself would be another."""
    build(go, tmp_path, "host")
    second = build(go, tmp_path, "newhost")

    assert len(go.calls("build")) == 1
    assert {file.name for file in second.iterdir()} == BESIDE


@pytest.mark.parametrize(("command", "message"), [("mod", "cannot download modules"), ("build", "go build failed")])
def test_a_failed_build_says_why_and_leaves_nothing(
    command: str, message: str, go: RecordingGo, tmp_path: Path
) -> None:
    """The last line that Go printed is the reason; there is no folder that looks complete."""
    write_program(
        tmp_path / "go" / "bin",
        "go",
        f'[ "$1" = {command} ] && echo "go: downloading x" >&2 && echo "no space left on device" >&2 && exit 1; exit 0',
    )

    with pytest.raises(UnavailableError, match=rf"{message} \(no space left on device\)"):
        build(go, tmp_path)

    assert list((tmp_path / "cache").iterdir()) == []


def test_a_binary_of_another_version_is_refused(tmp_path: Path) -> None:
    """What the build says it is must be what was asked for."""
    with pytest.raises(SetupError, match=rf"says 'v1\.2\.3' and not v{re.escape(VERSION)}"):
        build(RecordingGo(tmp_path / "go", built_version="v1.2.3"), tmp_path)

    assert list((tmp_path / "cache").iterdir()) == []


def test_each_input_of_a_build_has_a_part_in_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Go's version, the modules, the flags and our host: another one of them is another folder."""
    modules = tmp_path / "modules"
    modules.mkdir()
    for name in ("go.mod", "go.sum"):
        (modules / name).write_text(name)
    host = tmp_path / "host.py"
    host.write_text("host")
    monkeypatch.setattr(pulumi_build, "MODULES", modules)
    monkeypatch.setattr(pulumi_build, "HOST_FILES", (host,))
    names = [pulumi_build.folder_name(VERSION, "go1.26.8"), pulumi_build.folder_name(VERSION, "go1.26.9")]
    monkeypatch.setattr(pulumi_build, "_flags", lambda version: [version, "-race"])
    names.append(pulumi_build.folder_name(VERSION, "go1.26.8"))
    for file in (modules / "go.mod", modules / "go.sum", host):
        file.write_text("other")
        names.append(pulumi_build.folder_name(VERSION, "go1.26.8"))

    assert len(set(names)) == len(names) == 6
    assert pulumi_build.folder_name(VERSION, "go1.26.8") == names[-1]


def test_the_modules_are_of_the_version_that_is_asked_for() -> None:
    """go.mod names the CLI's version; the version stamped into the binary is the same one."""
    text = (pulumi_build.MODULES / "go.mod").read_text(encoding="utf-8")

    assert set(re.findall(r"github\.com/pulumi/pulumi/(?:pkg|sdk)/v3 v(\S+)", text)) == {VERSION}
    assert f"go {'.'.join(map(str, pulumi_build.MINIMUM_GO))}\n" in text
