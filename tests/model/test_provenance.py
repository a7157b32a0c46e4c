"""Tests of model.provenance."""

import platform
import subprocess
from pathlib import Path

import numpy as np
import pytest

from model import provenance

CPUINFO = {
    "x86": "model name\t: Some CPU\nflags\t\t: fpu sse4_2 avx2 smep avx512f\n\nmodel name\t: Other\nflags\t: avx\n",
    "arm": "processor\t: 0\nFeatures\t: fp asimd sve bf16\n\nprocessor\t: 1\n",
}


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, as somebody."""
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "train.py").write_text("")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    return tmp_path


def test_clean_repository(repository: Path) -> None:
    """The commit, and nothing uncommitted; other folders do not count."""
    (repository / "notes").write_text("")

    assert provenance.source_revision(repository) == (git(repository, "rev-parse", "HEAD"), False)


@pytest.mark.parametrize("name", ["model/train.py", "model/new.py", "requirements.txt"])
def test_uncommitted_sources_are_dirty(repository: Path, name: str) -> None:
    """Changed and new files of what decides a model."""
    (repository / name).write_text("changed")

    assert provenance.source_revision(repository)[1] is True


def test_no_repository_no_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unpacked archive has none, nor has a machine without git."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance.source_revision(tmp_path) == (None, None)

    monkeypatch.setenv("PATH", "")
    assert provenance.source_revision(tmp_path) == (None, None)


def test_packages_have_versions() -> None:
    """Python and what took part."""
    found = provenance.packages()

    assert found["python"] == platform.python_version()
    assert found["numpy"] == np.__version__
    assert {"keras", "scikit-learn"} <= found.keys()


@pytest.mark.parametrize(
    ("kind", "model", "features"),
    [("x86", "Some CPU", ["avx2", "avx512f", "sse4_2"]), ("arm", "", ["asimd", "bf16", "sve"])],
)
def test_vector_features_are_picked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, model: str, features: list[str]
) -> None:
    """Of the first processor, only what can change weights, on x86 and Arm."""
    (tmp_path / "cpuinfo").write_text(CPUINFO[kind])
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(provenance, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)

    assert provenance.cpu() == {"machine": platform.machine(), "model": model, "features": features}


def test_limit_of_instructions_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who lets TensorFlow's kernels use less than the CPU has gets other weights."""
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")

    assert provenance.cpu()["limited_to"] == "SSE41"


def test_unknown_cpu_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without /proc/cpuinfo still trains."""
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(provenance, "CPUINFO", tmp_path / "none")

    assert provenance.cpu()["features"] == []
