"""One process at a time in the cache, and nothing unfinished in it."""

import subprocess
import sys
from pathlib import Path

import pytest

from lab.workplace import alone_in, aside_in

HOLD = """
import sys
from pathlib import Path
from lab.workplace import alone_in
with alone_in(Path(sys.argv[1]), "trying"):
    print("in", flush=True)
    sys.stdin.readline()
    Path(sys.argv[1], "done").touch()
"""


def test_a_second_process_waits_for_the_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what it waits for, and comes in when the other has left."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    root = Path(__file__).resolve().parent.parent.parent
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "in\n"
        other.stdin.write("go on\n")
        other.stdin.flush()
        with alone_in(tmp_path, "trying"):
            assert (tmp_path / "done").exists()

    assert capsys.readouterr().err in {"Another make is trying: waiting for it\n", ""}


def test_the_folder_is_made(tmp_path: Path) -> None:
    """A first make finds no cache."""
    with alone_in(tmp_path / "new" / "cache", "trying"):
        assert (tmp_path / "new" / "cache").is_dir()


def test_nothing_unfinished_stays(tmp_path: Path) -> None:
    """Neither ours, whether it failed or not, nor that of a make that was killed; all else does."""
    (tmp_path / "unfinished-of-another" / "folder").mkdir(parents=True)
    (tmp_path / "finished").mkdir()

    with aside_in(tmp_path) as aside:
        (aside / "file").touch()
        assert aside.parent == tmp_path

    assert [file.name for file in tmp_path.iterdir()] == ["finished"]
