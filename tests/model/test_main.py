"""Tests of model.__main__."""

import argparse
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from model import commands
from model.__main__ import DEFAULT_STORE, main
from model.errors import ModelError
from tests.model import samples
from tests.model.command_line import ROOT, run


@pytest.fixture(autouse=True)
def _process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What `main` changes in its process is put back."""
    for name in ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> list[argparse.Namespace]:
    """The options that reach the train command, which is not run."""
    options: list[argparse.Namespace] = []

    def train(given: argparse.Namespace) -> int:
        """Train nothing."""
        options.append(given)
        return 0

    monkeypatch.setattr(commands, "train", train)
    return options


def test_store_is_the_projects_by_default(received: list[argparse.Namespace]) -> None:
    """Wherever the command is run."""
    assert main(["train", "--dataset", "digits"]) == 0

    assert received[0].store.folder == DEFAULT_STORE == ROOT / ".artifacts"


def test_hyperparameters_are_options(received: list[argparse.Namespace]) -> None:
    """Each has its flag; what is not given has its default."""
    main(["train", "--dataset", "digits", "--batch-size", "7", "--learning-rate", "0.5"])

    assert (received[0].batch_size, received[0].learning_rate, received[0].epochs) == (7, 0.5, 5)


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [(ModelError("no such thing"), 1, "error: no such thing\n"), (KeyboardInterrupt(), 130, "interrupted\n")],
)
def test_expected_failures_are_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    raised: BaseException,
    status: int,
    said: str,
) -> None:
    """No traceback, and a status that says so."""

    def train(_: argparse.Namespace) -> int:
        """Fail."""
        raise raised

    monkeypatch.setattr(commands, "train", train)

    assert main(["train", "--dataset", "digits"]) == status
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--dataset", "letters"], "dataset is 'letters', but must be digits, mnist or the path"),
        (["train", "--dataset", "none.npz"], "none.npz cannot be read: No such file or directory; correct the path"),
        (["train", "--dataset", "digits", "--epochs", "0"], "epochs is 0, but must be an integer from 1 to 10000"),
        (["train", "--dataset", "digits", "--epochs", "10001"], "epochs is 10001, but must be an integer from 1"),
        (["train", "--dataset", "digits", "--store", "/dev/null/s"], "a file stands where a folder should be; choose"),
        (["verify"], "has no training; train one: pulumi up, or python -m model train"),
        (["evaluate"], "has no training; train one: pulumi up, or python -m model train"),
    ],
)
def test_bad_input_is_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    """In a real process: status 1, one line on stderr, nothing created."""
    store = [] if "--store" in arguments else ["--store", str(tmp_path / "store")]

    done = run(*arguments, *store, root=tmp_path, PYTHONPATH=str(ROOT))

    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_bad_data_leaves_an_empty_store(tmp_path: Path) -> None:
    """Data is read once the store is prepared; nothing half-done stays in it."""
    path = samples.npz(tmp_path / "own.npz", x_train=np.full((60, 5, 4), np.nan))

    done = run("train", "--dataset", path, "--store", tmp_path / "store")

    assert done.returncode == 1
    assert done.stderr == "error: dataset own.npz: x_train has pixels that are NaN or infinite\n"
    assert [path for path in (tmp_path / "store").rglob("*") if path.name not in (".staging", "leases")] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--dataset", "digits", "--learning-rate", "fast"],
        ["predict", "--dataset", "digits", "--url", "http://127.0.0.1", "--count", "0"],
        ["train"],
        ["nothing"],
    ],
)
def test_wrong_usage_is_explained(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Argparse's own status and words."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert "usage: python -m model" in capsys.readouterr().err
