"""Makes the messages of Pulumi's plugin protocol importable without the rest of the pulumi package.

That package takes 0.2 s to import and both plugins start in every operation. Does not own any message.
"""

import sys
import types
from importlib.util import find_spec
from pathlib import Path


def import_only_the_protocol() -> None:
    """Let `import pulumi.runtime.proto...` find the messages, and nothing else of pulumi be run.

    Raises:
        SystemExit: this Python has no package pulumi or grpc.
    """
    package = find_spec("pulumi")
    if package is None or package.submodule_search_locations is None or find_spec("grpc") is None:
        sys.exit(
            f"{sys.executable} has no package pulumi: run `make up` in the project's folder, "
            "or activate a virtualenv that has it"
        )
    folder = Path(package.submodule_search_locations[0])
    # The folder of the messages is a package whose __init__ imports every message there is: passed over as well.
    for name in ("pulumi", "pulumi.runtime", "pulumi.runtime.proto"):
        module = types.ModuleType(name)
        module.__path__ = [str(folder.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = module
