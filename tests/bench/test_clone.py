"""Clone to first prediction: stages from what make prints, and a newcomer's surroundings."""

import os
from pathlib import Path

import pytest

from bench import clone
from bench.checkout import CommandError
from bench.clone import COMPILE_BEGINS, PACKAGES_BEGIN, Line
from infra.project import ROOT

LINES = [
    Line(100.0, "Making .venv with Python 3.11.7"),
    Line(103.0, f"{PACKAGES_BEGIN} into .venv"),
    Line(133.0, f"{COMPILE_BEGINS}\n"),
    Line(160.0, "Duration: 20s"),
    Line(164.0, "predicted 7 (99.0%)  predicted 2 (98.0%)"),
]


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """A virtualenv of which only the times of two files are real: 135 and 140."""
    (tmp_path / "bin").mkdir()
    for name, at in ((".installed-1", 135), ("bin/activate", 140)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (at, at))
    return tmp_path


def test_stages_are_what_lies_between_their_marks(venv: Path) -> None:
    """Each stage ends where the next begins, so that together they are the whole."""
    found = clone.stages(100.0, LINES, venv)

    assert found == {"venv": 3, "packages": 30, "compile": 2, "CLI": 5, "up": 20, "predict": 4}
    assert list(clone.STAGES) == ["clone", *found]


def test_a_stage_without_a_mark_is_an_error_with_the_last_words(venv: Path) -> None:
    """Where make said something else, no figure is made up."""
    with pytest.raises(CommandError, match=r"(?s)never said 'predicted '.*Duration: 20s"):
        clone.stages(100.0, LINES[:-1], venv)


def test_the_makefile_says_what_is_looked_for() -> None:
    """The words that part the stages stand in the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert f'echo "{PACKAGES_BEGIN}' in makefile
    assert f'echo "{COMPILE_BEGINS}"' in makefile
    assert "INSTALLED := .venv/.installed-" in makefile


def test_a_newcomer_has_empty_caches_but_pips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project's cache and Pulumi's home are new; pip's cache stays; Go's are new where that is asked for."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/home/user/.cache")
    monkeypatch.delenv("PIP_CACHE_DIR", raising=False)
    monkeypatch.setenv("GOMODCACHE", "/home/user/go")

    warm, cold = (clone.newcomer(tmp_path, cold_go=cold_go) for cold_go in (False, True))

    assert warm["PIP_CACHE_DIR"] == "/home/user/.cache/pip"
    assert {warm["XDG_CACHE_HOME"], warm["PULUMI_HOME"]} == {str(tmp_path / "cache"), str(tmp_path / "pulumi-home")}
    assert warm["GOMODCACHE"] == "/home/user/go"
    assert cold["GOMODCACHE"] == str(tmp_path / "go-modules")


def test_the_document_has_the_whole_first_and_then_its_stages() -> None:
    """The ratio comes before the seconds, for the whole and each stage."""
    cold = dict.fromkeys(clone.STAGES, 10.0)
    cached = cold | {"CLI": 1.0}

    text = clone.document(cold, cached, cold_go=True, on="2 cores")

    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert rows[2] == "| **all** | 0.87 | 70.0 | 61.0 |"
    assert "| CLI | 0.10 | 10.0 | 1.0 |" in rows
    assert len(rows) == 2 + 1 + len(clone.STAGES)
    assert "`.venv/bin/python -m bench clone --cold-go`" in text
