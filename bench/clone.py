"""From `git clone` to the first prediction: what a newcomer waits for, stage by stage.

Owns the clone, the surroundings it runs in and the clock. Does not own any stage (Makefile). What a newcomer lacks is
lacking: the project's cache folder, Pulumi's home, state, a .venv. pip's own cache is used as it is.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from bench import machine, report
from bench.checkout import CommandError, environment, free_port, last_words
from infra import server_process
from infra.project import ROOT
from lab.progress import say

# What make prints when a stage begins, and Pulumi when it has ended.
PACKAGES_BEGIN = "Installing the packages of requirements.txt"
COMPILE_BEGINS = "Compiling them"
UP_ENDED = "Duration:"
PREDICTED = "predicted "
STAGES = ("clone", "venv", "packages", "compile", "CLI", "up", "predict")


@dataclass(frozen=True)
class Line:
    """A line that a command printed, and when: seconds since the epoch."""

    at: float
    text: str


def run(_pairs: int, *, cold_go: bool = False) -> str:
    """Measure once with everything cold and once with the CLI cached; the document of the results.

    Args:
        _pairs: not used: each takes minutes.
        cold_go: whether Go's caches are empty too, where the CLI is built.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        try:
            variables = newcomer(Path(folder), cold_go=cold_go)
            cold = first_prediction(Path(folder) / "cold", variables)
            cached = first_prediction(Path(folder) / "cached", variables)
        finally:
            _make_removable(Path(folder))
    return document(cold, cached, cold_go=cold_go, on=machine.line(None))


def newcomer(folder: Path, *, cold_go: bool) -> dict[str, str]:
    """Variables for a user whose caches, pip's excepted, are empty folders in `folder`."""
    own = environment()
    cache = Path(own.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    variables = own | {
        "XDG_CACHE_HOME": str(folder / "cache"),
        "PIP_CACHE_DIR": own.get("PIP_CACHE_DIR") or str(cache / "pip"),
        "PULUMI_HOME": str(folder / "pulumi-home"),
        "PYTHONUNBUFFERED": "1",
    }
    if cold_go:
        variables |= {"GOCACHE": str(folder / "go-build"), "GOMODCACHE": str(folder / "go-modules")}
    return variables


def first_prediction(clone: Path, variables: Mapping[str, str]) -> dict[str, float]:
    """Clone HEAD, run `make up` in the clone until it has predicted; seconds of each stage.

    Raises:
        CommandError: it did not end well, or without a prediction.
    """
    began = time.time()
    for _ in _told(["git", "clone", "--quiet", str(ROOT), str(clone)], ROOT, variables):
        pass
    cloned = time.time()
    with (clone / "Pulumi.local.yaml").open("a", encoding="utf-8") as settings:
        settings.write(f"  mymodel-serving:port: {free_port()}\n")
    try:
        started = time.time()
        lines = list(_told(["make", "up"], clone, variables))
        taken = stages(started, lines, clone / ".venv")
    finally:
        _end_server(clone)
    return {"clone": cloned - began} | taken


def stages(started: float, lines: list[Line], venv: Path) -> dict[str, float]:
    """Seconds of each stage of a `make up`, from its lines and from the files that end two of its stages.

    Args:
        started: when it was started, seconds since the epoch.
        lines: what it printed.
        venv: the virtualenv it made.

    Raises:
        CommandError: a stage left no trace.
    """
    installed = next(venv.glob(".installed-*"), None)
    if installed is None:
        raise CommandError(f"make up left no {venv}/.installed-*: has the Makefile changed?")
    moments = (
        started,
        _first(lines, PACKAGES_BEGIN),
        _first(lines, COMPILE_BEGINS),
        installed.stat().st_mtime,
        (venv / "bin" / "activate").stat().st_mtime,  # amended when the CLI is there (lab.activation)
        _first(lines, UP_ENDED),
        _first(lines, PREDICTED),
    )
    return {name: end - begin for name, (begin, end) in zip(STAGES[1:], pairwise(moments), strict=True)}


def _first(lines: list[Line], words: str) -> float:
    for line in lines:
        if words in line.text:
            return line.at
    said = last_words("\n".join(line.text for line in lines))
    raise CommandError(f"make up never said {words!r}; it ended with: {said}")


def _told(command: list[str], folder: Path, variables: Mapping[str, str]) -> Iterator[Line]:
    """The lines of a command as it prints them; they are shown too."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for text in process.stdout or ():
            say(f"  {text.rstrip()}")
            yield Line(time.time(), text)
    if process.returncode != 0:
        raise CommandError(f"{' '.join(command)} ended with {process.returncode}; its words are above")


def _end_server(clone: Path) -> None:
    record = server_process.read_record(clone / ".serving" / "local")
    if record:
        server_process.stop(record.pid, record.started)


def _make_removable(folder: Path) -> None:
    """Go writes its modules read-only."""
    for path, _, _ in os.walk(folder / "go-modules"):
        Path(path).chmod(0o700)


def document(cold: Mapping[str, float], cached: Mapping[str, float], *, cold_go: bool, on: str) -> str:
    """The results as Markdown; `on` says on which machine."""
    rows = [
        (name, f"{after / before:.2f}", f"{before:.1f}", f"{after:.1f}")
        for name, before, after in [
            ("**all**", sum(cold.values()), sum(cached.values())),
            *((stage, cold[stage], cached[stage]) for stage in STAGES),
        ]
    ]
    go = "empty too" if cold_go else "as they were (`--cold-go` empties them)"
    flag = " --cold-go" if cold_go else ""
    return f"""# Clone to first prediction

{report.table(("stage", "CLI cached / cold", "cold, s", "CLI cached, s"), rows)}

One run each. Cold: no cache folder of this project, no Pulumi home, no .venv, no state; Go's caches {go},
pip's cache as it was. CLI cached: the same but for the cache folder, which the cold run filled. `CLI` is the time until
the Pulumi CLI is there, however it was had; `up` includes the making of the stack.

Measured: `git clone`, then `make up` in the clone (on a free port) until its first line with a prediction.
Command: `.venv/bin/python -m bench clone{flag}`
Machine: {on}
"""
