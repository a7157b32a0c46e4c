"""What is configured to be served: the models at the start, and changes of the config file while the server runs.

Owns labels' rule (a label may only name a version that serves, core/server_core.cc) and the thread that reads the file
again; loading what a change asks for is `lifecycle`'s.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from serving.errors import Code, StatusError
from serving.model_config import read_model_config
from serving.models import ModelConfig, Models
from serving.protos import ProtoTextError

_log = logging.getLogger(__name__)


def configure(models: Models, configs: list[ModelConfig], *, allow_unavailable: bool) -> None:
    """Serve these models from now on, under these labels.

    Args:
        models: what is served; unchanged when a label is refused.
        configs: every model to be served; one that is not among them is unloaded.
        allow_unavailable: whether a new label may name a version that does not serve yet.

    Raises:
        StatusError: FAILED_PRECONDITION for a label that names a version that does not serve.
    """
    known = {model.name: model for model in models}
    for config in configs:
        model = known.get(config.name)
        available = {version.number for version in model.available()} if model else set()
        for label, number in sorted(config.labels.items()):
            moved = model is not None and model.labels.get(label, number) != number
            if number not in available and (moved or not allow_unavailable):
                raise StatusError(
                    Code.FAILED_PRECONDITION,
                    f"Request to assign label to version {number} of model {config.name}, "
                    "which is not currently available for inference",
                )
    models.configure(configs)


class ConfigFile:
    """The model config file, read again from time to time; a bad one changes nothing.

    Args:
        path: the file.
        models: what is served.
        allow_unavailable: see configure.
        changed: called after a change, to have it carried out.
    """

    def __init__(self, path: Path, models: Models, *, allow_unavailable: bool, changed: Callable[[], None]) -> None:
        self._path = path
        self._models = models
        self._allow_unavailable = allow_unavailable
        self._changed = changed
        self._stopped = threading.Event()

    def poll(self, seconds: float) -> None:
        """Read the file every so many seconds, in a thread, until the process ends."""
        threading.Thread(target=self._poll, args=(seconds,), name="config-file", daemon=True).start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()

    def _poll(self, seconds: float) -> None:
        while not self._stopped.wait(seconds):
            self.reload()

    def reload(self) -> None:
        """Read the file once and serve what it says; when it is bad, say so and go on as before."""
        try:
            configs = read_model_config(self._path)
            if configs == self._models.configs():
                return
            configure(self._models, configs, allow_unavailable=self._allow_unavailable)
        except (ProtoTextError, StatusError) as error:
            _log.error("Reloading the model config failed, nothing changes: %s", error)
        else:
            _log.info("The model config changed: %s", ", ".join(config.name for config in configs) or "no models")
            self._changed()
