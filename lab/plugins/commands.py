"""Runs the command lines that do the work, so that all of them can be ended at once.

Owns the running processes. What they are asked and what their answers mean is their caller's.
"""

import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass


class CancelledError(Exception):
    """The engine has asked to stop."""


@dataclass(frozen=True)
class Answer:
    """What an ended command said."""

    status: int
    output: str
    errors: str


class Commands:
    """Commands of one plugin. May be used by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._cancelled = threading.Event()

    def run(self, command: list[str], given: str = "", environment: Mapping[str, str] | None = None) -> Answer:
        """Run a command to its end, with `given` on its standard input.

        Raises:
            FileNotFoundError: there is no such command.
            CancelledError: `cancel` was called.
        """
        process = self._start(command, environment, stderr=subprocess.PIPE)
        try:
            output, errors = process.communicate(given)
        finally:
            self._forget(process)
        return Answer(process.returncode, output, errors)

    def follow(
        self, command: list[str], say: Callable[[str], None], environment: Mapping[str, str] | None = None
    ) -> Answer:
        """Run a command to its end and tell `say` every line it prints, errors included, as it comes.

        Raises:
            FileNotFoundError: there is no such command.
            CancelledError: `cancel` was called.
        """
        process = self._start(command, environment, stderr=subprocess.STDOUT)
        lines = []
        try:
            with process:
                if process.stdin is not None:
                    process.stdin.close()
                for line in process.stdout or []:
                    lines.append(line)
                    say(line.rstrip())
        finally:
            self._forget(process)
        return Answer(process.returncode, "".join(lines), "")

    @contextmanager
    def beside(self, command: list[str], given: str, say: Callable[[str], None]) -> Iterator[None]:
        """Run a command beside the block, with `given` on its standard input, and end it with the block.

        `say` is told every line it prints, errors included, as it comes.

        Raises:
            FileNotFoundError: there is no such command.
            CancelledError: `cancel` was called.
        """
        process = self._start(command, None, stderr=subprocess.STDOUT)
        reader = threading.Thread(target=_hand_on, args=(process, given, say), daemon=True)
        reader.start()
        try:
            yield
        finally:
            process.terminate()
            process.wait()
            reader.join()
            self._forget(process)

    def pause(self, seconds: float) -> None:
        """Wait.

        Raises:
            CancelledError: `cancel` was called, before or while waiting.
        """
        if self._cancelled.wait(seconds):
            raise CancelledError

    def cancel(self) -> None:
        """End what runs, and let nothing more be started."""
        with self._lock:
            self._cancelled.set()
            for process in self._running:
                process.terminate()

    def _start(self, command: list[str], environment: Mapping[str, str] | None, stderr: int) -> subprocess.Popen[str]:
        with self._lock:
            if self._cancelled.is_set():
                raise CancelledError
            process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                errors="replace",
            )
            self._running.add(process)
            return process

    def _forget(self, process: subprocess.Popen[str]) -> None:
        with self._lock:
            self._running.discard(process)
        if self._cancelled.is_set():
            raise CancelledError


def _hand_on(process: subprocess.Popen[str], given: str, say: Callable[[str], None]) -> None:
    """Write a process its input and tell `say` its lines, until it ends."""
    with suppress(BrokenPipeError), process:  # it may have ended without having read its input
        if process.stdin is not None:
            with suppress(BrokenPipeError):
                process.stdin.write(given)
                process.stdin.close()
        for line in process.stdout or []:
            say(line.rstrip())
