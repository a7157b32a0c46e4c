"""One trial of an image: it boots in a throw-away container, and must be the model that its manifest describes.

Owns what must hold, the waiting and the words. Does not own the container (container) nor when a trial is due
(image_check).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from infra import pod, rest, signature
from infra.config_rules import quantity
from infra.container import Container, throw_away
from infra.naming import LOOPBACK, metadata_url, predict_url, status_url
from infra.prediction_check import difference
from model.manifest import Manifest

POLL_SECONDS = 0.1
LOOK_SECONDS = 1.0  # between looks at the container, each of them a docker command
SAY_SECONDS = 10.0


class RefusedError(Exception):
    """The image must not serve; the message says why, on one line."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What is tried, and under which conditions.

    Args:
        image: reference by digest.
        model_name: name that the model is to be served under.
        model_version: version that is to be served.
        cpu_limit, memory_limit: Kubernetes quantities, a pod's.
        seconds: time that the model may take to load.
    """

    image: str
    model_name: str
    model_version: int
    cpu_limit: str
    memory_limit: str
    seconds: float


@dataclass(frozen=True)
class Seen:
    """What was seen of an image that may serve: seconds until it was AVAILABLE, and bytes held once it had answered."""

    load_seconds: float
    memory_bytes: int


def run(trial: Trial, model: Manifest, say: Callable[[str], None]) -> Seen:
    """Boot the image and compare what it serves with the model's manifest.

    Raises:
        RefusedError: it ends, does not load, or serves something else.
        ContainerError: the engine could not run it.
        NoAnswerError: it stops answering.
    """
    say(f"trying {trial.image} in a throw-away container")
    cpus, memory = quantity(trial.cpu_limit) or 1, quantity(trial.memory_limit) or 0
    with throw_away(trial.image, pod.flags(trial.cpu_limit), cpus=float(cpus), memory_bytes=int(memory)) as container:
        started = time.monotonic()
        port = _port(container)
        _wait(trial, container, status_url(LOOPBACK, port, trial.model_name), say)
        loaded = time.monotonic() - started
        _compare(trial, model, port)
        seen = Seen(round(loaded, 1), container.memory_bytes())
    say(
        f"the image loads in {seen.load_seconds:.1f} s, holds {seen.memory_bytes / 2**20:.0f} MiB, has the trained "
        f"model's signature and answers {len(model.golden)} golden examples as trained"
    )
    return seen


def _port(container: Container) -> int:
    _require_running(container)
    return container.port()


def _wait(trial: Trial, container: Container, url: str, say: Callable[[str], None]) -> None:
    """Return once the trial's version is AVAILABLE."""
    looked = told = time.monotonic()
    deadline = told + trial.seconds
    found = "it never answered"
    while time.monotonic() < deadline:
        try:
            states = rest.versions(url)
        except rest.NoAnswerError as error:
            found = str(error)
        else:
            state, reason = states.get(trial.model_version, ("", ""))
            if state == "AVAILABLE":
                return
            if state == "END":
                raise RefusedError(f"it cannot load its model: {reason}")
            if not state and "AVAILABLE" in {other for other, _ in states.values()}:
                raise RefusedError(f"it serves version {max(states)}, not {trial.model_version}")
            found = f"{url} tells of {states or 'no version'}"
        if time.monotonic() - looked > LOOK_SECONDS:
            looked = time.monotonic()
            _require_running(container)
        if time.monotonic() - told > SAY_SECONDS:
            told = time.monotonic()
            say("still waiting for the model to load")
        time.sleep(POLL_SECONDS)
    _require_running(container)
    raise RefusedError(
        f"version {trial.model_version} was not AVAILABLE within {trial.seconds:g} s ({found}); a slow start may take "
        "longer: pulumi config set rolloutTimeoutSeconds SECONDS"
    )


def _require_running(container: Container) -> None:
    state = container.state()
    if state.running:
        return
    memory = " for it had no more memory (pulumi config set memoryLimit QUANTITY)" if state.out_of_memory else ""
    raise RefusedError(
        f"its container ended with exit code {state.exit_code}{memory}; its last words: {container.last_words()}"
    )


def _compare(trial: Trial, model: Manifest, port: int) -> None:
    served = rest.signature(metadata_url(LOOPBACK, port, trial.model_name))
    if other := signature.difference(model.signature, served):
        raise RefusedError(f"it does not have the signature of model {model.digest[:12]}: {other}")
    answers = rest.predictions(predict_url(LOOPBACK, port, trial.model_name), [e.image for e in model.golden])
    if other := difference(model.golden, answers):
        raise RefusedError(f"it does not answer as model {model.digest[:12]}: {other}")
