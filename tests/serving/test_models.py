"""Look-ups and uses of versions."""

import threading
from pathlib import Path

import pytest

from serving.errors import Code, StatusError
from serving.models import ModelConfig, Models, ModelVersion
from tests.serving.fakes import FakeServable, serving_models


@pytest.fixture
def models() -> Models:
    """A model with versions 1 and 2 serving, 3 failed, and a label on 1."""
    models = serving_models(FakeServable(), FakeServable(), labels={"stable": 1, "ghost": 9})
    failed = ModelVersion("m", 3)
    failed.fail(StatusError(Code.NOT_FOUND, "gone"))
    next(iter(models)).versions[3] = failed
    return models


@pytest.mark.parametrize(("version", "label", "number"), [(None, None, 2), (1, None, 1), (None, "stable", 1)])
def test_finds(models: Models, version: int | None, label: str | None, number: int) -> None:
    """A request without a version gets the highest that serves, else the one named by number or label."""
    with models.use("m", version, label) as (found, servable):
        assert found.number == number
        assert servable is found.servable


@pytest.mark.parametrize(
    ("name", "version", "label", "message"),
    [
        ("x", None, None, "NOT_FOUND: Servable not found for request: Latest(x)"),
        ("m", 3, None, "NOT_FOUND: Servable not found for request: Specific(m, 3)"),
        ("m", None, "nope", "INVALID_ARGUMENT: Unrecognized servable version label: nope"),
        ("x", None, "nope", "INVALID_ARGUMENT: Unrecognized servable version label: nope"),
        ("m", None, "ghost", "NOT_FOUND: Servable not found for request: Specific(m, 9)"),
    ],
)
def test_refuses(models: Models, name: str, version: int | None, label: str | None, message: str) -> None:
    """What does not serve is refused with TensorFlow Serving's words."""
    with pytest.raises(StatusError) as caught, models.use(name, version, label):
        pass
    assert str(caught.value) == message


def test_history_is_newest_first(models: Models) -> None:
    """A status request sees every version tracked, or the one it names."""
    assert [(one.number, one.state) for one in models.history("m", None)] == [
        (3, "END"),
        (2, "AVAILABLE"),
        (1, "AVAILABLE"),
    ]
    assert [one.number for one in models.history("m", 1)] == [1]
    with pytest.raises(StatusError, match=r"^NOT_FOUND: Could not find version 7 of model m$"):
        models.history("m", 7)
    with pytest.raises(StatusError, match=r"^NOT_FOUND: Could not find any versions of model x$"):
        models.history("x", None)


def test_a_version_in_use_stays_loaded(models: Models) -> None:
    """Unloading waits for the requests that started, while new ones no longer find the version."""
    with models.use("m", 2, None) as (version, servable):
        unloading = threading.Thread(target=version.unload, daemon=True)
        unloading.start()
        while version.state == "AVAILABLE":
            pass
        with models.use("m", None, None) as (other, _):
            assert other.number == 1
        assert version.state == "UNLOADING"
        assert version.servable is servable
    unloading.join(10)
    assert version.state == "END"
    assert version.servable is None
    assert isinstance(servable, FakeServable)
    assert servable.closed


def test_an_error_in_a_request_ends_its_use(models: Models) -> None:
    """A request that fails does not keep its version loaded for ever."""
    with pytest.raises(ZeroDivisionError), models.use("m", 2, None) as (version, _):
        raise ZeroDivisionError
    version.unload()
    assert version.state == "END"


def test_configuration_changes(models: Models) -> None:
    """A model that is configured anew keeps its versions; one no longer configured keeps them without labels."""
    other = ModelConfig("other", Path("/other"))
    models.configure([other])
    assert models.configs() == [other]
    assert len(models.history("m", None)) == 3
    with pytest.raises(StatusError, match="Unrecognized servable version label"), models.use("m", None, "stable"):
        pass
    models.configure([ModelConfig("m", Path("/new"), labels={"canary": 2})])
    with models.use("m", None, "canary") as (version, _):
        assert version.number == 2
