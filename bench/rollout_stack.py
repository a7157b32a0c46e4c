"""A stack in the lab, of this project or of the bare program, and its `pulumi` with a clock on every line.

Owns the surroundings: kubeconfig, plugins, and that an interrupted CLI ends by itself. Does not own what is measured.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.checkout import TIMEOUT_SECONDS, Checkout, CommandError, last_words
from bench.clone import Line
from infra.project import ROOT
from lab.plugins.start import MARKER

STACK = "dev"
END_SECONDS = 60.0


@dataclass(frozen=True)
class LabStack(Checkout):
    """A checkout whose stack, by default `dev`, deploys to a cluster.

    Args:
        kubeconfig: of the cluster.
    """

    kubeconfig: Path

    @classmethod
    def bring(cls, folder: Path, files: Mapping[str, Path], cli: Path, kubeconfig: Path, name: str = STACK) -> LabStack:
        """Copy the files to a new folder, make the stack there, and give it the plugins that `make lab` gives users."""
        made = Checkout.make(folder, files, cli)
        stack = cls(made.folder, made.state, made.cli, kubeconfig)
        stack.pulumi("stack", "select", "--create", name)
        done = subprocess.run(
            [sys.executable, "-m", "lab.plugins"],
            cwd=ROOT,
            env=stack._environment(),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise CommandError(f"the plugins cannot be installed: {last_words(done.stderr)}")
        return stack

    @property
    def plugins(self) -> str:
        """Which plugins the engine finds, in words."""
        stand_ins = list((self.folder / ".pulumi-home" / "plugins").glob(f"*/{MARKER}"))
        return "the lab's stand-ins for the Kubernetes and Docker plugins" if stand_ins else "the official plugins"

    def up(self, *arguments: str) -> list[Line]:
        """`pulumi up` without a preview before it; the lines that it printed, and when.

        Interrupted, it is told once and then awaited: told twice, or killed, it would leave processes behind.

        Raises:
            CommandError: it ended with an error, or not within 600 s.
        """
        command = [str(self.cli / "pulumi"), "--non-interactive", "--color=never", "up", "--yes", "--skip-preview"]
        with subprocess.Popen(
            [*command, *arguments],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # an interrupt of the terminal comes from here, and once
        ) as process:
            limit = threading.Timer(TIMEOUT_SECONDS, process.kill)
            limit.start()
            try:
                lines = [Line(time.time(), text) for text in process.stdout or ()]
            finally:
                limit.cancel()
                _end(process)
        if process.returncode != 0:
            said = "".join(line.text for line in lines)
            raise CommandError(f"pulumi up ended with {process.returncode}: {_errors(said) or last_words(said)}")
        return lines

    def up_seconds(self, *arguments: str) -> float:
        """How long such an `up` takes from its start to its end."""
        started = time.perf_counter()
        self.up(*arguments)
        return time.perf_counter() - started

    def _environment(self) -> dict[str, str]:
        return super()._environment() | {"KUBECONFIG": str(self.kubeconfig)}


def _end(process: subprocess.Popen[str]) -> None:
    """See a process off: a CLI that still runs is interrupted and awaited."""
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _errors(said: str) -> str:
    """The lines of an `up` that name what failed; its last ones are outputs and counts."""
    return "\n".join(line.strip() for line in said.splitlines() if line.lstrip().startswith("error:"))
