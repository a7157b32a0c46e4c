"""`python -m serving`: the command line of the model server.

Owns what is printed and the exit status; see `flags` for the flags and `server` for what runs.
"""

import socket
import sys
from collections.abc import Sequence
from functools import partial

from serving.flags import FlagError, Flags, parse, usage
from serving.listener import PortError, bind
from serving.log import announce, log_to_stderr
from serving.signals import leave, on_signals
from serving.workers import Inbox, split

_FAILED = 255  # what a TensorFlow Serving that cannot start ends with


def main(arguments: Sequence[str]) -> int:
    """Serve until a signal ends it.

    Returns:
        Exit status when the server could not start.
    """
    try:
        said = parse(arguments)
    except FlagError as error:
        print(error, file=sys.stderr)
        return _FAILED
    if said.help:
        print(usage())
        return _FAILED
    if said.unknown:
        print(f"unknown argument: {said.unknown[0]}\n{usage()}")
    for name in said.without_effect:
        print(f"--{name} has no effect in this model server", file=sys.stderr)
    return _serve(said.flags)


def _serve(flags: Flags) -> int:
    log_to_stderr()
    on_signals(leave)
    host, port, count = flags.rest_api_host, flags.rest_api_port, flags.rest_api_num_processes
    try:
        listener = bind(host, port)
        inbox = split(listener, count, partial(announce, host, port)) if count > 1 else None
        return _answer(flags, listener, inbox)
    except PortError as error:
        print(error, file=sys.stderr)
        return _FAILED


def _answer(flags: Flags, listener: socket.socket, inbox: Inbox | None) -> int:
    from serving.lifecycle import StartError  # noqa: PLC0415 - processes are split before NumPy and uvicorn are loaded
    from serving.server import serve  # noqa: PLC0415

    try:
        serve(flags, listener, inbox)
    except StartError as error:
        print(f"Failed to start server. Error: {error}")
        return _FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
