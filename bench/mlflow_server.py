"""MLflow's model server beside ours: `mlflow models serve` of the same SavedModel, in a virtualenv of its own.

Owns that virtualenv, in the user's cache folder, and the start of the server. MLflow's packages do not go together with
this project's, and are wanted by nothing else; hence not in requirements.txt.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.checkout import CommandError
from bench.serving_subjects import Server, free_port
from bench.serving_traffic import Endpoint
from infra.project import ROOT
from lab.errors import last_line
from lab.progress import say
from lab.pulumi_cli import cache_folder

PINS = ROOT / "bench" / "mlflow-requirements.txt"
SAVE = ROOT / "bench" / "mlflow_model.py"
INSTALL_SECONDS = 3600
SAVE_SECONDS = 300


def environment_folder(cache: Path, pins: Path = PINS) -> Path:
    """Where the virtualenv for these pins and this Python lies in a cache folder."""
    key = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:12]
    return cache / f"mlflow-{key}"


def install(folder: Path, pins: Path = PINS) -> Path:
    """Make the virtualenv unless it is there; its folder of commands.

    Raises:
        CommandError: it cannot be made. What was begun is removed.
    """
    finished = folder / "finished"
    if not finished.is_file():
        say(f"Installing MLflow into {folder} (2.2 GB, some minutes; once for these pins, safe to delete)")
        shutil.rmtree(folder, ignore_errors=True)
        try:
            _run([sys.executable, "-m", "venv", str(folder)], INSTALL_SECONDS)
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
            _run([*pip, "--requirement", str(pins)], INSTALL_SECONDS)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        finished.touch()
    return folder / "bin"


def mlflow(model: Path, body: bytes, log: Path) -> Server:
    """MLflow's server, with its one worker, for version 1 in a model's folder.

    Raises:
        CommandError: MLflow cannot be installed, does not take the model or does not answer.
    """
    commands = install(environment_folder(cache_folder(os.environ)))
    target = log.with_suffix(".mlflow")
    _run([str(commands / "python"), str(SAVE), str(model / "1"), str(target)], SAVE_SECONDS)
    port = free_port()
    serve = ["models", "serve", "--model-uri", str(target), "--env-manager", "local"]
    environment = {
        **os.environ,
        "PATH": f"{commands}{os.pathsep}{os.environ.get('PATH', '')}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    command = [str(commands / "mlflow"), *serve, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    return Server(command, Endpoint(port, "/invocations"), body, log, environment)


def _run(command: Sequence[str], seconds: float) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandError(f"{Path(command[0]).name} {command[1]}: {error}") from error
    if done.returncode != 0:
        raise CommandError(f"{Path(command[0]).name} {command[1]}: {last_line(done.stderr)}")
