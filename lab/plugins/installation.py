"""Puts the stand-ins where the engine looks for plugins, if the official plugins are not there and cannot be had.

Owns that order, the folder of an installed stand-in and the marker by which it is told from an official plugin: an
official one is never touched, a stand-in of another content is replaced. The plugins themselves are the other modules.
"""

import compileall
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from lab.errors import SetupError
from lab.plugins.start import MARKER
from lab.progress import say

PLUGINS = {"kubernetes": "pulumi_kubernetes", "docker": "pulumi_docker"}  # and the package of each one's SDK
FOLDER = Path(__file__).resolve().parent
SCRIPT = "pulumi-resource"
NOT_IN_PLUGINS = {"__main__.py", "installation.py"}
FETCH_SECONDS = 120.0  # for one plugin of some 40 MB; where nothing can be reached it fails at once


def install(environment: Mapping[str, str], cli: Path) -> None:
    """See to it that the engine finds a plugin for both SDKs.

    Args:
        environment: variables as the Pulumi CLI gets them.
        cli: folder of the Pulumi CLI.

    Raises:
        SetupError: an SDK is not installed.
    """
    plugins = home(environment) / "plugins"
    for name, package in PLUGINS.items():
        version = sdk_version(package)
        folder = plugins / f"resource-{name}-v{version}"
        if not _is_there(name, folder, environment) and not _fetched(name, version, cli, environment):
            put(name, version, folder)
            say(f"No official Pulumi plugin {name} {version} can be had: a stand-in for it is in {folder}")


def home(environment: Mapping[str, str]) -> Path:
    """The folder in which the Pulumi CLI keeps plugins and more."""
    return Path(environment.get("PULUMI_HOME") or Path.home() / ".pulumi")


def sdk_version(package: str) -> str:
    """The version of the plugin that an installed SDK asks for; the SDK is not imported.

    Raises:
        SetupError: it is not installed.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SetupError(f"the package {package} is not installed: run make up")
    description = (Path(spec.origin).parent / "pulumi-plugin.json").read_text(encoding="utf-8")
    return str(json.loads(description)["version"])


def put(name: str, version: str, folder: Path) -> None:
    """Install the stand-in for a plugin; it appears complete, and an older one gives way."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="unfinished-") as aside:
        fresh = Path(aside) / "fresh"
        package = fresh / "lab" / "plugins"
        package.mkdir(parents=True)
        shutil.copy(FOLDER.parent / "__init__.py", fresh / "lab")
        for file in _files():
            shutil.copy(file, fresh / f"{SCRIPT}-{name}" if file.name == SCRIPT else package)
        compileall.compile_dir(fresh, quiet=1, stripdir=fresh, prependdir=folder)
        (fresh / MARKER).write_text(json.dumps({"version": version, "content": content_key()}), encoding="utf-8")
        fresh.chmod(0o755)
        if folder.exists():
            folder.rename(Path(aside) / "old")
        fresh.rename(folder)
        _unfinished_mark(folder).unlink(missing_ok=True)


def content_key() -> str:
    """A digest of all that is installed."""
    digest = hashlib.sha256()
    for file in _files():
        content = file.read_bytes()
        digest.update(f"{file.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _files() -> list[Path]:
    return sorted(
        file
        for file in FOLDER.iterdir()
        if file.name == SCRIPT or (file.suffix == ".py" and file.name not in NOT_IN_PLUGINS)
    )


def _unfinished_mark(folder: Path) -> Path:
    """The file by which the CLI, which looks past such a folder, marks a plugin that is not complete."""
    return folder.with_name(f"{folder.name}.partial")


def _is_there(name: str, folder: Path, environment: Mapping[str, str]) -> bool:
    """Whether there is an official plugin, or this very stand-in."""
    if shutil.which(f"pulumi-resource-{name}", path=environment.get("PATH", os.defpath)):
        return True
    if not folder.exists() or _unfinished_mark(folder).exists():
        return False
    try:
        marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return True
    except ValueError:
        return False
    return bool(marker.get("content") == content_key())


def _fetched(name: str, version: str, cli: Path, environment: Mapping[str, str]) -> bool:
    """Whether the Pulumi CLI could install the official plugin. It does not try where that is switched off."""
    if environment.get("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "").lower() in {"1", "true"}:
        return False
    folder = home(environment) / "plugins" / f"resource-{name}-v{version}"
    if (folder / MARKER).exists():  # the CLI would take the older stand-in for the plugin
        return False
    say(f"Fetching the Pulumi plugin {name} {version}")
    command: list[str | Path] = [cli / "pulumi", "plugin", "install", "resource", name, version]
    try:
        answer = subprocess.run(
            command,
            env={**environment, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=FETCH_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0
