"""The state and the store are enough: what a fresh clone finds of a stack that another checkout brought up."""

import shutil
from pathlib import Path

import pytest

from tests.e2e.dev_stack import DevStack
from tests.lifecycle.checkout import Checkout

pytestmark = [pytest.mark.cli, pytest.mark.timeout(600)]


def test_a_fresh_clone_finds_nothing_to_do(bucket: str, dev: DevStack, tmp_path: Path) -> None:
    """Checkout and artifacts are gone, state and the store at a URL are kept: a clone's `up` says unchanged."""
    dev.configure(artifactStore=bucket)
    assert "Deployment" not in dev.checkout.up()
    pods, image = dev.pods(), dev.image()
    clone = Checkout.make(tmp_path / "clone", dev.checkout.state, dev.checkout.cli, "dev", dev.checkout.variables)
    shutil.copy(dev.checkout.folder / "Pulumi.dev.yaml", clone.folder)
    DevStack(clone, dev.namespace, dev.node_port).install_plugins()
    gone = dev.checkout.folder.rename(tmp_path / "gone")
    try:
        clone.succeeds("preview", "--expect-no-changes")
        up = clone.up()
    finally:
        gone.rename(dev.checkout.folder)

    assert "10 unchanged" in up
    assert not [word for word in ("created", "updated", "replaced", "deleted", "epoch") if word in up]
    assert (dev.pods(), dev.image()) == (pods, image)
    assert (clone.folder / clone.output("artifact") / "model" / "saved_model.pb").is_file()
