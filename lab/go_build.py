"""Builds programs from Go modules: is there a Go, can it reach modules, how far is it, what did it say last.

Knows nothing of what is built; each build says that itself (lab.pulumi_build, lab.cluster.kubernetes_build).
"""

import re
import shutil
import subprocess
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.errors import UnavailableError, last_line
from lab.progress import Progress

REACH_SECONDS = 10.0  # for one small module; Go by itself gives up on a closed network after half a minute


@dataclass(frozen=True)
class GoModule:
    """A folder with go.mod and go.sum, and what a build of it takes.

    Attributes:
        folder: where Go runs.
        minimum_go: the version that go.mod asks for.
        small_module: a module that is small and needed: shows whether modules can be had at all.
    """

    folder: Path
    minimum_go: tuple[int, int, int]
    small_module: str

    def go_version(self, environment: Mapping[str, str]) -> str:
        """The version of Go on PATH, as `go1.26.8`.

        Raises:
            UnavailableError: there is no Go, or it is too old for the module.
        """
        needed = ".".join(map(str, self.minimum_go))
        go = shutil.which("go", path=environment.get("PATH"))
        if go is None:
            raise UnavailableError(f"Go {needed} or newer is not installed")
        answer = subprocess.run(
            [go, "env", "GOVERSION"], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        version = answer.stdout.strip()
        numbers = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", version)
        if numbers is None:
            raise UnavailableError(f"{go} does not tell its version ({last_line(answer.stderr)})")
        if tuple(int(number or 0) for number in numbers.groups()) < self.minimum_go:
            raise UnavailableError(f"{go} is {version}, and {needed} or newer is needed")
        return version

    def try_download(self, environment: Mapping[str, str]) -> None:
        """Find out soon whether modules can be had.

        Raises:
            UnavailableError: Go cannot download them and does not have them already.
        """
        command = [_go(environment), "mod", "download", self.small_module]
        try:
            subprocess.run(
                command,
                cwd=self.folder,
                env=environment,
                capture_output=True,
                text=True,
                check=True,
                timeout=REACH_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise UnavailableError(f"Go cannot download modules (no answer within {REACH_SECONDS:g} s)") from error
        except subprocess.CalledProcessError as error:
            raise UnavailableError(f"Go cannot download modules ({last_line(error.stderr)})") from error

    def run(self, arguments: list[str], aside: Path, environment: Mapping[str, str]) -> str:
        """Run Go in the module's folder, say how far it is, and return what it printed.

        Args:
            arguments: command and flags for Go.
            aside: a folder for what it prints.
            environment: see `build_environment`.

        Raises:
            UnavailableError: Go failed; the message has its last line.
        """
        progress = Progress(every_seconds=10)
        downloaded = compiled = 0
        last_lines: deque[str] = deque(maxlen=20)
        with (
            (aside / "go-output").open("w+") as output,
            subprocess.Popen(
                [_go(environment), *arguments],
                cwd=self.folder,
                env=environment,
                stdout=output,
                stderr=subprocess.PIPE,
                text=True,
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
            raise UnavailableError(f"go {arguments[0]} failed ({last_line(''.join(last_lines))})")
        return printed


def build_environment(environment: Mapping[str, str], cache: Path) -> dict[str, str]:
    """Variables for a build that takes no flags or targets from the user and may not change go.mod.

    Args:
        environment: variables as the user has them.
        cache: folder for compiled packages.
    """
    kept = {name: value for name, value in environment.items() if name not in {"GOOS", "GOARCH", "GOEXPERIMENT"}}
    return {**kept, "GOFLAGS": "-mod=readonly", "GOWORK": "off", "GOCACHE": str(cache), "CGO_ENABLED": "0"}


def _go(environment: Mapping[str, str]) -> str:
    return shutil.which("go", path=environment.get("PATH")) or "go"
