"""Which plugins are installed, and which are left alone."""

import json
import os
from pathlib import Path

import pytest

from lab.errors import SetupError
from lab.plugins import installation
from lab.plugins.start import MARKER
from tests.lab.stubs import write_program

NO_NETWORK = "exit 1"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of the plugins."""
    return tmp_path / "home" / "plugins"


def install(home: Path, script: str = NO_NETWORK, **more: str) -> None:
    """Install with a CLI whose every command is a script."""
    write_program(home.parent.parent / "cli", "pulumi", script)
    environment = {"PULUMI_HOME": str(home.parent), "PATH": "/usr/bin:/bin", **more}
    installation.install(environment, home.parent.parent / "cli")


def folder(home: Path, name: str = "kubernetes") -> Path:
    """Where the engine looks for a plugin."""
    return home / f"resource-{name}-v{installation.sdk_version(installation.PLUGINS[name])}"


def test_stand_ins_are_put_where_the_engine_looks(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both are installed under the versions of the SDKs, complete, and nothing else is left there."""
    install(home)

    assert sorted(home.iterdir()) == sorted([folder(home), folder(home, "docker")])
    for name in installation.PLUGINS:
        program = folder(home, name) / f"pulumi-resource-{name}"
        assert os.access(program, os.X_OK)
    assert not (folder(home) / "lab" / "plugins" / "installation.py").exists()
    assert "a stand-in for it is in" in capsys.readouterr().err


def test_a_second_time_nothing_is_done(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is there and the same stays untouched, without a word."""
    install(home)
    before = (folder(home) / MARKER).stat().st_ino
    capsys.readouterr()
    install(home)

    assert (folder(home) / MARKER).stat().st_ino == before
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("marker", ['{"version": "1", "content": "older"}', "{"])
def test_another_stand_in_is_replaced(home: Path, marker: str) -> None:
    """One of another content gives way, as does one with a broken marker."""
    install(home)
    (folder(home) / MARKER).write_text(marker, "utf-8")
    (folder(home) / "left over").touch()
    install(home)

    assert json.loads((folder(home) / MARKER).read_text("utf-8"))["content"] == installation.content_key()
    assert not (folder(home) / "left over").exists()


def test_an_official_plugin_is_never_touched(home: Path, tmp_path: Path) -> None:
    """A plugin without the marker stays as it is, and one on PATH is enough."""
    official = folder(home) / "pulumi-resource-kubernetes"
    official.parent.mkdir(parents=True)
    official.write_text("official", "utf-8")
    write_program(tmp_path / "bin", "pulumi-resource-docker", "exit 0")
    install(home, PATH=f"{tmp_path / 'bin'}:/usr/bin:/bin")

    assert [path.name for path in folder(home).iterdir()] == ["pulumi-resource-kubernetes"]
    assert not folder(home, "docker").exists()


def test_what_can_be_fetched_is_fetched(home: Path, tmp_path: Path) -> None:
    """The CLI is asked first; where acquisition is switched off it is not."""
    calls = tmp_path / "calls"
    install(home, f'echo "$*" >> {calls}')
    version = installation.sdk_version("pulumi_kubernetes")

    assert f"plugin install resource kubernetes {version}" in calls.read_text("utf-8")
    assert not folder(home).exists()
    calls.unlink()
    install(home, f'echo "$*" >> {calls}', PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION="true")
    assert not calls.exists()
    assert folder(home).exists()


def test_a_fetch_that_takes_too_long_is_given_up(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that does not answer must not hold up the rest; what a killed CLI has left is no plugin."""
    monkeypatch.setattr(installation, "FETCH_SECONDS", 1)
    install(home, f"p={home}/resource-$4-v$5; mkdir -p $p; touch $p.partial $p/some-file; exec sleep 30")

    for name in installation.PLUGINS:
        assert (folder(home, name) / MARKER).exists()
    assert len(list(home.iterdir())) == 2


def test_a_missing_sdk_is_told() -> None:
    """Without the SDK it is not known which plugin is wanted."""
    with pytest.raises(SetupError, match="package no_such_sdk is not installed: run make up"):
        installation.sdk_version("no_such_sdk")


def test_the_home_is_the_users_by_default() -> None:
    """PULUMI_HOME counts, else the folder in the user's home."""
    assert installation.home({"PULUMI_HOME": "/p"}) == Path("/p")
    assert installation.home({}) == Path.home() / ".pulumi"
