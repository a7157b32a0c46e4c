"""A `docker` over a folder of files. Owns no expectation.

The folder is FAKE_DOCKER: `calls` has the command lines, one a line, `configuration` what config.json said at the last
push, `builder` the variables of the last build; a file `down` means that no engine runs, `refused` that the registry
refuses, `version` is what `docker --version` tells, and `buildx` that this plugin is there. Run as a script.
"""

import os
import sys
from pathlib import Path

FOLDER = Path(os.environ.get("FAKE_DOCKER", "."))
DIGEST = "sha256:" + "d" * 64
IMAGE = "sha256:" + "1" * 64


def is_marked(name: str) -> bool:
    """Whether a file is there."""
    return (FOLDER / name).exists()


def build(arguments: list[str]) -> None:
    """Build."""
    variables = ("DOCKER_BUILDKIT", "BUILDX_BUILDER", "DOCKER_HOST")
    (FOLDER / "builder").write_text(" ".join(os.environ.get(name, "-") for name in variables), "utf-8")
    print("#1 building")
    if is_marked("broken"):
        sys.exit("failed to solve: nothing here")
    file = next(argument for argument in arguments if argument.startswith("--iidfile="))
    Path(file.partition("=")[2]).write_text(IMAGE, "utf-8")


def push() -> None:
    """Push."""
    configuration = Path(os.environ.get("DOCKER_CONFIG", FOLDER / "none")) / "config.json"
    (FOLDER / "configuration").write_text(configuration.read_text("utf-8") if configuration.exists() else "", "utf-8")
    if is_marked("refused"):
        sys.exit("unauthorized: bob:hunter2 is not welcome")
    print(f"The push refers to a repository\n1: digest: {DIGEST} size: 528")


def main() -> None:
    """Answer one command."""
    arguments = sys.argv[1:]
    with (FOLDER / "calls").open("a", encoding="utf-8") as calls:
        calls.write(" ".join(arguments) + "\n")
    if arguments[0] == "--version":
        version = FOLDER / "version"
        print(f"Docker version {version.read_text('utf-8') if version.exists() else '20.10.24'}, build 1")
    elif arguments[0] == "buildx":
        sys.exit(0 if is_marked("buildx") else "docker: 'buildx' is not a docker command.")
    elif is_marked("down"):
        sys.exit("Cannot connect to the Docker daemon")
    elif arguments[0] == "build":
        build(arguments)
    elif arguments[0] == "push":
        push()


if __name__ == "__main__":
    main()
