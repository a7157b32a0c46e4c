"""From a version directory to a model that may serve: loaded, warmed, batched if asked for.

Owns the order of these steps; each is its own module's.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from serving.batching import BatchedServable, BatchScheduler
from serving.errors import Code, StatusError
from serving.metrics import Metrics
from serving.savedmodel import Servable, load
from serving.warmup import warm


@dataclass(frozen=True)
class Loader:
    """Loads version directories.

    Attributes:
        metrics: told how long warming took.
        tags: the meta graph's tags.
        warmup_iterations: runs of each recorded request; 0 warms nothing.
        scheduler: runs requests together; None runs each by itself.
        load_model: loads a directory with these tags.
    """

    metrics: Metrics
    tags: tuple[str, ...] = ("serve",)
    warmup_iterations: int = 1
    scheduler: BatchScheduler | None = None
    load_model: Callable[[Path, tuple[str, ...]], Servable] = load

    def __call__(self, path: Path) -> Servable:
        """A model that may serve.

        Raises:
            StatusError: it cannot be loaded, or a recorded request fails.
        """
        servable = self.load_model(path, self.tags)
        if self.warmup_iterations:
            self._warm(servable, path)
        return BatchedServable(servable, self.scheduler) if self.scheduler else servable

    def _warm(self, servable: Servable, path: Path) -> None:
        started = time.perf_counter()
        code = Code.OK
        try:
            warm(servable, path, self.warmup_iterations)
        except StatusError as error:
            code = error.code
            raise
        finally:
            self.metrics.observe_warmup(str(path), code, time.perf_counter() - started)
