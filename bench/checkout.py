"""A Pulumi program in a folder of its own, and the CLI run in it with a clock.

Owns where the program's files, state and Pulumi home lie: nothing of the user's own Pulumi is read or changed. Does not
own what is measured.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra import ports, server_process
from infra.project import ROOT

BARE = Path(__file__).resolve().parent / "bare"
PROJECT_FILES = {
    name: ROOT / name for name in ("Pulumi.yaml", "Pulumi.local.yaml", "__main__.py", "model", "infra", "serving")
}
BARE_FILES = {
    "Pulumi.yaml": BARE / "Pulumi.yaml",
    "__main__.py": BARE / "__main__.py",
    "bench/__init__.py": BARE.parent / "__init__.py",
    "bench/bare/__init__.py": BARE / "__init__.py",
    "bench/bare/resources.py": BARE / "resources.py",
}
TIMEOUT_SECONDS = 600.0


class CommandError(Exception):
    """A command that is measured, or that prepares a measurement, failed; the message has its last words."""


def environment() -> dict[str, str]:
    """This process's variables without what would make a run unlike a user's: Pulumi's own, and a ban on bytecode.

    Where bytecode may not be written, each command compiles the program's modules anew; `make up` compiles those of
    .venv beforehand, so that would count against the program with the more modules of its own.
    """
    unwanted = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "VIRTUAL_ENV"}
    return {
        name: value for name, value in os.environ.items() if name not in unwanted and not name.startswith("PULUMI_")
    }


def last_words(text: str) -> str:
    """The last lines that a command said, for an error."""
    return "\n".join(text.strip().splitlines()[-15:])


@dataclass(frozen=True)
class Checkout:
    """A program's files in a folder, with the stack `local` on a file backend.

    Args:
        folder: of the files.
        state: folder of the backend.
        cli: folder of the Pulumi CLI.
    """

    folder: Path
    state: Path
    cli: Path

    @classmethod
    def make(cls, folder: Path, files: Mapping[str, Path], cli: Path) -> Checkout:
        """Copy files and folders to these places in a new folder, and make the stack."""
        folder.mkdir(parents=True)
        for place, source in files.items():
            target = folder / place
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        (folder / ".venv").symlink_to(ROOT / ".venv")
        return cls(folder, folder, cli).with_new_state()

    def with_new_state(self) -> Checkout:
        """The same files with the stack `local`, empty, on a new backend."""
        states = self.folder / ".states"
        states.mkdir(exist_ok=True)
        fresh = Checkout(self.folder, Path(tempfile.mkdtemp(dir=states)), self.cli)
        fresh.pulumi("stack", "select", "--create", "local")
        return fresh

    def pulumi(self, *arguments: str, **more: str) -> str:
        """Run the Pulumi CLI to its end, with more variables of the environment; what it said.

        Raises:
            CommandError: it ended with an error, or not within 600 s.
        """
        command = [str(self.cli / "pulumi"), "--non-interactive", "--color=never", *arguments]
        try:
            done = subprocess.run(
                command,
                cwd=self.folder,
                env=self._environment() | more,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CommandError(f"pulumi {' '.join(arguments)} did not end within {TIMEOUT_SECONDS:.0f} s") from None
        if done.returncode != 0:
            raise CommandError(f"pulumi {' '.join(arguments)} ended with {done.returncode}: {last_words(done.stdout)}")
        return done.stdout

    def seconds(self, *arguments: str) -> float:
        """How long the Pulumi CLI takes from its start to its end."""
        started = time.perf_counter()
        self.pulumi(*arguments)
        return time.perf_counter() - started

    def configure(self, **values: str) -> None:
        """Set configuration keys of the stack."""
        for key, value in values.items():
            self.pulumi("config", "set", key, "--", value)

    def end_server(self) -> None:
        """End the model server that was started from this folder, if there is one."""
        record = server_process.read_record(self.folder / ".serving" / "local")
        if record:
            server_process.stop(record.pid, record.started)

    def _environment(self) -> dict[str, str]:
        own = environment()
        return own | {
            "PATH": f"{self.cli}{os.pathsep}{own['PATH']}",
            "PULUMI_BACKEND_URL": self.state.as_uri(),
            "PULUMI_HOME": str(self.folder / ".pulumi-home"),
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }


def free_port() -> int:
    """A port that nothing listens on now, from below the range that outgoing connections are given."""
    while True:
        port = random.randint(20000, 30000)  # noqa: S311 - no secret
        if not ports.is_taken(port):
            return port
