"""`python -m lab.plugins`: sees to it that the engine finds plugins for Kubernetes and Docker."""

import os
import sys

from lab import pulumi_cli
from lab.errors import SetupError
from lab.plugins import installation


def main() -> None:
    """Install what is missing.

    Raises:
        SystemExit: that cannot be done; the message says why and what to do.
    """
    cli = pulumi_cli.obtain_here()
    try:
        installation.install(os.environ, cli)
    except SetupError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"The plugins cannot be installed ({error}): set PULUMI_HOME to a folder with room")


if __name__ == "__main__":
    main()
