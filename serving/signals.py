"""SIGTERM and SIGINT: what ends the model server while nothing is served yet.

Owns their first handlers; while requests are answered, uvicorn acts on them.
"""

import logging
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

_log = logging.getLogger(__name__)


def on_signals(handler: Callable[[int, Any], Any]) -> None:
    """Let a function of the signal's number and frame act on both."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def leave(number: int, _frame: Any) -> NoReturn:
    """End well.

    Raises:
        SystemExit: with status 0.
    """
    _log.info("%s: the model server ends", signal.Signals(number).name)
    sys.exit(0)
