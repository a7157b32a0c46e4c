"""Runs programs to their end, each within its time, and turns a failure into one line that says where to read more."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.errors import SetupError, last_line
from lab.progress import Progress

# Where Debian keeps what an administrator runs, which is not on everybody's PATH.
ADMINISTRATOR_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def search_path() -> str:
    """PATH, and the folders of an administrator's programs."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *ADMINISTRATOR_FOLDERS])


def run(command: Sequence[str | Path], *, seconds: float = 30, text: str = "") -> str:
    """Run a short command and return what it printed.

    Args:
        command: program and arguments.
        seconds: time it may take.
        text: its standard input.

    Raises:
        SetupError: it failed or took too long; the message has its last line.
    """
    try:
        answer = subprocess.run(
            command,
            input=text,
            env={**os.environ, "PATH": search_path()},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SetupError(f"`{_shown(command)}` did not end within {seconds:g} s") from error
    except OSError as error:
        raise SetupError(f"`{_shown(command)}` cannot be run ({error.strerror})") from error
    if answer.returncode != 0:
        reason = last_line(answer.stderr or answer.stdout)
        raise SetupError(f"`{_shown(command)}` failed with exit status {answer.returncode}: {reason}")
    return answer.stdout


def run_logged(
    what: str,
    command: Sequence[str | Path],
    log: Path,
    *,
    seconds: float,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run a long command whose words go to a log, and say every ten seconds that it is at work.

    Args:
        what: the step in words, as "installing packages".
        command: program and arguments.
        log: file that its output is appended to.
        seconds: time it may take.
        environment: variables beyond this process's own.

    Raises:
        SetupError: it failed or took too long; the message has its last line and names the log.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    progress = Progress(every_seconds=10)
    deadline = time.monotonic() + seconds
    with log.open("ab") as output:
        begin = output.tell()
        with subprocess.Popen(
            command,
            env={**os.environ, "PATH": search_path(), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        ) as process:
            try:
                while _still_runs(process):
                    progress.report(what)
                    if time.monotonic() > deadline:
                        raise SetupError(f"{what} did not end within {seconds:g} s: see {log}")
            finally:
                process.kill()  # without effect on one that has ended
    if process.returncode != 0:
        said = log.read_bytes()[begin:].decode("utf-8", "replace")
        raise SetupError(f"{what} failed ({last_line(said)}): see {log}")


def _still_runs(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(0.5)
    except subprocess.TimeoutExpired:
        return True
    return False


def _shown(command: Sequence[str | Path]) -> str:
    return " ".join(map(str, command[:6]))
