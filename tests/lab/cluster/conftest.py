"""A lab of a test's own: folders in a temporary place, and no process left behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.cluster import registry
from lab.cluster.places import Places
from lab.cluster.processes import Part
from tests.lab.cluster.ports import free_port


@pytest.fixture
def registry_port(monkeypatch: pytest.MonkeyPatch) -> int:
    """A port that nobody listens on, in the place of the registry's."""
    port = free_port()
    monkeypatch.setattr(registry, "REGISTRY_PORT", port)
    return port


@pytest.fixture
def places(tmp_path: Path, registry_port: int) -> Iterator[Places]:  # noqa: ARG001 - no test asks the real registry
    """Folders of one test, and the end of what was started there."""
    here = Places(tmp_path / "state", tmp_path / "cache")
    yield here
    for record in here.run.glob("*.json"):
        Part(here, record.stem).stop(1)
