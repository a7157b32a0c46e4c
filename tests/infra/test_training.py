"""TrainedModel's provider: what it says, what it trains, what it keeps. Training runs for real, in a child."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra import training, training_process
from infra.gates import Gates
from infra.training import TrainedModelArgs, TrainedModelProvider
from model.hyperparameters import Hyperparameters
from model.remote_files import RemoteFiles
from model.remote_store import RemoteStore
from model.store import ArtifactStore
from tests.model.conftest import Trained

GATES = Gates(
    min_accuracy=0.9,
    max_accuracy_drop=1.0,
    min_class_accuracy=0.0,
    allow_signature_change=False,
    max_model_megabytes=500,
)
ARGS = TrainedModelArgs(
    model_name="m", dataset="digits", hyperparameters=Hyperparameters(), gates=GATES, artifact_store=""
)


def declared(store: Path, **changes: Any) -> dict[str, Any]:
    """The inputs that the program declares, as Pulumi hands them over: numbers are floats."""
    learned = {key: changes.pop(key) for key in list(changes) if key in Hyperparameters.__dataclass_fields__}
    gates = replace(GATES, **{key: changes.pop(key) for key in list(changes) if key in Gates.__dataclass_fields__})
    changes = {"artifact_store": str(store)} | changes
    args = replace(ARGS, hyperparameters=Hyperparameters(**learned), gates=gates, **changes)
    return {key: float(v) if type(v) is int else v for key, v in training._inputs(args).items()}


@pytest.fixture
def store(trained: Trained, tmp_path: Path) -> Path:
    """A copy of the store with the model of the default hyperparameters, for a test to spoil."""
    return Path(shutil.copytree(trained.store, tmp_path / "store"))


def checked(inputs: dict[str, Any], olds: dict[str, Any] | None = None) -> dict[str, Any]:
    """The inputs after `check`, which must let them pass."""
    result = TrainedModelProvider().check(olds or {}, inputs)
    assert result.failures == []
    return result.inputs


def state(store: Path) -> dict[str, Any]:
    """Outputs of the resource once it was created from the store."""
    outs = TrainedModelProvider().create(checked(declared(store))).outs
    assert outs is not None
    return outs


def test_a_stored_model_is_known_before_it_is_created(store: Path, trained: Trained) -> None:
    """A store hit adds digest, path and publication to the inputs, so that a preview shows them."""
    inputs = checked(declared(store))

    assert inputs["digest"] == trained.found.manifest.digest
    assert inputs["path"] == str(store / trained.found.manifest.digest)
    assert inputs["published"] == trained.found.manifest.created


def test_a_created_model_has_version_1(store: Path, trained: Trained) -> None:
    """The first model of a stack is version 1 and tells its accuracy."""
    outs = state(store)

    assert (outs["version"], outs["accuracy"]) == (1, trained.found.manifest.metrics.accuracy)


def test_nothing_changed_is_no_difference(store: Path) -> None:
    """Checked again, the same inputs differ in nothing, and nothing is said."""
    outs = state(store)

    assert not TrainedModelProvider().diff("x", outs, checked(declared(store), outs)).changes


def test_only_a_new_digest_is_a_new_version(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One epoch more gives another digest and version 2; taking the first one back gives version 3."""
    first = state(store)
    capsys.readouterr()
    inputs = checked(declared(store, epochs=1, min_accuracy=0.0), first)
    assert capsys.readouterr().out == "m: will retrain: epochs 5 -> 1\n"

    second = TrainedModelProvider().update("x", first, inputs).outs
    assert second is not None
    assert "m: epoch 1/1" in capsys.readouterr().out
    back = TrainedModelProvider().update("x", second, checked(declared(store), second)).outs
    same = TrainedModelProvider().update("x", first, checked(declared(store), first)).outs

    assert back is not None
    assert same is not None
    assert (second["version"], back["version"], same["version"]) == (2, 3, 1)
    assert second["digest"] != first["digest"] == back["digest"]
    assert "takes model" in capsys.readouterr().out


def test_a_lost_artifact_is_drift(store: Path, trained: Trained) -> None:
    """With an unchanged fingerprint a missing artifact becomes a drift input that differs."""
    outs = state(store)
    shutil.rmtree(store / trained.found.manifest.digest)

    inputs = checked(declared(store), outs)

    assert inputs["drift"] == f"artifact {trained.found.manifest.digest[:12]} is gone"
    assert TrainedModelProvider().diff("x", outs, inputs).changes


def test_a_read_keeps_the_resource_whatever_is_lost(store: Path) -> None:
    """A refresh never drops the model: with the store gone it returns drifted inputs and the old outputs."""
    outs = state(store)
    assert TrainedModelProvider().read("model", outs).inputs is None
    shutil.rmtree(store)

    read = TrainedModelProvider().read("model", outs)

    assert read.id == "model"
    assert read.outs is not None
    assert read.inputs is not None
    assert (read.outs["version"], read.outs["digest"]) == (1, outs["digest"])
    assert read.inputs["drift"].startswith("no trained model of this fingerprint in ")


def test_the_gate_stands_before_a_stored_model(store: Path) -> None:
    """A stored model below minAccuracy fails the check with both figures and what to do."""
    result = TrainedModelProvider().check({}, declared(store, min_accuracy=0.99))

    (failed,) = result.failures
    assert failed.property == "minAccuracy"
    assert "accuracy 0.9" in failed.reason
    assert "is below minAccuracy 0.99" in failed.reason
    assert "pulumi config set epochs 10" in failed.reason


def test_the_gate_stands_before_a_new_model(store: Path) -> None:
    """A model that was just trained and does not reach minAccuracy is stored but not let through."""
    inputs = checked(declared(store, epochs=1, min_accuracy=0.999))

    with pytest.raises(RuntimeError, match=r"m: accuracy 0\.\d+ is below minAccuracy 0.999"):
        TrainedModelProvider().create(inputs)
    assert "digest" in TrainedModelProvider().check({}, inputs).inputs


def test_the_gate_alone_is_no_difference(store: Path) -> None:
    """Another minAccuracy that the model reaches changes nothing."""
    outs = state(store)

    assert not TrainedModelProvider().diff("x", outs, checked(declared(store, min_accuracy=0.5), outs)).changes


def test_the_childs_own_error_is_the_message(store: Path, tmp_path: Path) -> None:
    """What the training said in its one error line is what `up` says."""
    (tmp_path / "bad.npz").write_bytes(b"no archive")
    inputs = checked(declared(store, dataset=str(tmp_path / "bad.npz")))

    with pytest.raises(RuntimeError, match=r"^m: dataset .*bad\.npz"):
        TrainedModelProvider().create(inputs)


def test_a_child_that_says_nothing_names_its_log(monkeypatch: pytest.MonkeyPatch, store: Path) -> None:
    """A training that is killed has no error line; the message names its status and its log."""
    command = ["sh", "-c", "echo TensorFlow speaks >&2; kill -9 $$"]
    monkeypatch.setattr(training_process, "_command", lambda *_: command)

    with pytest.raises(RuntimeError, match=r"the training ended with status -9; its log: .*\.log"):
        training_process.run(declared(store))
    (log,) = (store / "logs").iterdir()
    assert log.read_text(encoding="utf-8") == "TensorFlow speaks\n"


def test_a_model_is_taken_from_a_url(
    bucket: str, store: Path, trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that has nothing gets the artifact into its working copy, and drift there is mended by the check."""
    url = f"{bucket}/models"
    at_url = RemoteStore(RemoteFiles(url), ArtifactStore(store))
    assert at_url.adopt(trained.found.manifest.fingerprint)
    monkeypatch.setattr(training, "ROOT", tmp_path)

    outs = TrainedModelProvider().create(checked(declared(Path(), artifact_store=url))).outs
    assert outs is not None
    shutil.rmtree(outs["path"])
    again = checked(declared(Path(), artifact_store=url), outs)

    assert outs["digest"] == trained.found.manifest.digest
    assert outs["path"] == str(tmp_path / ".artifacts" / outs["digest"])
    assert "drift" not in again
    assert not TrainedModelProvider().diff("x", outs, again).changes
    assert Path(outs["path"], "model", "saved_model.pb").exists()


def test_a_training_goes_to_the_url(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child trains into the store at the URL; its log stays here."""
    for module in (training, training_process):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    commands: list[list[str]] = []
    url = f"{bucket}/models"

    def follow(_: str, command: list[str], log: Path) -> int:
        commands.append([*command, str(log)])
        return 1

    monkeypatch.setattr(training_process, "_follow", follow)

    with pytest.raises(RuntimeError, match="the training ended with status 1"):
        TrainedModelProvider().create(checked(declared(Path(), artifact_store=url)))

    (command,) = commands
    assert command[command.index("--store") + 1] == url
    assert Path(command[-1]).parent == tmp_path / ".artifacts" / "logs"


def test_a_store_that_cannot_be_opened_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing package is named, with the command that installs it."""
    monkeypatch.setitem(sys.modules, "gcsfs", None)

    with pytest.raises(RuntimeError, match=r"^m: artifact store gs://models needs a package .*pip install gcsfs=="):
        TrainedModelProvider().check({}, declared(Path(), artifact_store="gs://models"))
