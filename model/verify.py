"""Verification of a stored artifact: its bytes against its manifest, and a training anew against its digest.

The new training runs in a process and a folder of its own; nothing in the store changes.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from model.dataset import Images, load
from model.datasource import DataSource
from model.errors import ModelError
from model.manifest import Manifest, cpu_line
from model.store import ArtifactStore, Damaged, Found, Store

ROOT = Path(__file__).parent.parent


def verify(store: Store, name: str = "") -> Found:
    """The newest training whose digest or fingerprint starts with `name`, its artifact's bytes hashed again.

    Raises:
        ModelError: there is no such training, or its artifact is gone or altered; the message names the file.
    """
    for manifest in store.trainings():
        if manifest.digest.startswith(name) or manifest.fingerprint.startswith(name):
            found = store.find(manifest.fingerprint)
            if isinstance(found, Found):
                return found
            reason = found.reason if isinstance(found, Damaged) else "it was removed at this moment"
            raise ModelError(f"{reason}; train it again: pulumi up, or python -m model train")
    called = f" called {name}" if name else ""
    raise ModelError(
        f"artifact store {store.location} has no training{called}; train one: pulumi up, or python -m model train"
    )


@dataclass(frozen=True)
class Rebuild:
    """What training again gave.

    Attributes:
        then: manifest of the stored training.
        now: manifest of the new one.
        differing: files of the SavedModel that differ; empty when the digest is the same.
        largest_difference: of any logit on the test images; 0.0 when the digest is the same.
    """

    then: Manifest
    now: Manifest
    differing: list[str]
    largest_difference: float

    @property
    def same(self) -> bool:
        """Whether both trainings gave the same SavedModel."""
        return self.then.digest == self.now.digest

    def __str__(self) -> str:
        if self.same:
            return f"rebuilt: the same digest {self.now.digest}"
        return "\n".join(
            [
                f"rebuilt: digest {self.now.digest}, stored is {self.then.digest}",
                f"  different files: {', '.join(self.differing)}",
                f"  predictions on the test images differ by at most {self.largest_difference:.3g}",
                f"  changed since: {', '.join(_changes(self.then, self.now)) or 'nothing that the fingerprint covers'}",
                f"  CPU then: {cpu_line(self.then)}",
                f"  CPU now:  {cpu_line(self.now)}",
            ],
        )


def rebuild(found: Found, source: DataSource, cache: Path, progress: Callable[[str], None]) -> Rebuild:
    """Train again what a stored artifact was trained with, from the sources as they are now, and compare.

    Raises:
        ModelError: the data is no longer the same, or the new training failed.
    """
    then = found.manifest
    if source.sha256 != then.parts.dataset["sha256"]:
        raise ModelError(f"dataset {source.name} is not the one of this training; name it: --dataset FILE.npz")
    with tempfile.TemporaryDirectory(prefix="rebuild-") as folder:
        _train(then, source, Path(folder), progress)
        anew = verify(ArtifactStore(Path(folder)))
        now = anew.manifest
        paths = then.files.keys() | now.files.keys()
        differing = sorted(path for path in paths if then.files.get(path) != now.files.get(path))
        largest = _largest_difference(found, anew, load(source, cache, progress).x_test) if differing else 0.0
    return Rebuild(then, now, differing, largest)


def _train(then: Manifest, source: DataSource, store: Path, progress: Callable[[str], None]) -> None:
    command = [sys.executable, "-m", "model", "train", "--store", str(store)]
    command += ["--dataset", str(source.path) if source.name.endswith(".npz") else source.name]
    for name, value in then.parts.hyperparameters.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    line = ""
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as training:
        for line in training.stdout or ():
            progress(line.rstrip())
    if training.returncode:
        raise ModelError(f"training again ended with status {training.returncode}: {line.rstrip()}")


def _largest_difference(then: Found, now: Found, images: Images) -> float:
    from model.evaluate import answers  # noqa: PLC0415 - TensorFlow, only when something differs

    differences = answers(then.path / "model", images) - answers(now.path / "model", images)
    return float(abs(differences).max())


def _changes(then: Manifest, now: Manifest) -> list[str]:
    """What the fingerprint covers and is not the same any more: names of sources and packages."""
    before = {**then.parts.sources, **then.parts.packages}
    after = {**now.parts.sources, **now.parts.packages}
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
