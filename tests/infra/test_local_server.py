"""LocalServer's provider with the real model server: start, swap, failure, restart, end."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pulumi.output import Unknown

from infra import local_server, rest, served_versions, server_process
from infra.local_server import LocalServerProvider
from infra.naming import status_url
from tests.lifecycle.checkout import free_port
from tests.model.conftest import Trained

Inputs = dict[str, Any]
UNKNOWN = Unknown()  # type: ignore[no-untyped-call]


@pytest.fixture
def inputs(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inputs]:
    """Inputs of a server whose files lie in a temporary folder; whatever it leaves running is ended."""
    monkeypatch.setattr(local_server, "ROOT", tmp_path)
    yield {
        "stack": "test",
        "modelName": "m",
        "port": float(free_port()),
        "artifact": str(trained.found.path),
        "digest": trained.found.manifest.digest,
        "version": 1.0,
    }
    record = server_process.read_record(tmp_path / ".serving" / "test")
    if record:
        server_process.stop(record.pid, record.started)


def created(inputs: Inputs) -> Inputs:
    """Outputs of a server that was started."""
    outs = LocalServerProvider().create(inputs).outs
    assert outs is not None
    return outs


def updated(olds: Inputs, news: Inputs) -> Inputs:
    """Outputs of a server that was updated."""
    outs = LocalServerProvider().update("server", olds, news).outs
    assert outs is not None
    return outs


def states(inputs: Inputs) -> dict[int, str]:
    """State of every version that the server tells of."""
    told = rest.versions(status_url("127.0.0.1", int(inputs["port"]), inputs["modelName"]))
    return {version: state for version, (state, _) in told.items()}


def test_a_server_starts_swaps_and_ends(inputs: Inputs, tmp_path: Path) -> None:
    """One process serves version 1, then 2 in the same process, the old directory gone; delete leaves nothing."""
    first = created(inputs)
    assert states(inputs) == {1: "AVAILABLE"}
    assert LocalServerProvider().check(first, inputs).failures == []
    assert "drift" not in LocalServerProvider().check(first, inputs).inputs

    second = updated(first, inputs | {"version": 2.0, "digest": "other"})
    assert second["launch"] == first["launch"]
    assert states(inputs) == {2: "AVAILABLE", 1: "END"}
    assert [path.name for path in (tmp_path / ".serving/test/m").iterdir()] == ["2"]

    LocalServerProvider().delete("server", second)
    assert not server_process.is_alive(second["pid"], second["started"])
    assert not (tmp_path / ".serving/test").exists()


def test_a_server_does_not_keep_the_passphrase(inputs: Inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that lives on has none of the CLI's variables in its environment."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "hunter2")

    environment = psutil.Process(created(inputs)["pid"]).environ()

    assert [name for name in environment if name.startswith("PULUMI_")] == []
    assert "PATH" in environment


def test_a_model_that_cannot_be_loaded_leaves_the_old_one_serving(inputs: Inputs, tmp_path: Path) -> None:
    """A broken SavedModel fails the update in a line; version 1 serves on and no broken directory stays."""
    first = created(inputs)
    broken = tmp_path / "broken"
    shutil.copytree(inputs["artifact"], broken)
    (broken / "model" / "saved_model.pb").write_bytes(b"broken")

    with pytest.raises(RuntimeError, match=r"could not load version 2: .*version 1 keeps serving"):
        updated(first, inputs | {"version": 2.0, "digest": "other", "artifact": str(broken)})

    assert states(inputs)[1] == "AVAILABLE"
    assert [path.name for path in (tmp_path / ".serving/test/m").iterdir()] == ["1"]


def test_a_dead_server_is_drift_and_is_started_again(inputs: Inputs) -> None:
    """A killed server is named by check, differs, and the update starts another process."""
    first = created(inputs)
    process = psutil.Process(first["pid"])
    process.kill()
    process.wait()

    checked = LocalServerProvider().check(first, inputs).inputs
    assert checked["drift"] == f"the model server (pid {first['pid']}) is not running"
    assert LocalServerProvider().diff("server", first, checked).changes
    second = updated(first, checked)

    assert second["launch"] != first["launch"]
    assert states(inputs) == {1: "AVAILABLE"}


def test_a_forgotten_server_is_replaced(inputs: Inputs) -> None:
    """A create where an earlier state's server still runs ends that one instead of failing on its port."""
    forgotten = created(inputs)

    assert LocalServerProvider().check({}, inputs).failures == []
    second = created(inputs)

    assert second["pid"] != forgotten["pid"]
    assert not server_process.is_alive(forgotten["pid"], forgotten["started"])


def test_the_version_alone_is_no_difference_while_it_is_unknown(inputs: Inputs) -> None:
    """In a preview of the same digest the version may be unknown: that is no change; another digest or port is one."""
    provider, olds = LocalServerProvider(), dict(inputs)

    assert not provider.diff("x", olds, inputs | {"version": UNKNOWN, "artifact": "moved"}).changes
    assert provider.diff("x", olds, inputs | {"digest": UNKNOWN}).changes
    assert provider.diff("x", olds, inputs | {"port": 1.0}).changes


def test_a_server_that_ends_at_once_is_an_error_with_its_last_words(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A server that cannot start fails the create with what it said last and where its log is; no record stays."""
    monkeypatch.setattr(sys, "executable", "false")

    with pytest.raises(RuntimeError, match=r"m: the model server ended: it said nothing; its log: .*server\.log"):
        created(inputs)
    assert server_process.read_record(tmp_path / ".serving/test") is None


def test_a_copy_that_fails_leaves_nothing(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version directory that cannot be completed, as on a full disk, is never seen under its number."""
    monkeypatch.setattr(Path, "rename", _full)

    with pytest.raises(OSError, match="No space left"):
        served_versions.publish(trained.found.path, tmp_path / "m", 1)
    assert list((tmp_path / "m").iterdir()) == []


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")
