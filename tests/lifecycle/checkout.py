"""A checkout of the project with a stack of its own, and the Pulumi CLI run in it.

Owns where its files, state and Pulumi home lie. Does not own any expectation.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import psutil
import requests

from infra import ports
from infra.project import ROOT

CONFIGURATION = tuple(f"Pulumi{stack}.yaml" for stack in ("", ".local", ".dev", ".staging", ".prod"))
SOURCES = (*CONFIGURATION, "__main__.py", "model", "infra", "serving")
TIMEOUT_SECONDS = 240


def free_port() -> int:
    """A port that nothing listens on now, from outside the range that outgoing connections are given."""
    while True:
        port = random.randint(20000, 30000)  # noqa: S311 - no secret
        if not ports.is_taken(port):
            return port


@dataclass(frozen=True)
class Result:
    """What an ended command said."""

    status: int
    text: str


@dataclass(frozen=True)
class Checkout:
    """A copy of the project's files in a folder, with a stack.

    Args:
        folder: of the copied files.
        state: folder of the Pulumi backend, which several checkouts may share.
        cli: folder of the Pulumi CLI.
        variables: of the environment, beyond this process's own.
    """

    folder: Path
    state: Path
    cli: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def make(
        cls,
        folder: Path,
        state: Path,
        cli: Path,
        stack: str = "local",
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> Checkout:
        """Copy the project's files to a folder and make or find the stack."""
        folder.mkdir(parents=True)
        for name in SOURCES:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, folder / name)
        (folder / ".venv").symlink_to(ROOT / ".venv")
        state.mkdir(exist_ok=True)
        checkout = cls(folder, state, cli, variables)
        checkout.succeeds("stack", "select", "--create", stack)
        return checkout

    @property
    def environment(self) -> dict[str, str]:
        """Variables for the Pulumi CLI: nothing of the user's own Pulumi is read or changed."""
        return os.environ | {
            "PATH": f"{self.cli}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": self.state.as_uri(),
            "PULUMI_HOME": str(self.folder / ".pulumi-home"),
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            **self.variables,
        }

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Start the Pulumi CLI; its output, errors included, can be read from `stdout`."""
        return subprocess.Popen(
            [self.cli / "pulumi", "--non-interactive", "--color=never", *arguments],
            cwd=self.folder,
            env=self.environment | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def pulumi(self, *arguments: str, **more: str) -> Result:
        """Run the Pulumi CLI to its end."""
        with self.start(*arguments, **more) as process:
            try:
                text, _ = process.communicate(timeout=TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return Result(process.returncode, text)

    def succeeds(self, *arguments: str, **more: str) -> str:
        """Run the Pulumi CLI, which must end well; what it said."""
        result = self.pulumi(*arguments, **more)
        assert result.status == 0, result.text
        return result.text

    def fails(self, *arguments: str, **more: str) -> str:
        """Run the Pulumi CLI, which must end with an error and without a traceback; what it said."""
        result = self.pulumi(*arguments, **more)
        assert result.status != 0, result.text
        assert "Traceback" not in result.text, result.text
        return result.text

    def python(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a module of the project to its end, with the checkout's own virtualenv."""
        return subprocess.run(
            [self.folder / ".venv" / "bin" / "python", "-m", module, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def up(self) -> str:
        """`pulumi up` without a preview before it."""
        return self.succeeds("up", "--yes", "--skip-preview")

    def configure(self, **values: str) -> None:
        """Set configuration keys."""
        for key, value in values.items():
            self.succeeds("config", "set", key, "--", value)

    def output(self, name: str) -> str:
        """A stack output as text."""
        return self.succeeds("stack", "output", name).strip()

    def servers(self) -> list[psutil.Process]:
        """The model servers that run for the stack: one where it is up."""
        return [process for process in psutil.process_iter(["cmdline"]) if self._is_server(process)]

    def server(self) -> psutil.Process:
        """The one model server that runs for the stack."""
        (found,) = self.servers()
        return found

    def _is_server(self, process: psutil.Process) -> bool:
        base = f"--model_base_path={self.folder / '.serving' / 'local'}"
        words = process.info["cmdline"] or []
        return process.status() != psutil.STATUS_ZOMBIE and any(word.startswith(base) for word in words)

    def status(self) -> dict[str, str]:
        """State of every version the model server tells of."""
        answer = requests.get(self.output("statusUrl"), timeout=10).json()["model_version_status"]
        return {entry["version"]: entry["state"] for entry in answer}
