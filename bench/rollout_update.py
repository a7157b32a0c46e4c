"""One update, a model newly served, as it was measured; and a series of them, model by model.

Owns what both sides of the comparison have in common. Does not know how either serves a model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.rollout_lab import settle
from bench.rollout_models import Model
from lab.progress import say

MODEL_NAME = "mymodel"


@dataclass(frozen=True, kw_only=True)
class Update:
    """A model newly served.

    Attributes:
        served: seconds from the start until the new version answered on the node port.
        whole: seconds from the start to the end of the last command.
        stages: seconds of each stage, together the whole; none where objects were made, which is no update.
        reference: tag or digest of the new image.
    """

    served: float
    whole: float
    stages: Mapping[str, float]
    reference: str


class Series:
    """Updates of one side, one after the other, each with the next model and the next version.

    Args:
        name: of the side, for people.
        update: serves a model as a version.
        models: what is served in turn.
        namespaces: where pods must have gone before anything more is measured.

    Attributes:
        updates: what was served until now.
    """

    def __init__(
        self,
        name: str,
        update: Callable[[Model, int], Update],
        models: Sequence[Model],
        namespaces: Sequence[str],
    ) -> None:
        self._name, self._update, self._namespaces = name, update, namespaces
        self._models: Iterator[tuple[int, Model]] = iter(enumerate(models, start=1))
        self.updates: list[Update] = []

    def seconds(self) -> float:
        """Serve the next model; seconds until it answered."""
        version, model = next(self._models)
        update = self._update(model, version)
        say(f"{self._name}: update {version} served after {update.served:.2f} s, all done after {update.whole:.2f} s")
        self.updates.append(update)
        settle(self._namespaces)
        return update.served
