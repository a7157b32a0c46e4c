"""When a model server began to serve a version: asked again and again, in a thread, by a new connection each time.

Owns the asking and the clock. Both sides of the comparison are watched by it, from their start.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from bench.checkout import CommandError
from infra import rest
from infra.naming import LOOPBACK, status_url

EVERY_SECONDS = 0.025
WAIT_SECONDS = 180.0


class Watch:
    """Watches a port from `with` on, until the version is served or the block ends.

    Args:
        port: of 127.0.0.1, where a model server answers, or will.
        model_name: of the model.
        version: that is waited for.
    """

    def __init__(self, port: int, model_name: str, version: int) -> None:
        self._url = status_url(LOOPBACK, port, model_name)
        self._version = version
        self._at = 0.0
        self._served, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> Self:
        """Begin to ask."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ask no more."""
        self._over.set()
        self._thread.join()

    def served_at(self, seconds: float = WAIT_SECONDS) -> float:
        """When the version was first told to be AVAILABLE, seconds since the epoch; waits for it.

        Raises:
            CommandError: not within these seconds.
        """
        if not self._served.wait(seconds):
            raise CommandError(f"{self._url} did not serve version {self._version} within {seconds:g} s")
        return self._at

    def _ask(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            with suppress(rest.NoAnswerError):
                state, _ = rest.versions(self._url).get(self._version, ("", ""))
                if state == "AVAILABLE":
                    self._at = time.time()
                    self._served.set()
                    return
