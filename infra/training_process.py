"""The child process that trains or measures: TensorFlow runs there and nowhere else in a Pulumi operation.

Owns its command, its output and its end. Does not own what it does (`python -m model train` and `evaluate`).
"""

import subprocess
import sys
from pathlib import Path

from infra.explanation import HYPERPARAMETERS, text
from infra.naming import option
from infra.project import ROOT
from infra.provider import Properties, failure
from model.errors import ModelError
from model.store import open_store, writing


def run(inputs: Properties) -> None:
    """Train the model of a TrainedModel's inputs into its store. Progress is shown; TensorFlow's own words go to a log.

    The child ends when this process does: it watches the pipe it writes its progress to.

    Raises:
        RuntimeError: the training failed; the message is its own one line.
    """
    _run(inputs, _training(inputs), f"train-{inputs['fingerprint'][:12]}.log")


def measure(inputs: Properties, digest: str) -> None:
    """Measure a stored model on the test images of a TrainedModel's inputs, and keep that in their store.

    Raises:
        RuntimeError: it could not be measured; the message is the child's own one line.
    """
    _run(inputs, ["evaluate", digest, "--dataset", inputs["dataset"], "--keep"], f"measure-{digest[:12]}.log")


def _run(inputs: Properties, arguments: list[str], log_name: str) -> None:
    name = inputs["modelName"]
    try:
        store = open_store(inputs["artifactStore"], ROOT)
        log = store.folder / "logs" / log_name
        with writing(store.folder):
            log.parent.mkdir(parents=True, exist_ok=True)
            log.touch()
    except ModelError as error:
        raise failure(f"{name}: {error}") from None
    status = _follow(name, _command(arguments, store.location), log)
    if status != 0:
        raise failure(f"{name}: {_last_error(log, status)}")


def _follow(name: str, command: list[str], log: Path) -> int:
    with (
        log.open("w", encoding="utf-8") as errors,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True) as child,
    ):
        for line in child.stdout or ():
            print(f"{name}: {line.rstrip()}")
    return child.returncode


def _command(arguments: list[str], store: str) -> list[str]:
    return [sys.executable, "-u", "-m", "model", *arguments, "--store", store]


def _training(inputs: Properties) -> list[str]:
    arguments = ["train", "--dataset", inputs["dataset"]]
    for key in HYPERPARAMETERS:
        arguments += [option(key), text(inputs[key])]
    return [*arguments, "--fingerprint", inputs["fingerprint"]]


def _last_error(log: Path, status: int) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return errors[-1] if errors else f"the training ended with status {status}; its log: {log}"
