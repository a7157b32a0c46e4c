"""The digest of a build context."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.plugins.context_digest import context_digest


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A context with a Dockerfile and two files, one of which is not sent."""
    folder = tmp_path / "context"
    (folder / "model").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\n", "utf-8")
    (folder / ".dockerignore").write_text("*\n!model\n", "utf-8")
    (folder / "model" / "weights").write_text("w", "utf-8")
    (folder / "model" / "weights").chmod(0o644)
    (folder / "notes").write_text("n", "utf-8")
    return folder


def digest(context: Path) -> str:
    """Of the context with its own Dockerfile."""
    return context_digest(context, context / "Dockerfile")


def rename(context: Path) -> None:
    """Give a file another name."""
    (context / "model" / "weights").rename(context / "model" / "other")


def link(context: Path) -> None:
    """Make a file a link to another one."""
    (context / "model" / "weights").unlink()
    (context / "model" / "weights").symlink_to(context / "notes")


@pytest.mark.parametrize(
    "change",
    [
        lambda context: (context / "model" / "weights").write_text("x", "utf-8"),
        lambda context: (context / "model" / "weights").chmod(0o755),
        lambda context: (context / "model" / "more").touch(),
        lambda context: (context / "Dockerfile").write_text("FROM x\n", "utf-8"),
        rename,
        link,
    ],
    ids=["content", "mode", "file", "Dockerfile", "name", "link"],
)
def test_what_is_sent_makes_the_digest(context: Path, change: Callable[[Path], object]) -> None:
    """Contents, names, modes and the Dockerfile all count."""
    before = digest(context)
    change(context)

    assert digest(context) != before


def test_what_is_not_sent_does_not_count(context: Path, tmp_path: Path) -> None:
    """Ignored files, times and the place of the context make no difference."""
    before = digest(context)
    (context / "notes").write_text("other", "utf-8")
    moved = tmp_path / "moved"
    context.rename(moved)

    assert digest(moved) == before


def test_it_is_the_official_plugins(context: Path) -> None:
    """The digest is made as the official plugin makes it: of name, mode and SHA-256, each file closed by a zero."""

    def entry(name: str, mode: str, content: bytes) -> bytes:
        return f"{name}{mode}".encode() + hashlib.sha256(content).digest() + b"\0"

    made = entry("Dockerfile", "----------", b"FROM scratch\n") + entry("model/weights", "-rw-r--r--", b"w")
    assert digest(context) == hashlib.sha256(made).hexdigest()
