"""The picture of the model servers' speed."""

from pathlib import Path

import pytest

from bench.serving_picture import draw
from tests.bench.test_serving_results import made_up, rounds

PNG = b"\x89PNG\r\n"


@pytest.mark.parametrize("mlflow", [True, False])
def test_a_small_picture_takes_the_place_of_the_old_one(tmp_path: Path, *, mlflow: bool) -> None:
    """It is a PNG below 60 kB, with MLflow and without, and nothing else is left."""
    file = tmp_path / "speed.png"
    file.write_bytes(b"old")
    draw(made_up(rounds(90, 100), mlflow=mlflow), file)
    assert file.read_bytes().startswith(PNG)
    assert file.stat().st_size < 60_000
    assert list(tmp_path.iterdir()) == [file]


def test_mlflow_is_drawn_when_it_was_measured(tmp_path: Path) -> None:
    """With MLflow's bars the picture is another one."""
    with_it, without = tmp_path / "with.png", tmp_path / "without.png"
    draw(made_up(rounds(100)), with_it)
    draw(made_up(rounds(100), mlflow=False), without)
    assert with_it.read_bytes() != without.read_bytes()


def test_a_picture_that_cannot_be_put_in_place_leaves_nothing(tmp_path: Path) -> None:
    """Where the name is taken by a folder, what was drawn aside goes."""
    (tmp_path / "speed.png").mkdir()
    with pytest.raises(OSError, match="speed"):
        draw(made_up(rounds(100)), tmp_path / "speed.png")
    assert [path.name for path in tmp_path.iterdir()] == ["speed.png"]
