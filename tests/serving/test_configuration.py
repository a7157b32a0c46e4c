"""Configuration at the start and while the server runs."""

import time
from pathlib import Path

import pytest

from serving.configuration import ConfigFile, configure
from serving.errors import Code, StatusError
from serving.models import ModelConfig, Models
from tests.serving.fakes import FakeServable, serving_models


def config(**labels: int) -> ModelConfig:
    """Model `m` with labels."""
    return ModelConfig("m", Path("/m"), labels=labels)


@pytest.mark.parametrize("allow", [True, False])
def test_label_for_a_version_that_serves(*, allow: bool) -> None:
    """A label may always name a version that serves."""
    models = serving_models(FakeServable(), FakeServable())
    configure(models, [config(stable=1)], allow_unavailable=allow)
    with models.use("m", None, "stable") as (version, _):
        assert version.number == 1


def test_label_at_the_start() -> None:
    """At the start nothing serves yet: a label needs the flag."""
    models = Models()
    with pytest.raises(StatusError) as caught:
        configure(models, [config(stable=1)], allow_unavailable=False)
    assert str(caught.value) == (
        "FAILED_PRECONDITION: Request to assign label to version 1 of model m, "
        "which is not currently available for inference"
    )
    assert models.configs() == []
    configure(models, [config(stable=1)], allow_unavailable=True)
    assert models.configs() == [config(stable=1)]


def test_label_in_use_moves_to_loaded_versions_only() -> None:
    """Even with the flag, a label that is in use may only move to a version that serves."""
    models = serving_models(FakeServable(), FakeServable(), labels={"stable": 1})
    with pytest.raises(StatusError) as caught:
        configure(models, [config(stable=9)], allow_unavailable=True)
    assert caught.value.code is Code.FAILED_PRECONDITION
    configure(models, [config(stable=2)], allow_unavailable=False)
    with models.use("m", None, "stable") as (version, _):
        assert version.number == 2


class File:
    """A config file, the models it is read into, and the changes it led to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.models = serving_models(FakeServable())
        self.changes = 0
        self.file = ConfigFile(path, self.models, allow_unavailable=False, changed=self.changed)

    def changed(self) -> None:
        """Count a change."""
        self.changes += 1

    def write(self, *names: str) -> None:
        """Ask for these models."""
        configs = [f"config {{ name: '{name}' base_path: '/m' model_platform: 'tensorflow' }}" for name in names]
        self.path.write_text("model_config_list {" + " ".join(configs) + "}")


@pytest.fixture
def file(tmp_path: Path) -> File:
    """A config file that is not there yet."""
    return File(tmp_path / "models")


def names(models: Models) -> list[str]:
    """The names of the models asked for."""
    return [model.name for model in models.configs()]


def test_change_is_carried_out_once(file: File) -> None:
    """A changed file changes what is asked for; the same file again does nothing."""
    file.write("m", "n")
    file.file.reload()
    file.file.reload()
    assert (names(file.models), file.changes) == (["m", "n"], 1)


def test_bad_file_changes_nothing(file: File, caplog: pytest.LogCaptureFixture) -> None:
    """A file that is gone, or bad, or asks for a bad label is told of and changes nothing."""
    file.file.reload()
    assert "Reloading the model config failed, nothing changes: Can't read" in caplog.text
    file.path.write_text("nonsense")
    file.file.reload()
    assert "nothing changes: Invalid protobuf file" in caplog.text
    file.path.write_text(
        "model_config_list { config { name: 'm' base_path: '/m' model_platform: 'tensorflow' "
        "version_labels { key: 'x' value: 7 } } }"
    )
    file.file.reload()
    assert "nothing changes: FAILED_PRECONDITION: Request to assign label" in caplog.text
    assert (names(file.models), file.changes) == (["m"], 0)


def test_polls(file: File) -> None:
    """The file is read again and again until stopped."""
    file.file.poll(0.01)
    file.write("n")
    deadline = time.monotonic() + 10
    while file.changes == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    file.file.stop()
    assert names(file.models) == ["n"]
