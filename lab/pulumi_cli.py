"""Which Pulumi CLI this project uses: the one on PATH, else the official release, else one built from its Go module.

Owns that order, the versions and the cache in the user's cache folder. How a release is fetched and how a build is
made are lab.pulumi_release's and lab.pulumi_build's. Run as a program (`python -m lab.pulumi_cli`, from the project's
folder) it prints the folder that holds the CLI, and nothing else, on standard output.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from lab import pulumi_build, pulumi_release
from lab.errors import SetupError, UnavailableError
from lab.progress import say
from lab.workplace import alone_in, aside_in

# The version that is fetched, and the oldest one taken from PATH: nothing older was ever run with the pulumi package
# that requirements.txt names.
VERSION = "3.259.0"
UPDATE = "curl -fsSL https://get.pulumi.com | sh"


def obtain(environment: Mapping[str, str], cache: Path, site: str = pulumi_release.SITE) -> Path:
    """The folder that holds a usable `pulumi` with its Python language host, made if there is none.

    Args:
        environment: variables of the process: PATH is searched, Go gets all of them.
        cache: folder of this project's own in the user's cache folder; made if it is missing.
        site: where releases are.

    Raises:
        SetupError: the CLI on PATH is too old, or there is no way to get one.
    """
    folder = on_path(environment, cache) or _cached(environment, cache)
    if folder is not None:
        return folder
    with alone_in(cache, "installing the Pulumi CLI"):
        folder = _cached(environment, cache)  # another make may have been quicker
        return folder or _install(environment, cache, site)


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where this project keeps the CLI: shared by its checkouts, safe to delete."""
    if environment.get("XDG_CACHE_HOME"):
        return Path(environment["XDG_CACHE_HOME"]) / "mymodel-serving"
    caches = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return Path.home() / caches / "mymodel-serving"


def on_path(environment: Mapping[str, str], cache: Path) -> Path | None:
    """The folder of the first `pulumi` on PATH that is not a link into `cache`, if it can be used.

    One that does not run, or that has no Python language host, is named and passed over.

    Raises:
        SetupError: it is too old. Another one is not taken in its place silently.
    """
    folders = environment.get("PATH", "").split(os.pathsep)
    found = (shutil.which("pulumi", path=folder) for folder in folders if folder)
    pulumi = next((file for file in found if file and not Path(file).resolve().is_relative_to(cache.resolve())), None)
    if pulumi is None:
        return None
    version = _version(pulumi, environment)
    if version is None:
        say(f"{pulumi} does not tell its version: passed over")
        return None
    if _numbers(version) < _numbers(VERSION):
        raise SetupError(
            f"{pulumi} is version {version}, and {VERSION} or newer is needed: update it ({UPDATE}, or the way you "
            "installed it) or take it off PATH, then run make up again"
        )
    beside = str(Path(pulumi).resolve().parent)
    if shutil.which("pulumi-language-python", path=os.pathsep.join([beside, *folders])) is None:
        say(f"{pulumi} has no pulumi-language-python beside it or on PATH: passed over")
        return None
    return Path(pulumi).parent


def is_built(folder: Path) -> bool:
    """Whether the CLI in `folder` is one that was built here: it can fetch no plugin that fits it."""
    return (folder / "language_host.py").exists()


def _cached(environment: Mapping[str, str], cache: Path) -> Path | None:
    """The folder of an earlier download or build. Without Go any build of this version and host will do."""
    release = cache / _release_name()
    if release.exists():
        return release
    try:
        go = pulumi_build.go_version(environment)
    except UnavailableError:
        return next(cache.glob(f"pulumi-{VERSION}-*-{pulumi_build.host_key()}"), None)
    build = cache / pulumi_build.folder_name(VERSION, go)
    return build if build.exists() else None


def _install(environment: Mapping[str, str], cache: Path, site: str) -> Path:
    """Download or build into the cache and return the new folder. Nothing unfinished stays behind."""
    with aside_in(cache) as aside:
        try:
            release = cache / _release_name()
            pulumi_release.install(VERSION, release, aside, site)
        except UnavailableError as unreachable:
            say(f"No official Pulumi CLI: {unreachable}")
        else:
            return release
        try:
            build = cache / pulumi_build.folder_name(VERSION, pulumi_build.go_version(environment))
            pulumi_build.install(VERSION, build, aside, environment)
        except UnavailableError as impossible:
            raise SetupError(
                f"no Pulumi CLI: none on PATH, no release could be fetched, and none could be built: {impossible}. "
                f"Install the CLI ({UPDATE}) or Go {'.'.join(map(str, pulumi_build.MINIMUM_GO))} or newer "
                "(https://go.dev/dl), then run make up again"
            ) from impossible
        return build


def _release_name() -> str:
    return f"pulumi-{VERSION}-{pulumi_release.platform_name()}"


def _version(pulumi: str, environment: Mapping[str, str]) -> str | None:
    """What `pulumi version` says, without the v; None if it does not run or says something else."""
    try:
        answer = subprocess.run(
            [pulumi, "version"],
            env={**environment, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = answer.stdout.strip().removeprefix("v")
    return version if answer.returncode == 0 and re.match(r"\d+\.\d+\.\d+", version) else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def obtain_here() -> Path:
    """`obtain` for this process and its user.

    Raises:
        SystemExit: there is none to be had; the message says why and what to do.
    """
    try:
        return obtain(os.environ, cache_folder(os.environ))
    except SetupError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"The Pulumi CLI cannot be put into the cache ({error}): set XDG_CACHE_HOME to a folder with room")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    print(obtain_here())
