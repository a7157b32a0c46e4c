"""MLflow's virtualenv, with pins that need no network; MLflow itself runs in the measurement only."""

import re
from pathlib import Path

import pytest

from bench.checkout import CommandError
from bench.mlflow_server import PINS, environment_folder, install
from infra.project import ROOT


def pins(file: Path) -> dict[str, str]:
    """Version by package; every line must pin one exactly."""
    lines = [line.partition(" ;")[0] for line in file.read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    return dict(line.split("==") for line in lines)


def test_pins_are_exact_and_tensorflow_is_the_same() -> None:
    """MLflow and all that it needs are pinned, and its TensorFlow is that of the server it is compared with."""
    found = pins(PINS)
    assert len(found) > 50
    assert "mlflow" in found
    assert f"tensorflow=={found['tensorflow']} " in (ROOT / "requirements.txt").read_text()
    assert found["tensorflow-cpu"] == found["tensorflow"]


def test_other_pins_are_another_environment(tmp_path: Path) -> None:
    """The folder is the same for the same pins and another one for others."""
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("a==1")
    other.write_text("a==2")
    assert environment_folder(tmp_path, one) == environment_folder(tmp_path, one)
    assert environment_folder(tmp_path, one) != environment_folder(tmp_path, other)
    assert environment_folder(tmp_path, one).parent == tmp_path


def test_installed_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The virtualenv is made, telling so, and not made again."""
    (tmp_path / "pins").write_text("")
    commands = install(tmp_path / "env", tmp_path / "pins")
    assert (commands / "python").exists()
    assert "Installing MLflow into" in capsys.readouterr().err
    assert install(tmp_path / "env", tmp_path / "missing pins") == commands
    assert capsys.readouterr().err == ""


def test_what_cannot_be_installed_leaves_nothing(tmp_path: Path) -> None:
    """A package that is not there is an error in one line, and the half-made virtualenv goes."""
    (tmp_path / "pins").write_text(f"mlflow @ file://{tmp_path}/nothing.whl")
    with pytest.raises(CommandError, match=r"^python -m: .*nothing\.whl") as caught:
        install(tmp_path / "env", tmp_path / "pins")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "env").exists()
