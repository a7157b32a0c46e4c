"""The manifest: what is known about one training, as a JSON file beside the SavedModel.

Standard library only. It owns the document's shape, reading and writing; its figures are measured elsewhere.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from model import document
from model.errors import ModelError
from model.fingerprint import Parts

SCHEMA = 1


@dataclass(frozen=True)
class TensorSpec:
    """Dtype and shape of a tensor; None in the shape stands for any size (the batch)."""

    dtype: str
    shape: list[int | None]


# "inputs" and "outputs" of `serving_default`, each tensor's name to its spec.
Signature = dict[str, dict[str, TensorSpec]]


@dataclass(frozen=True)
class Metrics:
    """How the exported model does on the test images.

    Attributes:
        accuracy: fraction of test images whose largest logit is at the true label.
        loss: mean softmax cross-entropy, in nats.
        per_class: true label ("0" to "9") to the accuracy on its images; labels without images are left out.
        confusion: [10][10] counts, row = true label, column = predicted label.
    """

    accuracy: float
    loss: float
    per_class: dict[str, float]
    confusion: list[list[int]]


@dataclass(frozen=True)
class GoldenExample:
    """A test image [H][W], its true label and the exported model's ten logits; floats are exact float32."""

    image: list[list[float]]
    label: int
    logits: list[float]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """All that is recorded about a training.

    Attributes:
        schema: number of this document's shape.
        digest: tree digest of the SavedModel.
        fingerprint: of `parts`.
        parts: what decided the result.
        files: relative path of each file of the SavedModel to its sha256.
        metrics: on the test images.
        signature: of the SavedModel.
        golden: ten test images with the model's answers.
        packages: `python` and the packages that took part, to their versions.
        duration_seconds: wall time from start to the written artifact.
        source_revision: git commit of the sources; None without git or a repository.
        dirty: whether the sources had uncommitted changes; None where source_revision is.
        cpu: `machine` (str) and vector `features` (list); the digest holds per CPU family.
        history: per-epoch lists of `loss`, `accuracy`, `val_loss`, `val_accuracy`.
        created: ISO 8601, UTC.
    """

    schema: int = SCHEMA
    digest: str
    fingerprint: str
    parts: Parts
    files: dict[str, str]
    metrics: Metrics
    signature: Signature
    golden: list[GoldenExample]
    packages: dict[str, str]
    duration_seconds: float
    source_revision: str | None
    dirty: bool | None
    cpu: dict[str, str | list[str]]
    history: dict[str, list[float]]
    created: str

    @property
    def revision(self) -> str:
        """Source revision for people: "-dirty" added where sources were changed, "unknown" without git."""
        return (self.source_revision or "unknown") + ("-dirty" if self.dirty else "")


def read(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        ModelError: missing, malformed, of another schema, or naming no proper digest; the message says which.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"manifest {path} cannot be read: {error.strerror}") from error
    return parse(content, str(path))


def parse(content: bytes, where: str) -> Manifest:
    """The manifest that a file's content is; `where` names the file in errors.

    Raises:
        ModelError: malformed, of another schema, or naming no proper digest; the message says which.
    """
    try:
        value = document.parse(content.decode())
        if isinstance(value, dict) and value.get("schema") != SCHEMA:
            raise ModelError(f"manifest {where} has schema {value.get('schema')}, but this program reads {SCHEMA}")
        manifest = document.decode(Manifest, value)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"manifest {where} is malformed: {error}") from error
    # The digest becomes a folder's name: nothing but a digest may stand there.
    if not re.fullmatch("[0-9a-f]{64}", manifest.digest) or manifest.fingerprint != manifest.parts.fingerprint:
        raise ModelError(f"manifest {where} is malformed: its digest or fingerprint is not one")
    return manifest


def write(path: Path, manifest: Manifest) -> None:
    """Write a manifest aside and rename it into place, so that a reader sees all of it or nothing.

    Raises:
        OSError: as the file system says; nothing is left behind.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_text(document.dumps(manifest), encoding="utf-8")
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise


def cpu_line(manifest: Manifest) -> str:
    """The CPU of a training on one line."""
    return ", ".join(value if isinstance(value, str) else " ".join(value) for value in manifest.cpu.values())
