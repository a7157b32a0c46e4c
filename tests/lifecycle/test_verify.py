"""`make verify` on a local stack: no alarm where all is well, and every drift of docs/drift.md found and mended."""

import json
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import drift_table
from tests.drift_table import find, is_well, mend, verify
from tests.lifecycle.checkout import Checkout, free_port
from tests.model.conftest import Trained

pytestmark = [pytest.mark.cli, pytest.mark.timeout(400)]

WEIGHTS = "variables/variables.data-00000-of-00001"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, cli: Path, trained: Trained) -> Iterator[Checkout]:
    """A checkout whose stack is up; every test mends what it broke."""
    folder = tmp_path_factory.mktemp("verify")
    made = Checkout.make(folder / "checkout", folder / "state", cli)
    made.configure(port=str(free_port()))
    shutil.copytree(trained.store, made.folder / ".artifacts")
    made.up()
    yield made
    for server in made.servers():
        server.kill()
        server.wait()


@pytest.fixture
def occupier() -> Iterator[ExitStack]:
    """What must end before the server can start again."""
    with ExitStack() as stack:
        yield stack


def test_twenty_times_without_an_alarm(served: Checkout) -> None:
    """Where all is as declared every run says so in one line, with status 0, and changes nothing."""
    before = served.succeeds("stack", "export")
    said = {verify(served, "local") for _ in range(20)}

    digest = served.output("modelDigest")[:12]
    assert [(found.status, found.text) for found in said] == [
        (0, f"local: all is as declared: model {digest} answers as it was trained\n")
    ]
    assert served.succeeds("stack", "export") == before


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)


def _artifact(stack: Checkout) -> Path:
    return stack.folder / ".artifacts" / stack.output("modelDigest")


def _change_file(stack: Checkout, _: ExitStack) -> None:
    _flip(_artifact(stack) / "model" / WEIGHTS)


def _remove_artifact(stack: Checkout, _: ExitStack) -> None:
    shutil.rmtree(_artifact(stack))


def _edit_manifest(stack: Checkout, _: ExitStack) -> None:
    path = _artifact(stack) / "manifest.json"
    edited = json.loads(path.read_text(encoding="utf-8"))
    edited["metrics"]["accuracy"] = 0.999
    path.write_text(json.dumps(edited), encoding="utf-8")


def _kill(stack: Checkout, _: ExitStack) -> None:
    server = stack.server()
    server.kill()
    server.wait()


def _take_port(stack: Checkout, occupier: ExitStack) -> None:
    _kill(stack, occupier)
    port = int(stack.succeeds("config", "get", "port"))
    listener = occupier.enter_context(socket.socket())
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()


def _change_served_file(stack: Checkout, _: ExitStack) -> None:
    version = stack.output("modelVersion")
    _flip(stack.folder / ".serving" / "local" / "mymodel" / version / WEIGHTS)


DRIFTS: dict[str, Callable[[Checkout, ExitStack], None]] = {
    "a file of the stored model was changed": _change_file,
    "the stored model is gone": _remove_artifact,
    "its manifest was edited": _edit_manifest,
    "the model server is dead": _kill,
    "another program has its port": _take_port,
    "a served file was changed": _change_served_file,
}


@pytest.mark.parametrize("what", DRIFTS)
def test_a_drift_is_found_and_mended_as_the_table_says(served: Checkout, occupier: ExitStack, what: str) -> None:
    """The commands of the table find it and no other does; what the table names mends it, and all is well again."""
    row = drift_table.rows("local")[what]
    DRIFTS[what](served, occupier)
    found = find(served, "local")
    print(f"\n| local | {what} | {found.by} | {row.mended_by} |")
    assert found.by == row.found_by, found.said

    occupier.close()
    mend(served, "local", row.mended_by, found.said)

    assert is_well(served, "local")


def test_the_table_has_every_drift() -> None:
    """docs/drift.md has a row for each of these drifts, and no other."""
    assert drift_table.rows("local").keys() == DRIFTS.keys()


def test_a_stack_that_serves_nothing_is_refused(checkout: Checkout) -> None:
    """Before the first `up` there is nothing to verify: one line that says what to do."""
    told = verify(checkout, "local")

    assert told.status == 1
    assert told.text == "error: stack local serves nothing that was checked; serve a model: pulumi up --stack local\n"
    assert "no stack named" in verify(checkout, "none").text
