"""Which CLI is chosen, with stub programs on PATH and loopback or dead sites; nothing real is fetched or built here."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab import pulumi_build, pulumi_cli, pulumi_release
from lab.errors import SetupError
from tests.lab.stubs import write_program, write_pulumi

NEWER = "v4.0.1"
DEAD_SITE = "http://127.0.0.1:9"  # the discard port: nothing answers there


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder with the few programs that stub scripts need, and neither pulumi nor go."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("sh", "cat", "mkdir"):
        (folder / name).symlink_to(f"/bin/{name}")
    return folder


def environment_with(*folders: Path) -> dict[str, str]:
    """Variables with just these folders on PATH."""
    return {"PATH": os.pathsep.join(map(str, folders))}


def test_a_new_enough_cli_on_path_is_taken(tmp_path: Path) -> None:
    """Its folder is the answer; nothing is put into the cache."""
    write_pulumi(tmp_path / "bin", NEWER)

    assert pulumi_cli.obtain(environment_with(tmp_path / "bin"), tmp_path / "cache", DEAD_SITE) == tmp_path / "bin"
    assert not (tmp_path / "cache").exists()


def test_exactly_the_needed_version_is_new_enough(tmp_path: Path) -> None:
    """The bound is inclusive."""
    write_pulumi(tmp_path / "bin", f"v{pulumi_cli.VERSION}")

    assert pulumi_cli.on_path(environment_with(tmp_path / "bin"), tmp_path / "cache") == tmp_path / "bin"


@pytest.mark.parametrize("version", ["v3.258.9", "v2.300.0", "v3.99.0-alpha.1700000000"])
def test_an_old_cli_on_path_is_an_error_that_says_what_to_do(version: str, tmp_path: Path) -> None:
    """Found version, needed version and the update are named; a newer one further down PATH is not taken silently."""
    write_pulumi(tmp_path / "old", version)
    write_pulumi(tmp_path / "new", NEWER)

    with pytest.raises(SetupError) as raised:
        pulumi_cli.on_path(environment_with(tmp_path / "old", tmp_path / "new"), tmp_path / "cache")

    message = str(raised.value)
    assert f"{tmp_path}/old/pulumi is version {version.removeprefix('v')}, and {pulumi_cli.VERSION}" in message
    assert pulumi_cli.UPDATE in message
    assert "\n" not in message


def test_a_cli_without_a_language_host_is_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It could not run this program; the user is told."""
    write_pulumi(tmp_path / "bin", NEWER, language_host=False)

    assert pulumi_cli.on_path(environment_with(tmp_path / "bin"), tmp_path / "cache") is None
    assert "no pulumi-language-python" in capsys.readouterr().err


def test_a_language_host_elsewhere_on_path_will_do(tmp_path: Path) -> None:
    """Some packagers put hosts into folders of their own."""
    write_pulumi(tmp_path / "bin", NEWER, language_host=False)
    write_program(tmp_path / "hosts", "pulumi-language-python", "exit 0")

    found = pulumi_cli.on_path(environment_with(tmp_path / "bin", tmp_path / "hosts"), tmp_path / "cache")

    assert found == tmp_path / "bin"


def test_a_language_host_beside_the_target_of_a_link_will_do(tmp_path: Path) -> None:
    """A package manager's bin folder often holds only a link to the CLI."""
    pulumi = write_pulumi(tmp_path / "cellar", NEWER)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pulumi").symlink_to(pulumi)

    assert pulumi_cli.on_path(environment_with(tmp_path / "bin"), tmp_path / "cache") == tmp_path / "bin"


@pytest.mark.parametrize("script", ["exit 127", "echo banana"])
def test_a_pulumi_that_is_none_is_passed_over(script: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A version manager's empty shim, for one, is no reason to stop; the user is told."""
    write_program(tmp_path / "bin", "pulumi", script)

    assert pulumi_cli.on_path(environment_with(tmp_path / "bin"), tmp_path / "cache") is None
    assert f"{tmp_path}/bin/pulumi does not tell its version" in capsys.readouterr().err


def test_our_own_link_on_path_does_not_count(tmp_path: Path) -> None:
    """In an activated .venv `pulumi` is a link into the cache; the cache has its own rules."""
    ours = write_pulumi(tmp_path / "cache" / "pulumi-old-build", "v3.1.0")
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "pulumi").symlink_to(ours)
    write_pulumi(tmp_path / "bin", NEWER)

    found = pulumi_cli.on_path(environment_with(tmp_path / "venv", tmp_path / "bin"), tmp_path / "cache")

    assert found == tmp_path / "bin"


def test_an_earlier_download_is_used_without_asking_the_site(tools: Path, tmp_path: Path) -> None:
    """A cached release is the answer even where the site is dead and there is no Go."""
    release = tmp_path / "cache" / f"pulumi-{pulumi_cli.VERSION}-{pulumi_release.platform_name()}"
    write_pulumi(release, NEWER)

    assert pulumi_cli.obtain(environment_with(tools), tmp_path / "cache", DEAD_SITE) == release


def test_an_earlier_build_is_used_where_go_is_gone(tools: Path, tmp_path: Path) -> None:
    """Without Go its version is not known, so any build of this version and host counts."""
    build = tmp_path / "cache" / f"pulumi-{pulumi_cli.VERSION}-0123456789ab-{pulumi_build.host_key()}"
    write_pulumi(build, NEWER)

    assert pulumi_cli.obtain(environment_with(tools), tmp_path / "cache", DEAD_SITE) == build


def test_no_go_and_no_network_says_what_to_install(tools: Path, tmp_path: Path) -> None:
    """One line with both remedies, and nothing but the lock stays behind."""
    with pytest.raises(SetupError) as raised:
        pulumi_cli.obtain(environment_with(tools), tmp_path / "cache", DEAD_SITE)

    message = str(raised.value)
    assert "Go 1.25.11 or newer is not installed" in message
    assert pulumi_cli.UPDATE in message
    assert "https://go.dev/dl" in message
    assert "\n" not in message
    assert [file.name for file in (tmp_path / "cache").iterdir()] == ["lock"]


def test_what_a_killed_make_left_is_removed(tools: Path, tmp_path: Path) -> None:
    """The next one clears the unfinished folder, which may hold gigabytes."""
    left_over = tmp_path / "cache" / "unfinished-abc" / "go-cache-1"
    left_over.mkdir(parents=True)

    with pytest.raises(SetupError):
        pulumi_cli.obtain(environment_with(tools), tmp_path / "cache", DEAD_SITE)

    assert not left_over.parent.exists()


@pytest.fixture
def slow_go(tools: Path, tmp_path: Path) -> Iterator[Path]:
    """PATH with a `go` that writes a line to `builds` for each build and finishes none before `go-on` exists."""
    sdk = tmp_path / "sdk"
    for name in pulumi_build.SDK_FILES:
        write_program((sdk / name).parent, Path(name).name, "exit 0")
    write_program(
        tools,
        "go",
        f"""case "$1" in
        env) echo go1.26.8 ;;
        list) echo {sdk} ;;
        build)
            echo built >> {tmp_path}/builds
            until [ -e {tmp_path}/go-on ]; do /bin/sleep 0.05; done
            while [ "$1" != -o ]; do shift; done
            printf '#!/bin/sh\\necho v{pulumi_cli.VERSION}\\n' > "$2"
            /bin/chmod 755 "$2" ;;
        esac""",
    )
    yield tools
    (tmp_path / "go-on").touch()  # a build that the test forgot must not wait for ever


@contextmanager
def obtaining(tools: Path, cache: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that obtains the CLI into `cache` and prints its folder."""
    program = (
        "import os, sys; from pathlib import Path; from lab import pulumi_cli; "
        "print(pulumi_cli.obtain(os.environ, Path(sys.argv[1]), sys.argv[2]))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(cache), DEAD_SITE],
        env=environment_with(tools),
        cwd=pulumi_build.LAB.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def says(process: subprocess.Popen[str], text: str) -> bool:
    """Read what a process reports until it says `text`; whether it did before it ended."""
    assert process.stderr is not None
    return any(text in line for line in process.stderr)


@pytest.mark.timeout(60)
def test_two_at_once_build_once(slow_go: Path, tmp_path: Path) -> None:
    """The second waits for the first, says so, and takes what it made."""
    with obtaining(slow_go, tmp_path / "cache") as first:
        assert says(first, "Building the Pulumi CLI")
        with obtaining(slow_go, tmp_path / "cache") as second:
            assert says(second, "waiting for it")
            (tmp_path / "go-on").touch()
            folders = {process.communicate()[0] for process in (first, second)}

    assert len(folders) == 1
    assert Path(folders.pop().strip(), "pulumi").exists()
    assert (tmp_path / "builds").read_text().splitlines() == ["built"]


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"XDG_CACHE_HOME": "/caches"}, Path("/caches/mymodel-serving")),
        ({}, Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "mymodel-serving"),
    ],
)
def test_the_cache_is_where_users_expect_it(environment: dict[str, str], folder: Path) -> None:
    """XDG_CACHE_HOME wins; else the system's custom."""
    assert pulumi_cli.cache_folder(environment) == folder


def run_as_program(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """`python -m lab.pulumi_cli` with just these variables."""
    return subprocess.run(
        [sys.executable, "-m", "lab.pulumi_cli"],
        env=environment,
        cwd=pulumi_build.LAB.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def test_as_a_program_it_prints_the_folder(tmp_path: Path) -> None:
    """Standard output is the folder and a newline: what scripts rely on."""
    write_pulumi(tmp_path / "bin", NEWER)

    result = run_as_program({**environment_with(tmp_path / "bin"), "XDG_CACHE_HOME": str(tmp_path)})

    assert (result.returncode, result.stdout) == (0, f"{tmp_path}/bin\n")


def test_as_a_program_it_reports_an_old_cli_in_one_line(tmp_path: Path) -> None:
    """No traceback, exit status 1, nothing on standard output."""
    write_pulumi(tmp_path / "bin", "v3.100.0")

    result = run_as_program({**environment_with(tmp_path / "bin"), "XDG_CACHE_HOME": str(tmp_path)})

    assert (result.returncode, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1
    assert "version 3.100.0" in result.stderr


def test_as_a_program_it_reports_a_cache_that_cannot_be_made(tools: Path, tmp_path: Path) -> None:
    """The line says which variable moves the cache."""
    (tmp_path / "file").write_text("")

    result = run_as_program({**environment_with(tools), "XDG_CACHE_HOME": str(tmp_path / "file")})

    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert "set XDG_CACHE_HOME" in result.stderr
