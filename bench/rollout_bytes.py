"""What an update costs the registry in bytes: what it has of the new image and had not of the one before.

Owns the questions to the registry (Docker Registry HTTP API V2) and the arithmetic.
"""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

from bench.checkout import CommandError
from lab.cluster.places import REGISTRY
from lab.cluster.registry import MANIFESTS

TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class Pushed:
    """Bytes that a registry received.

    Attributes:
        layers: of new layers, compressed as they came.
        description: of the image's configuration and manifest, which are new with every image.
    """

    layers: int
    description: int

    @property
    def whole(self) -> int:
        """All of it."""
        return self.layers + self.description


def pushed(repository: str, reference: str, before: str) -> Pushed:
    """What an image, by tag or digest, added to a repository that had the image `before`.

    Raises:
        CommandError: the registry does not tell.
    """
    return added(_manifest(repository, reference), _manifest(repository, before))


def added(manifest: bytes, before: bytes) -> Pushed:
    """What an image with one manifest adds to a registry that has an image with the other."""
    new, old = json.loads(manifest), json.loads(before)
    there = {blob["digest"] for blob in _blobs(old)}
    layers = {layer["digest"]: layer["size"] for layer in new["layers"] if layer["digest"] not in there}
    configuration = 0 if new["config"]["digest"] in there else new["config"]["size"]
    return Pushed(sum(layers.values()), configuration + (0 if manifest == before else len(manifest)))


def compressed(model: Path) -> int:
    """Bytes of a model's folder as .tar.gz."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.add(model, arcname=".")
    return len(archive.getvalue())


def _blobs(manifest: Any) -> list[Any]:
    return [manifest["config"], *manifest["layers"]]


def _manifest(repository: str, reference: str) -> bytes:
    url = f"http://{REGISTRY}/v2/{repository}/manifests/{reference}"
    request = Request(url, headers={"Accept": MANIFESTS})
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=TIMEOUT_SECONDS) as answer:
            return bytes(answer.read())
    except (URLError, OSError, HTTPException) as error:
        raise CommandError(f"{url} does not answer: {error}") from None
