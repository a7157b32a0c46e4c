"""What was changed by hand is named by a plain preview, mended by one up, and checked again."""

import json
import shutil
from collections.abc import Callable

import pytest

from tests.lifecycle.checkout import Checkout

pytestmark = [pytest.mark.cli, pytest.mark.timeout(400)]


def _is_mended(stack: Checkout, said: str) -> None:
    """The preview names the drift, one up mends it and asks the server again, and then nothing is left to do."""
    assert said in stack.succeeds("preview")
    assert "golden examples answered as trained by version 1" in stack.up()
    assert "4 unchanged" in stack.succeeds("preview", "--expect-no-changes")


def test_a_killed_server_is_started_again(served: Checkout) -> None:
    """A dead server is drift; the new one is another process with the same model."""
    process = served.server()
    process.kill()
    process.wait()

    _is_mended(served, f"will start the model server again: the model server (pid {process.pid}) is not running")

    assert served.server().pid != process.pid


def test_a_hung_server_is_replaced(served: Checkout) -> None:
    """A server that lives but does not answer is drift too."""
    process = served.server()
    process.suspend()

    _is_mended(served, f"the model server (pid {process.pid}) is of no use")

    assert not process.is_running()


def test_a_deleted_version_directory_is_served_again(served: Checkout) -> None:
    """A server whose version directory was deleted, and which unloaded it, is drift."""
    process = served.server()
    shutil.rmtree(served.folder / ".serving" / "local" / "mymodel" / "1")
    _wait_until_unloaded(served)

    _is_mended(served, "the model server has version 1 as END")

    assert not process.is_running()


def test_a_deleted_artifact_is_trained_again(served: Checkout) -> None:
    """A missing artifact is named, trained again to the same digest, and served on by the same server."""
    digest, server = served.output("modelDigest"), served.server().pid

    for _ in range(2):  # the same words twice are still a drift
        shutil.rmtree(served.folder / ".artifacts" / digest)
        _is_mended(served, f"mymodel: will retrain: artifact {digest[:12]} is gone")

    assert (served.output("modelDigest"), served.server().pid) == (digest, server)


def test_an_altered_artifact_is_trained_again(served: Checkout) -> None:
    """One flipped byte is named with its file, and the model trained again to the same digest."""
    digest = served.output("modelDigest")
    path = served.folder / ".artifacts" / digest / "model" / "variables" / "variables.data-00000-of-00001"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)

    _is_mended(served, f"artifact {digest[:12]}: variables/variables.data-00000-of-00001 was altered")

    assert served.output("modelDigest") == digest


def test_a_refresh_takes_drift_into_the_state_without_losing_the_version(served: Checkout) -> None:
    """A refresh keeps a resource whose artifact is gone, so that its version does not start again at 1."""
    served.configure(epochs="1", minAccuracy="0.1")
    served.up()
    shutil.rmtree(served.folder / ".artifacts" / served.output("modelDigest"))
    served.server().kill()

    assert "drift" in served.succeeds("refresh", "--yes", "--diff")
    served.up()

    assert served.output("modelVersion") == "2"
    assert served.status() == {"2": "AVAILABLE"}


def test_a_fresh_checkout_with_only_the_state(served: Checkout, new_checkout: Callable[[str], Checkout]) -> None:
    """A checkout that has the state and nothing else says so, trains the same model, and takes the server over."""
    digest = served.output("modelDigest")
    fresh = new_checkout("fresh")
    shutil.copy(served.folder / "Pulumi.local.yaml", fresh.folder)

    preview = fresh.succeeds("preview")
    assert "mymodel: will retrain: no trained model of this fingerprint in .artifacts" in preview
    assert "no model server was started from this folder" in preview
    fresh.up()

    assert (fresh.output("modelDigest"), fresh.output("modelVersion")) == (digest, "1")
    assert len(fresh.servers()) == 1
    assert served.servers() == []


def _wait_until_unloaded(stack: Checkout) -> None:
    while stack.status() != {"1": "END"}:
        pass


def test_a_server_replaced_on_demand_serves(served: Checkout) -> None:
    """The server that is deleted for its replacement does not take the new one along."""
    process = served.server()
    resources = json.loads(served.succeeds("stack", "export"))["deployment"]["resources"]
    (urn,) = (resource["urn"] for resource in resources if resource["type"].endswith(":LocalServer"))
    served.succeeds("up", "--yes", "--skip-preview", "--replace", urn)

    assert served.server().pid != process.pid
    assert served.status() == {"1": "AVAILABLE"}
    served.succeeds("preview", "--expect-no-changes")
