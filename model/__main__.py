"""The command line: `python -m model train|evaluate|verify|predict|store`; it works without Pulumi.

It owns arguments, exit statuses and the one line on stderr that an expected failure gets (status 1);
what a command does stands in `model.commands`.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path

from model import commands, store_commands, store_url
from model.errors import ModelError
from model.hyperparameters import RANGES, Hyperparameters
from model.store import ArtifactStore, Store, open_store

DEFAULT_STORE = Path(__file__).parent.parent / ".artifacts"
DATASETS = "digits, mnist, or the path of an .npz file"
INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM
OUTPUT_CLOSED = 128 + signal.SIGPIPE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever a user's ~/.keras/keras.json says
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what goes wrong is raised as well
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))  # an exception: what is half-done is removed
    try:
        status: int = options.command(options)
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stdout = None  # what is buffered cannot be written any more
        return OUTPUT_CLOSED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model",
        description="Train, evaluate, verify, ask and keep the model.",
    )
    subparsers = parser.add_subparsers(required=True, metavar="train|evaluate|verify|predict|store")

    def add(command: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        added = subparsers.add_parser(command.__name__, help=command.__doc__, description=command.__doc__)
        added.set_defaults(command=command)
        return added

    training = add(commands.train)
    training.add_argument("--dataset", required=True, help=DATASETS)
    _add_hyperparameters(training)
    training.add_argument("--fingerprint", help="refuse if the training would have another fingerprint")
    _add_store(training)

    evaluation = add(commands.evaluate)
    _add_artifact(evaluation)
    evaluation.add_argument(
        "--keep", action="store_true", help="keep the accuracy in the store, to compare others with"
    )

    verification = add(commands.verify)
    _add_artifact(verification)
    verification.add_argument("--rebuild", action="store_true", help="train again aside and compare")

    prediction = add(commands.predict)
    prediction.add_argument("--url", required=True, help="a model server's predict URL")
    prediction.add_argument("--dataset", required=True, help=DATASETS)
    prediction.add_argument("--count", type=_count, default=5, help="how many test images, 1 to 100")

    about = "Look at the artifact store, check and tidy it."
    store_commands.add_parsers(subparsers.add_parser("store", help=about, description=about), _add_store)
    return parser


def _add_hyperparameters(parser: argparse.ArgumentParser) -> None:
    for field in fields(Hyperparameters):
        flag, allowed = f"--{field.name.replace('_', '-')}", RANGES[field.name]
        kind = int if allowed.integer else float
        parser.add_argument(flag, type=kind, default=field.default, help=f"{allowed}; default {field.default}")


def _add_store(parser: argparse.ArgumentParser) -> None:
    default = ArtifactStore(DEFAULT_STORE)
    parser.add_argument("--store", type=_store, default=default, help="folder or URL of the artifact store")


def _add_artifact(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("artifact", nargs="?", default="", help="start of a digest or fingerprint; else the newest")
    parser.add_argument("--dataset", help=f"{DATASETS}; else the one of the training")
    _add_store(parser)


def _store(location: str) -> Store:
    if not store_url.is_url(location):
        return ArtifactStore(Path(location).expanduser())
    try:
        return open_store(location, DEFAULT_STORE.parent)
    except ModelError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _count(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 100):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 100")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
