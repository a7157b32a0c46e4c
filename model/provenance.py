"""Where a training took place: git revision, packages and CPU, for the manifest. None of it decides a fingerprint.

Standard library only; every question has an answer where git, a repository or a CPU description is missing.
"""

import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

SOURCES = ("model", "requirements.txt")
PACKAGES = ("tensorflow", "tensorflow-cpu", "keras", "numpy", "scikit-learn", "h5py", "protobuf", "ml_dtypes")
# Vector instructions: the part of a CPU that decides the last bits of the weights.
VECTOR_PREFIXES = ("sse4", "avx", "fma", "amx", "asimd", "neon", "sve", "bf16", "i8mm")
CPUINFO = Path("/proc/cpuinfo")
ANSWER_SECONDS = 10


def source_revision(root: Path) -> tuple[str | None, bool | None]:
    """The git commit of the folder `root`, and whether its model sources have uncommitted changes; None if unknown."""
    revision = _output(["git", "-C", str(root), "rev-parse", "--verify", "HEAD"])
    changes = _output(["git", "-C", str(root), "status", "--porcelain", "--", *SOURCES])
    if revision is None or changes is None:
        return None, None
    return revision, changes != ""


def packages() -> dict[str, str]:
    """`python` and the installed packages that take part in a training, to their versions."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def cpu() -> dict[str, str | list[str]]:
    """`machine` (architecture), `model` (as the system says), vector `features`; `limited_to` where one is set."""
    if sys.platform == "darwin":
        model = _output(["sysctl", "-n", "machdep.cpu.brand_string"]) or ""
        # Only Intel Macs have these two; an Apple chip's features follow from its model.
        flags = _output(["sysctl", "-n", "machdep.cpu.features", "machdep.cpu.leaf7_features"]) or ""
    else:
        described = _first_processor()
        model, flags = described.get("model name", ""), described.get("flags", described.get("Features", ""))
    found: dict[str, str | list[str]] = {
        "machine": platform.machine(),
        "model": model,
        "features": _vector(flags.lower().split()),
    }
    if limit := os.environ.get("ONEDNN_MAX_CPU_ISA"):  # TensorFlow's kernels then use no newer instructions
        found["limited_to"] = limit
    return found


def _vector(flags: Iterable[str]) -> list[str]:
    return sorted({flag for flag in flags if flag.startswith(VECTOR_PREFIXES)})


def _first_processor() -> dict[str, str]:
    """What Linux says of the first processor, by key."""
    try:
        first = CPUINFO.read_text().partition("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _output(command: list[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
