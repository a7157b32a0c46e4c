"""Fetches the official release of the Pulumi CLI, checked against the release's own list of checksums.

Knows the layout of the download site (https://www.pulumi.com/docs/iac/download-install/versions/) and nothing of
when a release is wanted: that is lab.pulumi_cli's.
"""

import hashlib
import http.client
import platform
import shutil
import tarfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from lab.errors import SetupError, UnavailableError
from lab.progress import Progress, say

SITE = "https://get.pulumi.com/releases/sdk"
REACH_SECONDS = 5.0  # for the first small file: name look-up, connection and answer together
STALL_SECONDS = 20.0  # without a byte while downloading

_MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
_Result = TypeVar("_Result")


def platform_name() -> str:
    """Operating system and processor as releases name them, for instance `linux-x64` or `darwin-arm64`."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}-{_MACHINES.get(machine, machine)}"


def install(version: str, folder: Path, aside: Path, site: str = SITE, reach_seconds: float = REACH_SECONDS) -> None:
    """Put the release of `version` for this machine into `folder`, which must not exist yet.

    Args:
        version: as `3.259.0`.
        folder: what will hold `pulumi` and the files that belong beside it; appears complete or not at all.
        aside: an empty folder on the same disk for what is not finished; the caller removes it.
        site: address that the files' names are appended to.
        reach_seconds: how long the site may take to show that it can be reached at all.

    Raises:
        UnavailableError: the site cannot be reached or has no release for this machine.
        SetupError: the download broke off, or is not what the checksum says.
    """
    name = f"pulumi-v{version}-{platform_name()}.tar.gz"
    expected = _checksum(f"{site}/pulumi-{version}-checksums.txt", name, reach_seconds)
    archive = aside / name
    say(f"Downloading the Pulumi CLI {version} from {site}")
    found = _download(f"{site}/{name}", archive)
    if found != expected:
        raise SetupError(
            f"{site}/{name} has the sha256 {found}, its checksum file says {expected}: not used; "
            "run make up again, and if it stays so install the Pulumi CLI yourself (https://www.pulumi.com/docs/install)"
        )
    _unpack(archive, aside / "unpacked").rename(folder)


def _checksum(url: str, name: str, reach_seconds: float) -> str:
    """The sha256 that the checksum file at `url` lists for `name`."""
    try:
        text = _within(reach_seconds, lambda: _read(url, reach_seconds))
    except (OSError, http.client.HTTPException) as error:
        raise UnavailableError(f"{url} cannot be reached ({_reason(error)})") from error
    for line in text.splitlines():
        parts = line.split()
        if len(parts) == 2 and parts[1].lstrip("*") == name:
            return parts[0].lower()
    raise UnavailableError(f"{url} lists no {name}")


def _open(url: str, timeout: float) -> Any:
    """The answer to a GET; any other status than success is an OSError too."""
    try:
        return urllib.request.urlopen(url, timeout=timeout)  # noqa: S310 - the scheme is the caller's
    except urllib.error.HTTPError as error:
        error.close()
        raise OSError(f"HTTP status {error.code}") from None


def _read(url: str, timeout: float) -> str:
    with _open(url, timeout) as response:
        content: bytes = response.read(1_000_000)
    return content.decode("utf-8", "replace")


def _within(seconds: float, work: Callable[[], _Result]) -> _Result:
    """Do `work`, but give up after `seconds`.

    A socket's timeout bounds neither a name look-up nor the sum over several dead addresses, hence the thread; it is a
    daemon, so one that hangs does not keep the process alive.
    """
    results: list[_Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError(f"no answer within {seconds:g} s")
    return results[0]


def _download(url: str, target: Path) -> str:
    """Stream `url` into `target` and return its sha256."""
    digest = hashlib.sha256()
    done = 0
    progress = Progress(every_seconds=2)
    try:
        response = _open(url, STALL_SECONDS)
    except (OSError, http.client.HTTPException) as error:
        raise UnavailableError(f"{url} cannot be had ({_reason(error)})") from error
    try:
        with response, target.open("wb") as file:
            size = int(response.headers.get("Content-Length") or 0)
            while chunk := response.read(1 << 18):
                file.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                progress.report(f"{done / 1e6:.0f} of {size / 1e6:.0f} MB")
    except (OSError, http.client.HTTPException) as error:
        raise SetupError(
            f"the download of {url} broke off after {done / 1e6:.0f} MB ({_reason(error)}): run make up again"
        ) from error
    if done < size:
        raise SetupError(f"the download of {url} broke off after {done} of {size} bytes: run make up again")
    return digest.hexdigest()


def _unpack(archive: Path, target: Path) -> Path:
    """Unpack a verified release and return the folder in it that holds `pulumi`."""
    if not hasattr(tarfile, "data_filter"):
        raise UnavailableError("this Python cannot unpack archives safely (3.11.4 and later can)")
    with tarfile.open(archive) as tar:
        tar.extractall(target, filter="data")
    for folder in (target / "pulumi", target / "pulumi" / "bin"):
        if shutil.which("pulumi", path=str(folder)):
            return folder
    raise SetupError(
        f"{archive.name} holds no pulumi: install the Pulumi CLI yourself (https://www.pulumi.com/docs/install)"
    )


def _reason(error: BaseException) -> str:
    """What went wrong, on one line."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    return " ".join(str(cause).split()) or type(cause).__name__
