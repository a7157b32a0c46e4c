"""Builds the Pulumi CLI from its Go module, where no release can be had.

Owns what such a build is made of (lab/pulumi: exact modules and their checksums) and what must lie beside the binary:
it has no language host of its own, so a small one goes with it. Files in the folder of the binary count as the CLI's
own. When a build is wanted is lab.pulumi_cli's to decide.
"""

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from lab.errors import SetupError, last_line
from lab.go_build import GoModule, build_environment
from lab.progress import say

LAB = Path(__file__).resolve().parent
MODULES = LAB / "pulumi"
COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
SDK = "github.com/pulumi/pulumi/sdk/v3"
MINIMUM_GO = (1, 25, 11)  # what go.mod of that module asks for
SMALL_MODULE = "github.com/kballard/go-shellquote"  # 8 kB, and needed

# Ours; copied, since the folder serves every checkout of this project.
HOST_FILES = (LAB / "language_host.py", MODULES / "pulumi-language-python")
# Pulumi's own, which its Go module carries: one runs a program, the other dynamic providers.
SDK_FILES = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")


def go_version(environment: Mapping[str, str]) -> str:
    """The version of Go on PATH, as `go1.26.8`.

    Raises:
        UnavailableError: there is no Go, or it is too old for the module.
    """
    return _module().go_version(environment)


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


def _module() -> GoModule:
    return GoModule(MODULES, MINIMUM_GO, SMALL_MODULE)


def _build(version: str, made: Path, aside: Path, environment: Mapping[str, str]) -> None:
    """Build the binary into `made` and copy Pulumi's scripts beside it."""
    module = _module()
    module.try_download(environment)
    say(f"Building the Pulumi CLI {version} from its Go module: once, some minutes (about four on two processors)")
    # Go's cache of compiled packages is made for this build alone and removed with it: 1.6 GB that nothing else would
    # use. Downloaded modules stay where Go keeps them: they are shared, checked, and make a second attempt short.
    with tempfile.TemporaryDirectory(dir=aside, prefix="go-cache-") as cache:
        go_environment = build_environment(environment, Path(cache))
        module.run(["build", "-v", *_flags(version), "-o", str(made / "pulumi"), COMMAND], aside, go_environment)
        sdk = Path(module.run(["list", "-m", "-f", "{{.Dir}}", SDK], aside, go_environment))
    for name in SDK_FILES:
        _copy_executable(sdk / name, made)


def _flags(version: str) -> list[str]:
    return ["-trimpath", "-buildvcs=false", "-ldflags", f"-s -w -X {SDK}/go/common/version.Version=v{version}"]


def _copy_executable(file: Path, folder: Path) -> None:
    copy = folder / file.name
    shutil.copyfile(file, copy)
    copy.chmod(0o755)


def _verify(version: str, pulumi: Path, environment: Mapping[str, str]) -> None:
    answer = subprocess.run([pulumi, "version"], env=environment, capture_output=True, text=True, check=False)
    if answer.stdout.strip() != f"v{version}":
        found = answer.stdout.strip() or last_line(answer.stderr)
        raise SetupError(f"the Pulumi CLI that was built says {found!r} and not v{version}: see lab/pulumi/go.mod")
