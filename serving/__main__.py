"""`python -m serving`: the command line of the model server.

Owns what is printed and the exit status; see `flags` for the flags and `server` for what runs.
"""

import sys
from collections.abc import Sequence

from serving.flags import FlagError, Flags, parse, usage

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
    from serving.lifecycle import StartError  # noqa: PLC0415 - bad flags are told without loading NumPy and uvicorn
    from serving.listener import PortError  # noqa: PLC0415
    from serving.server import serve  # noqa: PLC0415

    try:
        serve(flags)
    except StartError as error:
        print(f"Failed to start server. Error: {error}")
        return _FAILED
    except PortError as error:
        print(error, file=sys.stderr)
        return _FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
