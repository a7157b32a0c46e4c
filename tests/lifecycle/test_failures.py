"""What fails says why in a line, changes nothing, and leaves the model that serves serving."""

import http.server
import os
import signal
import threading
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.lifecycle.checkout import Checkout

pytestmark = [pytest.mark.cli, pytest.mark.timeout(400)]


def test_a_model_below_the_gate_is_not_served(served: Checkout) -> None:
    """A new model below minAccuracy is an error with both figures; it is not paid for twice; the old one serves on."""
    digest = served.output("modelDigest")
    served.configure(epochs="1", minAccuracy="0.99")

    trained_then_refused = served.fails("up", "--yes", "--skip-preview")
    assert "is below minAccuracy 0.99" in trained_then_refused
    assert "epoch 1/1" in trained_then_refused
    refused_at_once = served.fails("up", "--yes", "--skip-preview")
    assert "is below minAccuracy 0.99" in refused_at_once
    assert "epoch 1/1" not in refused_at_once

    assert served.output("modelDigest") == digest
    assert served.status() == {"1": "AVAILABLE"}
    served.configure(minAccuracy="0.1", maxAccuracyDrop="1")
    assert "answered as trained by version 2" in served.up()


def test_a_gate_alone_changes_nothing(served: Checkout) -> None:
    """Lowering minAccuracy neither trains nor moves anything."""
    served.configure(minAccuracy="0.5")

    assert "4 unchanged" in served.succeeds("preview", "--expect-no-changes")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("epoch", "6", "epoch: there is no such key (did you mean epochs?); remove it: pulumi config rm epoch"),
        ("epochs", "0", "epochs: must be an integer from 1 to 10000, got '0'; mend it: pulumi config set epochs 5"),
        ("epochs", "10001", "epochs: must be an integer from 1 to 10000, got '10001'"),
        ("learningRate", "fast", "learningRate: must be a decimal above 0 and at most 10, got 'fast'"),
        ("dataset", "cifar", "dataset: must be digits, mnist or the path of a .npz file, got 'cifar'"),
        ("dataset", "nowhere.npz", "nowhere.npz cannot be read"),
        ("port", "80", "port: must be an integer from 1024 to 65535, got '80'"),
        ("target", "docker", "target: must be local or kubernetes, got 'docker'"),
    ],
)
def test_a_wrong_configuration_is_refused_before_anything_happens(
    checkout: Checkout, key: str, value: str, said: str
) -> None:
    """A wrong key or value is one clear error of preview and up alike, and nothing is made."""
    checkout.configure(**{key: value})

    assert said in checkout.fails("preview")
    assert said in checkout.fails("up", "--yes")
    assert not (checkout.folder / ".artifacts").exists()
    assert not (checkout.folder / ".serving").exists()


def test_a_taken_port_names_the_program(served: Checkout) -> None:
    """A port that another program holds is refused with that program's name, before anything is trained or stopped."""
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as other:
        port = other.server_address[1]
        served.configure(port=str(port))
        refused = served.fails("up", "--yes")

    assert f"port {port} is taken by" in refused
    assert f"(pid {os.getpid()})" in refused
    assert f"pulumi config set port {port + 1}" in refused
    assert served.status() == {"1": "AVAILABLE"}


def test_a_server_moves_to_another_port(served: Checkout) -> None:
    """With a new port the server moves there; the old one ends and the check asks the new one."""
    before = served.server()
    served.configure(port=str(_port_above(served)))

    assert "answered as trained by version 1" in served.up()

    assert not before.is_running()
    assert served.status() == {"1": "AVAILABLE"}


def test_two_ups_at_once(checkout: Checkout) -> None:
    """The second of two ups is refused by Pulumi's lock with the way out; the first ends well."""
    with checkout.start("up", "--yes", "--skip-preview") as first:
        _wait_for(first, "loading TensorFlow")
        second = checkout.fails("up", "--yes", "--skip-preview")
        said, _ = first.communicate(timeout=120)

    assert "pulumi cancel" in second
    assert first.returncode == 0, said
    assert checkout.status() == {"1": "AVAILABLE"}


def test_a_killed_cli_leaves_no_process(served: Checkout) -> None:
    """When the CLI is killed in a training, host, program, provider and training end; the next up trains again."""
    served.configure(epochs="3000")
    with served.start("up", "--yes", "--skip-preview") as cli:
        _wait_for(cli, "epoch ")
        family = psutil.Process(cli.pid).children(recursive=True)
        assert any("model" in process.cmdline() for process in family)
        cli.send_signal(signal.SIGKILL)

    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []
    assert served.status() == {"1": "AVAILABLE"}
    assert "pulumi cancel" in served.fails("up", "--yes")
    served.succeeds("cancel", "--yes")
    served.configure(epochs="1", minAccuracy="0.1", maxAccuracyDrop="1")
    assert "answered as trained by version 2" in served.up()
    assert [path.name for path in (served.folder / ".artifacts" / ".staging").iterdir()] == []


def test_a_killed_training_is_an_error_and_no_model(served: Checkout) -> None:
    """A training that is killed half-way fails the up in a line; the old model serves on and the next up trains."""
    served.configure(epochs="3000")
    with served.start("up", "--yes", "--skip-preview") as cli:
        _wait_for(cli, "epoch ")
        training = next(p for p in psutil.Process(cli.pid).children(recursive=True) if "train" in p.cmdline())
        training.kill()
        said, _ = cli.communicate(timeout=60)

    assert cli.returncode != 0
    assert "the training ended with status -9; its log: " in said
    assert "Traceback" not in said
    assert served.status() == {"1": "AVAILABLE"}
    served.succeeds("config", "rm", "epochs")
    assert "4 unchanged" in served.succeeds("up", "--yes", "--expect-no-changes")


def test_an_unusable_store_is_named(checkout: Checkout) -> None:
    """A store that cannot be written is one line with its folder and the mending command; nothing is made."""
    (checkout.folder / "occupied").write_text("a file", encoding="utf-8")
    checkout.configure(artifactStore="occupied/store")

    said = checkout.fails("up", "--yes")

    assert f"artifact store {checkout.folder / 'occupied' / 'store'} cannot be used" in said
    assert "pulumi config set artifactStore" in said


@pytest.fixture(autouse=True)
def _no_stray_thread() -> Iterator[None]:
    yield
    assert threading.active_count() < 20


def _port_above(stack: Checkout) -> int:
    return int(stack.output("statusUrl").split(":")[2].split("/")[0]) + 1


def _wait_for(process: "object", words: str) -> None:
    """Read a process's output until it said these words."""
    deadline = time.monotonic() + 120
    for line in process.stdout:  # type: ignore[attr-defined]
        if words in line:
            return
        assert time.monotonic() < deadline
    raise AssertionError(f"it ended without saying {words!r}")
