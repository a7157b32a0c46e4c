"""What the tests of infra share: an event loop for Pulumi's SDK.

Owns no case.
"""

import asyncio
import sys
from collections.abc import Iterator

import pytest

from tests.infra.kubernetes_stack import kubernetes_up, surroundings
from tests.model.conftest import bucket, s3_server, trained

__all__ = ["bucket", "kubernetes_up", "s3_server", "surroundings", "trained"]


@pytest.fixture(autouse=True)
def _tracebacks() -> Iterator[None]:
    """A provider's expected failure turns tracebacks off for its process; here they are wanted again."""
    yield
    sys.__dict__.pop("tracebacklimit", None)


@pytest.fixture(scope="session", autouse=True)
def _event_loop() -> Iterator[None]:
    """One event loop, which Pulumi's SDK expects to find, closed at the end."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()
