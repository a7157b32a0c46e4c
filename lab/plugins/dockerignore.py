"""Which files of a build context a .dockerignore keeps out.

Owns the patterns, by Docker's rules (https://docs.docker.com/build/concepts/context/#dockerignore-files): those of Go's
filepath.Match with `**` for any number of folders; `!` takes back; the last pattern that matches decides, and one that
matches a folder matches all in it.
"""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path


class Dockerignore:
    """The patterns of one file."""

    def __init__(self, text: str) -> None:
        lines = [line.strip() for line in text.lstrip("\ufeff").splitlines() if not line.startswith("#")]
        self._patterns = [(line.startswith("!"), _expression(line.lstrip("!"))) for line in lines if line.strip("!")]
        self._taken_back = [re.split(r"[*?[\\]", _clean(line[1:]))[0] for line in lines if line.startswith("!")]

    def keeps_out(self, path: str) -> bool:
        """Whether a path, relative to the context and with `/`, is not sent to the builder."""
        ignored = False
        parents = [path]
        while "/" in parents[-1]:
            parents.append(parents[-1].rpartition("/")[0])
        for takes_back, pattern in self._patterns:
            if any(pattern.fullmatch(parent) for parent in parents):
                ignored = not takes_back
        return ignored

    def keeps_out_all(self, folder: str) -> bool:
        """Whether nothing in a folder is sent: then it need not be looked into."""
        inside = f"{folder}/"
        taken_back = any(start.startswith(inside) or inside.startswith(start) for start in self._taken_back)
        return self.keeps_out(folder) and not taken_back


def read(context: Path, dockerfile: Path) -> Dockerignore:
    """The patterns for a build: those beside the Dockerfile (`NAME.dockerignore`), else those of the context."""
    for path in (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"):
        if path.is_file():
            return Dockerignore(path.read_text(encoding="utf-8"))
    return Dockerignore("")


def sent_files(context: Path, ignored: Dockerignore) -> Iterator[tuple[str, int]]:
    """Paths (relative, with `/`) and modes of the files of a context that are sent, each folder's in name order."""
    yield from _walk(context, "", ignored)


def _walk(folder: Path, prefix: str, ignored: Dockerignore) -> Iterator[tuple[str, int]]:
    for entry in sorted(folder.iterdir()):
        path, mode = f"{prefix}{entry.name}", entry.lstat().st_mode
        if not stat.S_ISDIR(mode):
            if not ignored.keeps_out(path):
                yield path, mode
        elif not ignored.keeps_out_all(path):
            yield from _walk(entry, f"{path}/", ignored)


def _expression(line: str) -> re.Pattern[str]:
    """A pattern as a regular expression for whole paths."""
    parts = re.findall(r"\*\*/?|\*|\?|\[[^]]*\]|\\.|.", _clean(line))
    return re.compile("".join(map(_part, parts)), re.DOTALL)


def _clean(line: str) -> str:
    return os.path.normpath(line.strip().lstrip("/"))


def _part(part: str) -> str:
    known = {"**": ".*", "**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    if part in known:
        return known[part]
    if part.startswith("[") and len(part) > 1:
        return part
    return re.escape(part[1:] if part.startswith("\\") and len(part) > 1 else part)
