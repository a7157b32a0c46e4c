"""The commands `train`, `evaluate`, `verify` and `predict`: each takes its parsed options and returns a status.

They connect the modules that do the work and print what people read. TensorFlow is imported only where it is needed,
for it takes seconds. Arguments and errors are the business of `model.__main__`.
"""

import argparse
import shutil
import sys
from contextlib import ExitStack
from dataclasses import fields
from functools import partial
from pathlib import Path

from model import comparison, datasource, fingerprint
from model.comparison import Comparison
from model.datasource import DataSource
from model.download import cache_folder
from model.errors import ModelError
from model.hyperparameters import Hyperparameters
from model.lease import single_flight
from model.lifeline import end_with_reader
from model.manifest import Manifest, cpu_line
from model.store import Damaged, Found, writing

_say = partial(print, flush=True)


def train(options: argparse.Namespace) -> int:
    """Train unless the store already has the artifact; says where it is."""
    chosen = {field.name: getattr(options, field.name) for field in fields(Hyperparameters)}
    hyperparameters = Hyperparameters(**chosen)
    source = datasource.locate(options.dataset, Path.cwd())
    wanted = fingerprint.parts(hyperparameters, source).fingerprint
    if options.fingerprint not in (None, wanted):
        raise ModelError(
            f"the training asked for has fingerprint {options.fingerprint[:12]}, but the sources, data and packages "
            f"found here give {wanted[:12]}: they changed while it started; run the same command again",
        )
    found = options.store.find(wanted)
    if isinstance(found, Found):
        _say(f"already trained, nothing to do: {found.path}")
        return 0
    if isinstance(found, Damaged):
        _say(f"{found.reason}; training again")
    with ExitStack() as begun, writing(options.store.folder):
        end_with_reader(sys.stdout.fileno(), begun.close)
        found = begun.enter_context(single_flight(options.store, wanted, _say)) or options.store.adopt(wanted)
        if isinstance(found, Found):
            _say(f"already trained elsewhere, nothing to do: {found.path}")
            return 0
        staged = begun.enter_context(options.store.staging())
        manifest = _trained(hyperparameters, source, wanted, staged)
        path = options.store.publish(staged, manifest)
        stored = options.store.record(wanted)
    if isinstance(stored, Manifest) and stored.digest != manifest.digest:
        _say(_other_digest(manifest, stored))
        manifest = stored
    _say(f"accuracy on test images {manifest.metrics.accuracy:.4f}, digest {manifest.digest[:12]}: {path}")
    return 0


def _trained(hyperparameters: Hyperparameters, source: DataSource, wanted: str, staged: Path) -> Manifest:
    from model.dataset import load  # noqa: PLC0415 - NumPy, only when something is trained

    dataset = load(source, cache_folder(), _say)
    _say("loading TensorFlow")
    from model import pipeline  # noqa: PLC0415 - TensorFlow

    return pipeline.produce(pipeline.Training(hyperparameters, source, wanted), dataset, staged, _say)


def _other_digest(made: Manifest, stored: Manifest) -> str:
    """Two digests for one fingerprint: another CPU family, or a training that is not deterministic."""
    return (
        f"this training gave digest {made.digest} on {cpu_line(made)}; the store has {stored.digest} of the same "
        f"fingerprint, trained on {cpu_line(stored)}: that one stays and is taken"
    )


def evaluate(options: argparse.Namespace) -> int:
    """Measure a stored model on its dataset's test images, or on another dataset's."""
    end_with_reader(sys.stdout.fileno())
    from model.dataset import load  # noqa: PLC0415 - heavy, as below
    from model.verify import verify  # noqa: PLC0415

    found = verify(options.store, options.artifact)
    source = datasource.locate(options.dataset or found.manifest.parts.dataset["name"], Path.cwd())
    dataset = load(source, cache_folder(), _say)
    _say("loading TensorFlow")
    from model.evaluate import answers, metrics  # noqa: PLC0415 - TensorFlow

    measured = metrics(answers(found.path / "model", dataset.x_test), dataset.y_test)
    if options.keep:
        kept = Comparison(found.manifest.digest, source.sha256, measured.accuracy, len(dataset.y_test))
        comparison.keep(options.store, kept)
    _say(f"{found.path} on {len(dataset.y_test)} test images of {source.label}")
    _say(f"accuracy {measured.accuracy:.4f}, loss {measured.loss:.4f}")
    _say("accuracy by label: " + ", ".join(f"{label}: {value:.3f}" for label, value in measured.per_class.items()))
    return 0


def verify(options: argparse.Namespace) -> int:
    """Hash a stored artifact again; with --rebuild also train it again. Status 1 when anything differs."""
    from model import verify as verification  # noqa: PLC0415 - NumPy

    found = verification.verify(options.store, options.artifact)
    _say(f"{found.path}: {len(found.manifest.files)} files, unaltered")
    if not options.rebuild:
        return 0
    source = datasource.locate(options.dataset or found.manifest.parts.dataset["name"], Path.cwd())
    rebuilt = verification.rebuild(found, source, cache_folder(), _say)
    _say(rebuilt)
    return 0 if rebuilt.same else 1


def predict(options: argparse.Namespace) -> int:
    """Send test images to a model server and show its predictions."""
    from model import picture  # noqa: PLC0415 - NumPy, as below
    from model import predict as client  # noqa: PLC0415
    from model.dataset import load  # noqa: PLC0415

    source = datasource.locate(options.dataset, Path.cwd())
    dataset = load(source, cache_folder(), _say)
    images, labels = dataset.x_test[: options.count], dataset.y_test[: options.count]
    _say(f"asking {options.url} about {len(labels)} test images of {source.label}\n")
    logits = client.ask(options.url, images)
    columns = shutil.get_terminal_size().columns
    _say(client.show(images, labels, logits, picture.shades(sys.stdout.encoding), columns))
    return 0
