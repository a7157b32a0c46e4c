"""Stand-ins for programs on PATH: shell scripts that say what a test wants them to say."""

from pathlib import Path


def write_program(folder: Path, name: str, script: str) -> Path:
    """An executable shell script; makes the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return program


def write_pulumi(folder: Path, version: str, *, language_host: bool = True) -> Path:
    """A `pulumi` that knows only the command `version`, with or without a Python language host beside it."""
    if language_host:
        write_program(folder, "pulumi-language-python", "exit 0")
    return write_program(folder, "pulumi", f'[ "$1" = version ] && echo "{version}"')
