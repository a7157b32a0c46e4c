"""Builds the Pulumi CLI from its Go module, where no release can be had.

Owns what such a build is made of (lab/pulumi: exact modules and their checksums) and what must lie beside the binary:
it has no language host of its own, so a small one goes with it. Files in the folder of the binary count as the CLI's
own. When a build is wanted is lab.pulumi_cli's to decide.
"""

import hashlib
import re
import shutil
import subprocess
import tempfile
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from lab.errors import SetupError, UnavailableError
from lab.progress import Progress, say

LAB = Path(__file__).resolve().parent
MODULES = LAB / "pulumi"
COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
SDK = "github.com/pulumi/pulumi/sdk/v3"
MINIMUM_GO = (1, 25, 11)  # what go.mod of that module asks for
SMALL_MODULE = "github.com/kballard/go-shellquote"  # 8 kB, and needed: shows whether modules can be had at all
REACH_SECONDS = 10.0  # for that one; Go by itself gives up on a closed network after half a minute

# Ours; copied, since the folder serves every checkout of this project.
HOST_FILES = (LAB / "language_host.py", MODULES / "pulumi-language-python")
# Pulumi's own, which its Go module carries: one runs a program, the other dynamic providers.
SDK_FILES = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")


def go_version(environment: Mapping[str, str]) -> str:
    """The version of Go on PATH, as `go1.26.8`.

    Raises:
        UnavailableError: there is no Go, or it is too old for the module.
    """
    needed = ".".join(map(str, MINIMUM_GO))
    go = shutil.which("go", path=environment.get("PATH"))
    if go is None:
        raise UnavailableError(f"Go {needed} or newer is not installed")
    answer = subprocess.run(
        [go, "env", "GOVERSION"], cwd=MODULES, env=environment, capture_output=True, text=True, check=False
    )
    version = answer.stdout.strip()
    numbers = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", version)
    if numbers is None:
        raise UnavailableError(f"{go} does not tell its version ({_last_line(answer.stderr)})")
    if tuple(int(number or 0) for number in numbers.groups()) < MINIMUM_GO:
        raise UnavailableError(f"{go} is {version}, and {needed} or newer is needed")
    return version


def folder_name(version: str, go: str) -> str:
    """Name of the folder for a build: equal names mean equal content.

    The first key stands for the binary, the second for the files of ours beside it.
    """
    binary = hashlib.sha256(f"{go}\n{' '.join(_flags(version))}\n".encode())
    for name in ("go.mod", "go.sum"):
        binary.update((MODULES / name).read_bytes())
    return f"pulumi-{version}-{binary.hexdigest()[:12]}-{host_key()}"


def host_key() -> str:
    """Stands for the content of the files of ours that lie beside the binary."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in HOST_FILES)).hexdigest()[:12]


def install(version: str, folder: Path, aside: Path, environment: Mapping[str, str]) -> None:
    """Build the CLI into `folder`, which must not exist yet; it appears complete or not at all.

    Args:
        version: as `3.259.0`; go.mod must name the same.
        folder: its name is `folder_name`'s.
        aside: an empty folder on the same disk for what is not finished; the caller removes it.
        environment: variables for Go; GOFLAGS and the like are replaced.

    Raises:
        UnavailableError: Go failed; the message has its last line.
        SetupError: the binary is not what it should be.
    """
    made = aside / folder.name
    made.mkdir()
    binary_name = folder.name.rpartition("-")[0]
    earlier = next(folder.parent.glob(f"{binary_name}-*/pulumi"), None)
    if earlier is not None:  # only a file of ours beside it has changed
        for name in ("pulumi", *(Path(file).name for file in SDK_FILES)):
            _copy_executable(earlier.with_name(name), made)
    else:
        _build(version, made, aside, environment)
    for file in HOST_FILES:
        _copy_executable(file, made)
    _verify(version, made / "pulumi", environment)
    made.rename(folder)


def _build(version: str, made: Path, aside: Path, environment: Mapping[str, str]) -> None:
    """Build the binary into `made` and copy Pulumi's scripts beside it."""
    _try_download(environment)
    say(f"Building the Pulumi CLI {version} from its Go module: once, some minutes (about four on two processors)")
    # Go's cache of compiled packages is made for this build alone and removed with it: 1.6 GB that nothing else would
    # use. Downloaded modules stay where Go keeps them: they are shared, checked, and make a second attempt short.
    with tempfile.TemporaryDirectory(dir=aside, prefix="go-cache-") as cache:
        go_environment = {
            **{name: value for name, value in environment.items() if name not in {"GOOS", "GOARCH", "GOEXPERIMENT"}},
            "GOFLAGS": "-mod=readonly",
            "GOWORK": "off",
            "GOCACHE": cache,
            "CGO_ENABLED": "0",
        }
        _run_go(["build", "-v", *_flags(version), "-o", str(made / "pulumi"), COMMAND], aside, go_environment)
        sdk = Path(_run_go(["list", "-m", "-f", "{{.Dir}}", SDK], aside, go_environment))
    for name in SDK_FILES:
        _copy_executable(sdk / name, made)


def _try_download(environment: Mapping[str, str]) -> None:
    """Raise UnavailableError soon where Go cannot download modules and does not have them already."""
    go = shutil.which("go", path=environment.get("PATH")) or "go"
    command = [go, "mod", "download", SMALL_MODULE]
    try:
        subprocess.run(
            command, cwd=MODULES, env=environment, capture_output=True, text=True, check=True, timeout=REACH_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"Go cannot download modules (no answer within {REACH_SECONDS:g} s)") from error
    except subprocess.CalledProcessError as error:
        raise UnavailableError(f"Go cannot download modules ({_last_line(error.stderr)})") from error


def _flags(version: str) -> list[str]:
    return ["-trimpath", "-buildvcs=false", "-ldflags", f"-s -w -X {SDK}/go/common/version.Version=v{version}"]


def _run_go(arguments: list[str], aside: Path, environment: Mapping[str, str]) -> str:
    """Run Go in the folder of the modules, say how far it is, and return what it printed."""
    go = shutil.which("go", path=environment.get("PATH")) or "go"
    progress = Progress(every_seconds=10)
    downloaded = compiled = 0
    last_lines: deque[str] = deque(maxlen=20)
    with (
        (aside / "go-output").open("w+") as output,
        subprocess.Popen(
            [go, *arguments], cwd=MODULES, env=environment, stdout=output, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stderr is not None  # noqa: S101 - for the type checker
        for line in process.stderr:
            last_lines.append(line)
            if line.startswith("go: downloading"):
                downloaded += 1
            else:
                compiled += 1
            progress.report(f"{downloaded} modules downloaded, {compiled} packages compiled")
        code = process.wait()
        output.seek(0)
        printed = output.read().strip()
    if code != 0:
        raise UnavailableError(f"go {arguments[0]} failed ({_last_line(''.join(last_lines))})")
    return printed


def _copy_executable(file: Path, folder: Path) -> None:
    copy = folder / file.name
    shutil.copyfile(file, copy)
    copy.chmod(0o755)


def _verify(version: str, pulumi: Path, environment: Mapping[str, str]) -> None:
    answer = subprocess.run([pulumi, "version"], env=environment, capture_output=True, text=True, check=False)
    if answer.stdout.strip() != f"v{version}":
        found = answer.stdout.strip() or _last_line(answer.stderr)
        raise SetupError(f"the Pulumi CLI that was built says {found!r} and not v{version}: see lab/pulumi/go.mod")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it printed nothing"
