"""Runs `python -m model` as people do: in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SECONDS = 120


def run(*arguments: object, root: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line of the project in `root`, in that folder, with additional environment variables."""
    return subprocess.run(
        command(*arguments),
        cwd=root,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def command(*arguments: object) -> list[str]:
    """The command itself, for processes that are to be watched or killed."""
    return [sys.executable, "-m", "model", *map(str, arguments)]
