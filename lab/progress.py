"""Lines that tell people what a long step is doing. They go to standard error: standard output is for results."""

import sys
import time


def say(text: str) -> None:
    """Print one line at once."""
    print(text, file=sys.stderr, flush=True)


class Progress:
    """Says how far a step is, but at most once in `every_seconds`; the first time after that long."""

    def __init__(self, every_seconds: float) -> None:
        self._every = every_seconds
        self._started = self._last = time.monotonic()

    def report(self, text: str) -> None:
        """Say `text` and the seconds since the step began, unless something was said a moment ago."""
        now = time.monotonic()
        if now - self._last >= self._every:
            self._last = now
            say(f"  {text}, {now - self._started:.0f} s")
