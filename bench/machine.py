"""On what and with what something was measured, in a line.

Owns the facts about machine, versions and revision. Does not own any figure.
"""

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from infra.project import ROOT

CPU_INFO = Path("/proc/cpuinfo")
UNKNOWN = "unknown"


def line(cli: Path | None) -> str:
    """Cores, memory, processor, load, system, versions, revision and date.

    Args:
        cli: folder of the Pulumi CLI; None where each run finds its own.
    """
    parts = [
        f"{os.cpu_count()} cores",
        f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        processor(),
        f"load {os.getloadavg()[0]:.1f} at the end",
        platform.system(),
        f"Python {platform.python_version()}",
        f"pulumi {version('pulumi')}",
        *([f"CLI {_told([str(cli / 'pulumi'), 'version'])}"] if cli else []),
        revision(),
        datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    ]
    return ", ".join(parts)


def processor() -> str:
    """The processor's model as the system names it."""
    if CPU_INFO.exists():
        for entry in CPU_INFO.read_text(encoding="utf-8").splitlines():
            if entry.startswith("model name"):
                return entry.partition(":")[2].strip()
    if platform.system() == "Darwin":
        return _told(["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"])
    return platform.machine()


def revision() -> str:
    """The commit of this project's HEAD, and whether files differ from it."""
    commit = _told(["git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD"])
    changed = commit != UNKNOWN and _told(["git", "-C", str(ROOT), "status", "--porcelain"])
    return f"commit {commit}" + (" with changes" if changed else "")


def _told(command: Sequence[str]) -> str:
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else UNKNOWN
