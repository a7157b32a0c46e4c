"""Which files of a context are sent."""

from pathlib import Path

import pytest

from lab.plugins import dockerignore
from lab.plugins.dockerignore import Dockerignore


@pytest.mark.parametrize(
    ("patterns", "out", "kept"),
    [
        ("*.md", ["a.md"], ["a.txt", "docs/a.md"]),
        ("**/*.md", ["a.md", "docs/x/a.md"], ["a.mdx"]),
        ("docs", ["docs/a", "docs/x/a"], ["mydocs/a", "docs.txt"]),
        ("/docs/", ["docs/a"], ["x/docs/a"]),
        ("docs/**", ["docs/a/b"], ["other/a"]),
        ("a?c", ["abc"], ["a/c", "abbc"]),
        ("[ab]1", ["a1", "b1"], ["c1"]),
        ("# a comment\n\na", ["a"], ["# a comment"]),
        ("*\n!keep\n!models/*/x", ["a", "models/1/y"], ["keep", "keep/all", "models/1/x"]),
        ("*\n!docs\ndocs/secret", ["docs/secret", "a"], ["docs/a"]),
        ("a.b", ["a.b"], ["axb"]),
    ],
)
def test_patterns_are_dockers(patterns: str, out: list[str], kept: list[str]) -> None:
    """The last pattern that matches a path, or a folder above it, decides."""
    ignored = Dockerignore(patterns)

    assert [path for path in [*out, *kept] if ignored.keeps_out(path)] == out


def test_folders_that_cannot_matter_are_not_looked_into(tmp_path: Path) -> None:
    """One that is kept out is walked only where something in it may be taken back."""
    for name in ("venv/lib/a", "models/1/x", "models/1/y", "page"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    ignored = Dockerignore("*\n!page\n!models/*/x")

    assert [path for path, _ in dockerignore.sent_files(tmp_path, ignored)] == ["models/1/x", "page"]
    assert ignored.keeps_out_all("venv")
    assert not ignored.keeps_out_all("models")


def test_the_file_beside_the_dockerfile_counts_first(tmp_path: Path) -> None:
    """`NAME.dockerignore` beside the Dockerfile, else that of the context, else none."""
    dockerfile = tmp_path / "build" / "Dockerfile"
    dockerfile.parent.mkdir()
    assert not dockerignore.read(tmp_path, dockerfile).keeps_out("a")
    (tmp_path / ".dockerignore").write_text("a", "utf-8")
    assert dockerignore.read(tmp_path, dockerfile).keeps_out("a")
    dockerfile.with_name("Dockerfile.dockerignore").write_text("b", "utf-8")

    assert not dockerignore.read(tmp_path, dockerfile).keeps_out("a")
