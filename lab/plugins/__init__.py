"""Stand-ins for the official Pulumi plugins kubernetes and docker, where those cannot be had.

Thin providers over `kubectl` and the `docker` command line for the resource types this project uses, as good and as bad
as the official ones: what those do not see, these do not see. `python -m lab.plugins` installs them for the engine.
"""
