"""Loading and unloading: what lies on disk becomes what is served, and stays so while the server runs.

Owns the order of a swap (AvailabilityPreservingPolicy: the new version is loaded and warmed before the old one is
unloaded; when it fails, the old one stays), retries of a failed load, and the polling thread. How a version is loaded
is passed in; look-ups by requests are `models`'.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from serving.errors import Code, StatusError
from serving.garbage import collect, freeze
from serving.models import Model, Models, ModelVersion
from serving.savedmodel import Servable
from serving.versions import Specific, find_versions

_log = logging.getLogger(__name__)
Load = Callable[[Path], Servable]


class StartError(Exception):
    """No model can be served: every attempt to load one failed."""


@dataclass(frozen=True)
class Retries:
    """How often, and how many seconds apart, a failed load is tried again."""

    count: int = 5
    interval_seconds: float = 60.0


@dataclass
class _Attempts:
    """A wanted version that is not loaded: attempts so far, and the time of the next one."""

    version: ModelVersion
    made: int = 0
    next_at: float = 0.0


class Lifecycle:
    """The one that loads and unloads.

    Args:
        models: what is served; changed only from here.
        load: loads and warms a version directory; raises StatusError.
        poll_seconds: between looks at the disk; 0 looks once, at the start.
        retries: of failed loads.
    """

    def __init__(self, models: Models, load: Load, poll_seconds: float, retries: Retries) -> None:
        self._models = models
        self._load = load
        self._poll_seconds = poll_seconds
        self._retries = retries
        self._waiting: dict[tuple[str, int], _Attempts] = {}
        self._stopped = False
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="lifecycle", daemon=True)

    def load_first(self) -> None:
        """Load until every model has a version that serves; a model without versions is waited for.

        Raises:
            StartError: a model's versions all failed, retries included.
        """
        while True:
            self.reconcile()
            models = [model for model in self._models if model.config]
            if all(model.available() for model in models):
                return
            failed = [version for model in models for version in self._given_up(model)]
            if failed:
                reasons = [f"{{{one} due to error: {one.code.name}: {one.message}}}, " for one in failed]
                raise StartError(f"UNKNOWN: {len(failed)} servable(s) did not become available: {{{''.join(reasons)}}}")
            self._woken.wait(self._pause())

    def _given_up(self, model: Model) -> list[ModelVersion]:
        """The failed versions of a model that has nothing to serve and nothing to try again."""
        if model.available() or any(name == model.name for name, _ in self._waiting):
            return []
        return [version for version in model.history() if version.code is not Code.OK]

    def start(self) -> None:
        """Go on looking, in a thread."""
        self._thread.start()

    def wake(self) -> None:
        """Look at once: what is asked for has changed."""
        self._woken.set()

    def stop(self) -> None:
        """End the thread; a load under way is not waited for."""
        self._stopped = True
        self._woken.set()

    def _poll(self) -> None:
        while not self._stopped:
            self._woken.wait(self._pause())
            self._woken.clear()
            self.reconcile()

    def _pause(self) -> float:
        """Seconds until something may have to be done."""
        soonest = min((attempts.next_at for attempts in self._waiting.values()), default=float("inf"))
        pauses = [max(0.01, soonest - time.monotonic())] if self._waiting else []
        if self._poll_seconds > 0:
            pauses.append(self._poll_seconds)
        return min(pauses, default=threading.TIMEOUT_MAX)

    def reconcile(self) -> None:
        """Look at the disk once and do what it and the configuration ask for, model by model."""
        for model in self._models:
            if model.config is None:
                self._serve(model, {}, set())
                continue
            base_path = model.config.base_path
            try:
                found = find_versions(base_path)
            except OSError as error:
                _log.error("Could not find base path %s for servable %s: %s", base_path, model.name, error.strerror)
                continue
            if not found:
                _log.warning(
                    "No versions of servable %s found under base path %s. Did you forget to name your leaf directory "
                    "as a number (eg. '/1/')?",
                    model.name,
                    base_path,
                )
            policy = model.config.policy
            if isinstance(policy, Specific) and policy.numbers - found.keys():
                _log.warning(
                    "Versions %s of servable %s, which its specific version policy names, were not found under %s",
                    sorted(policy.numbers - found.keys()),
                    model.name,
                    base_path,
                )
            self._serve(model, found, policy.choose(found))

    def _serve(self, model: Model, found: dict[int, Path], wanted: set[int]) -> None:
        """Load what is wanted and unload what is not, in an order that leaves no gap."""
        self._forget_unwanted(model, wanted)
        for number in sorted(wanted):
            self._load_wanted(model, number, found[number])
        self._unload_unwanted(model, wanted)

    def _forget_unwanted(self, model: Model, wanted: set[int]) -> None:
        """A failed version that is no longer wanted is not tried again; wanted anew, it starts from the beginning."""
        for name, number in list(self._waiting):
            if name == model.name and number not in wanted:
                attempts = self._waiting.pop((name, number))
                attempts.version.state = "END"
        for number, version in model.versions.items():
            version.wanted = version.wanted and number in wanted

    def _load_wanted(self, model: Model, number: int, path: Path) -> None:
        known = model.versions.get(number)
        attempts = self._waiting.get((model.name, number))
        if attempts is None:
            if known is not None and (known.state != "END" or known.wanted):
                known.wanted = True
                return
            attempts = _Attempts(ModelVersion(model.name, number))
            model.versions[number] = attempts.version
            self._waiting[(model.name, number)] = attempts
        if time.monotonic() >= attempts.next_at:
            self._attempt(attempts, (model.name, number), path)

    def _attempt(self, attempts: _Attempts, key: tuple[str, int], path: Path) -> None:
        version = attempts.version
        version.state = "LOADING"
        _log.info("Loading servable: %s from %s", version, path)
        try:
            servable = self._load(path)
        except StatusError as error:
            attempts.made += 1
            _log.error("Loading servable: %s failed: %s", version, error)
            if attempts.made > self._retries.count:
                del self._waiting[key]
                version.fail(error)
            else:
                attempts.next_at = time.monotonic() + self._retries.interval_seconds
            return
        del self._waiting[key]
        version.make_available(servable)
        freeze()
        _log.info("Successfully loaded servable version %s", version)

    def _unload_unwanted(self, model: Model, wanted: set[int]) -> None:
        """Unload what is not wanted, once something wanted serves in its place or nothing is wanted at all."""
        available = model.available()
        if wanted and not any(version.number in wanted for version in available):
            return
        for version in available:
            if version.number not in wanted:
                _log.info("Unloading servable version %s", version)
                version.unload()
                collect()
                _log.info("Successfully unloaded servable version %s", version)
