"""The models that are served and the versions each has had: states, look-ups and uses.

Owns what requests see. What is loaded and unloaded when is decided by `lifecycle`, the one writer of these objects;
requests only read them, from any thread.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from serving.errors import Code, StatusError, invalid_argument, not_found
from serving.savedmodel import Servable
from serving.versions import Latest, Policy


class ModelVersion:
    """One version of one model, from the moment it is wanted until long after it was unloaded.

    Attributes:
        state: START, LOADING, AVAILABLE, UNLOADING or END.
        code: OK, or why loading failed.
        message: the failed load's message, else empty.
        servable: the loaded model while the state is AVAILABLE or UNLOADING.
        wanted: whether the policy has asked for it ever since it was first tracked; one that was not is loaded anew.
    """

    def __init__(self, model: str, number: int) -> None:
        self.model = model
        self.number = number
        self.state = "START"
        self.code = Code.OK
        self.message = ""
        self.servable: Servable | None = None
        self.wanted = True
        self._uses = 0
        self._changed = threading.Condition()

    def __str__(self) -> str:
        return f"{{name: {self.model} version: {self.number}}}"

    def make_available(self, servable: Servable) -> None:
        """From now on requests find it."""
        self.servable = servable
        self.state = "AVAILABLE"

    def fail(self, error: StatusError) -> None:
        """Its last attempt to load failed."""
        self.code, self.message, self.state = error.code, error.message, "END"

    def unload(self) -> None:
        """Stop new requests, wait for those under way, forget the loaded model."""
        with self._changed:
            self.state = "UNLOADING"
            self._changed.wait_for(lambda: self._uses == 0)
            if self.servable is not None:
                self.servable.close()
            self.servable = None
            self.state = "END"

    def enter(self) -> bool:
        """Count a request in, if the version still takes any."""
        with self._changed:
            taken = self.state == "AVAILABLE"
            self._uses += taken
            return taken

    def leave(self) -> None:
        """Count a request out."""
        with self._changed:
            self._uses -= 1
            if self._uses == 0:
                self._changed.notify_all()


@dataclass(frozen=True)
class ModelConfig:
    """What is asked for of a model: where its versions lie, which of them to serve, and labels for some."""

    name: str
    base_path: Path
    policy: Policy = field(default_factory=Latest)
    labels: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Model:
    """A model and every version of it that this process has tracked; without config it is served no longer."""

    name: str
    config: ModelConfig | None
    versions: dict[int, ModelVersion] = field(default_factory=dict)

    @property
    def labels(self) -> Mapping[str, int]:
        """Version number by label."""
        return self.config.labels if self.config else {}

    def history(self) -> list[ModelVersion]:
        """Every version ever tracked, newest first."""
        return [version for _, version in sorted(self.versions.copy().items(), reverse=True)]

    def available(self) -> list[ModelVersion]:
        """The versions that take requests, newest first."""
        return [version for version in self.history() if version.state == "AVAILABLE"]


class Models:
    """The served models by name."""

    def __init__(self, configs: Iterable[ModelConfig] = ()) -> None:
        self._models: dict[str, Model] = {}
        self.configure(configs)

    def __iter__(self) -> Iterator[Model]:
        return iter(self._models.copy().values())

    def configure(self, configs: Iterable[ModelConfig]) -> None:
        """Ask for these models and for no others; models known before keep their versions until they are unloaded."""
        models = {name: Model(name, None, model.versions) for name, model in self._models.items()}
        for config in configs:
            known = models.get(config.name)
            models[config.name] = Model(config.name, config, known.versions if known else {})
        self._models = models

    def configs(self) -> list[ModelConfig]:
        """What is asked for."""
        return [model.config for model in self if model.config]

    @contextmanager
    def use(self, name: str, version: int | None, label: str | None) -> Iterator[tuple[ModelVersion, Servable]]:
        """A version for the time of a request: it stays loaded until then, whatever is swapped meanwhile.

        Args:
            name: model name.
            version: version number; None is the highest one available.
            label: version label, instead of a number.

        Raises:
            StatusError: NOT_FOUND for an unknown model or version, INVALID_ARGUMENT for an unknown label.
        """
        found = self._enter(name, version, label)
        try:
            if found.servable is None:
                raise StatusError(Code.INTERNAL, f"{found} takes requests without being loaded")
            yield found, found.servable
        finally:
            found.leave()

    def _enter(self, name: str, version: int | None, label: str | None) -> ModelVersion:
        if label is not None:
            version = self._labelled(name, label)
        while True:
            model = self._models.get(name)
            available = model.available() if model else []
            wanted = [found for found in available if version in (None, found.number)]
            if not wanted:
                request = f"Latest({name})" if version is None else f"Specific({name}, {version})"
                raise not_found(f"Servable not found for request: {request}")
            if wanted[0].enter():  # else it was swapped out in this very moment: look again
                return wanted[0]

    def _labelled(self, name: str, label: str) -> int:
        model = self._models.get(name)
        if model is None or label not in model.labels:
            raise invalid_argument(f"Unrecognized servable version label: {label}")
        return model.labels[label]

    def history(self, name: str, version: int | None) -> list[ModelVersion]:
        """The versions a status request shows, newest first.

        Raises:
            StatusError: NOT_FOUND for a model without any version, or for an unknown version.
        """
        model = self._models.get(name)
        found = model.history() if model else []
        if not found:
            raise not_found(f"Could not find any versions of model {name}")
        if version is None:
            return found
        chosen = [one for one in found if one.number == version]
        if not chosen:
            raise not_found(f"Could not find version {version} of model {name}")
        return chosen
