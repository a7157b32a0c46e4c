"""Starts a stand-in as the engine starts a plugin: its name and the engine's address are the arguments.

This file is run as a script from the folder it was installed in, by whatever Python has the package pulumi.
"""

import json
import sys
from pathlib import Path

MARKER = "stand-in.json"


def main() -> None:
    """Run the plugin until the engine ends it."""
    folder = Path(__file__).resolve().parent.parent.parent
    sys.path[0] = str(folder)
    from lab.plugins.protocol import import_only_the_protocol  # noqa: PLC0415 - the path to it is paved just now

    import_only_the_protocol()
    from lab.plugins import plugin_server  # noqa: PLC0415 - the messages it imports can be found only now

    version = json.loads((folder / MARKER).read_text(encoding="utf-8"))["version"]
    plugin_server.run(sys.argv[1], version, sys.argv[-1] if len(sys.argv) > 2 else "")


if __name__ == "__main__":
    main()
