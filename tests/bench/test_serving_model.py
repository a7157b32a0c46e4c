"""The model of the measurement and the loop, as the child processes that they are."""

import json
import subprocess
import sys
from pathlib import Path

from bench.serving_traffic import SIZES, Load
from infra.project import ROOT


def child(*arguments: str, told: str = "") -> str:
    """What the child process prints when it is told these lines."""
    command = [sys.executable, "-m", "bench.serving_model", *arguments]
    done = subprocess.run(command, cwd=ROOT, input=told, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_loop_runs_what_is_exported(tmp_path: Path) -> None:
    """There is a model for each size, and the loop tells the rate of each line it is given."""
    child("export", str(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(str(size) for size in SIZES)
    bodies = [Load(8, rows, 1, 1).file(tmp_path) for rows in (1, 64)]
    told = "".join(json.dumps([str(body), 3]) + "\n" for body in bodies)
    rates = [float(line) for line in child("loop", str(tmp_path / "8" / "1"), told=told).splitlines()]
    assert len(rates) == 2
    assert all(rate > 0 for rate in rates)
