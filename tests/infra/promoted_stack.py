"""A promoting `kubernetes` stack for tests: a store with a model and the verdict on its image, a registry with it.

Owns the surroundings. Holds no case.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from infra import verdict
from infra.verdict import Verdict
from model.store import ArtifactStore
from tests.infra import loopback, test_registry
from tests.infra.engine import Engine
from tests.infra.kubernetes_stack import OUTPUTS
from tests.model import samples

IMAGE_DIGEST = test_registry.DIGEST


@dataclass
class PromotedStack:
    """What the stack is configured with, and the store it takes its model from."""

    store: ArtifactStore
    digest: str
    config: dict[str, str]

    def judge(self, **changes: Any) -> None:
        """Keep the verdict on the image, which holds the store's model unless `changes` say otherwise."""
        judged = Verdict(
            model_digest=self.digest,
            model_name="m",
            model_version=7,
            image=f"elsewhere/m-serving@{IMAGE_DIGEST}",
            base_image="tensorflow/serving:2.20.0",
            load_seconds=1.5,
            memory_bytes=10**8,
            examples=10,
            signature_checked=True,
            created="2026-01-01T00:00:00+00:00",
        )
        verdict.keep(self.store, replace(judged, **changes))

    def run(self, *, preview: bool = False, **values: str) -> Engine:
        """The program of the stack, as `pulumi up` or a first `pulumi preview` runs it."""
        outputs = {name: found for name, found in OUTPUTS.items() if name != "prediction-check"}
        return Engine(outputs, preview=preview).run(self.config | values, stack="prod")


@contextmanager
def surroundings(folder: Path) -> Iterator[PromotedStack]:
    """A store with one model of accuracy 0.5 and a registry with one image; no container engine."""
    store = ArtifactStore(folder / "store")
    with store.staging() as staged:
        manifest = samples.manifest(samples.artifact(staged), source_revision="1a2b3c", dirty=False)
        store.publish(staged, manifest)
    with pytest.MonkeyPatch.context() as patch, loopback.api_server() as api, test_registry.running() as registry:
        patch.setenv("DOCKER_HOST", f"unix://{folder}/none.sock")
        patch.setenv("KUBECONFIG", loopback.kubeconfig(folder / "config", api.url, "lab", current="lab"))
        yield PromotedStack(
            store,
            manifest.digest,
            {
                "target": "kubernetes",
                "source": "promote",
                "modelName": "m",
                "modelDigest": manifest.digest,
                "imageDigest": IMAGE_DIGEST,
                "artifactStore": str(store.folder),
                "registry": f"{registry.host}/team",
                "minAccuracy": "0.4",
                "protect": "true",
            },
        )
