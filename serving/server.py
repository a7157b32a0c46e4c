"""The running process: models loaded, port opened, requests drained at the end.

Owns the order of start and stop, and the log's form. Start-up is TensorFlow Serving's (an open port means that the
models are loaded), but a port that is taken ends the process with a message instead of leaving it deaf.
"""

import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import uvicorn

from serving.app import App, Limits
from serving.batching import BatchScheduler
from serving.batching_config import read_batching_parameters
from serving.configuration import ConfigFile, configure
from serving.connections import Connection, connection_limit
from serving.errors import Code, StatusError
from serving.flags import Flags
from serving.garbage import freeze
from serving.lifecycle import Lifecycle, Retries, StartError
from serving.listener import BACKLOG, bind, listen
from serving.loading import Loader
from serving.metrics import Metrics
from serving.model_config import read_model_config
from serving.models import ModelConfig, Models
from serving.monitoring_config import prometheus_path
from serving.protos import ProtoTextError
from serving.rest import RestApi
from serving.savedmodel import set_parallelism

DRAIN_SECONDS = 5
_log = logging.getLogger(__name__)


def serve(flags: Flags) -> None:
    """Serve until SIGTERM or SIGINT; requests under way then have DRAIN_SECONDS to end.

    Raises:
        PortError: the port cannot be had.
        StartError: no version of a model could be loaded, or a config file is bad.
        SystemExit: with status 0, when a signal came before the port was open.
    """
    _on_signals(_leave)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # else TensorFlow writes a line for every refused request
    _log_to_stderr()
    listener = bind(flags.rest_api_host, flags.rest_api_port)
    models, metrics = Models(), Metrics()
    try:
        configure(models, _configured(flags), allow_unavailable=flags.allow_version_labels_for_unavailable_models)
        page_path = prometheus_path(flags.monitoring_config_file)
        loader = _loader(flags, metrics)
    except (ProtoTextError, StatusError) as error:
        code = error.code if isinstance(error, StatusError) else Code.INVALID_ARGUMENT
        raise StartError(f"{code.name}: {error.args[0]}") from error
    retries = Retries(flags.max_num_load_retries, flags.load_retry_interval_micros / 1e6)
    lifecycle = Lifecycle(models, loader, flags.file_system_poll_wait_seconds, retries)
    lifecycle.load_first()
    freeze()
    _on_signals(lambda *_: None)  # from here on uvicorn acts on them, and raises them again when it has ended
    listen(listener)
    lifecycle.start()
    _poll_config_file(flags, models, lifecycle)
    page = (page_path, metrics.page) if page_path else None
    _answer(flags, RestApi(models, metrics), page, listener)


def _answer(
    flags: Flags, rest: RestApi, page: tuple[str, Callable[[], str]] | None, listener: socket.socket
) -> NoReturn:
    """Answer requests until a signal comes."""
    threads = flags.rest_api_num_threads or 4 * (os.cpu_count() or 1)
    executor = ThreadPoolExecutor(threads, thread_name_prefix="rest")
    app = App(rest, _limits(flags), executor, page, cors=flags.rest_api_enable_cors_support)
    _Server(_config(app, flags), lambda: _announce(flags)).run(sockets=[listener])
    executor.shutdown(wait=False, cancel_futures=True)
    _end()


def _on_signals(handler: Callable[[int, Any], Any]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def _leave(number: int, _frame: Any) -> NoReturn:
    _log.info("%s: the model server ends", signal.Signals(number).name)
    sys.exit(0)


def _end() -> NoReturn:
    """End at once: a thread still inside TensorFlow would be waited for without bound."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)


def _log_to_stderr() -> None:
    logging.addLevelName(logging.WARNING, "W")
    logging.addLevelName(logging.INFO, "I")
    logging.addLevelName(logging.ERROR, "E")
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s.%(msecs)03d: %(levelname)s %(name)s:%(lineno)d] %(message)s",
        datefmt="%Y-%m-%d %H:%M:%S",
    )
    for noisy in ("uvicorn.error", "tensorflow"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _loader(flags: Flags, metrics: Metrics) -> Loader:
    both = flags.tensorflow_session_parallelism
    across = both or flags.tensorflow_inter_op_parallelism or max(2, os.cpu_count() or 1)
    set_parallelism(both or flags.tensorflow_intra_op_parallelism, across)
    batching = read_batching_parameters(flags.batching_parameters_file) if flags.enable_batching else None
    return Loader(
        metrics,
        tags=tuple(flags.saved_model_tags.split(",")),
        warmup_iterations=max(1, flags.num_request_iterations_for_warmup) if flags.enable_model_warmup else 0,
        scheduler=BatchScheduler(batching) if batching else None,
    )


def _configured(flags: Flags) -> list[ModelConfig]:
    if flags.model_config_file:
        return read_model_config(Path(flags.model_config_file))
    return [ModelConfig(flags.model_name, Path(flags.model_base_path))]


def _poll_config_file(flags: Flags, models: Models, lifecycle: Lifecycle) -> None:
    if flags.model_config_file and flags.model_config_file_poll_wait_seconds:
        file = ConfigFile(
            Path(flags.model_config_file),
            models,
            allow_unavailable=flags.allow_version_labels_for_unavailable_models,
            changed=lifecycle.wake,
        )
        file.poll(flags.model_config_file_poll_wait_seconds)


def _limits(flags: Flags) -> Limits:
    return Limits(
        body_bytes=flags.rest_api_max_body_bytes,
        held_bytes=flags.rest_api_max_held_bytes,
        timeout_seconds=flags.rest_api_timeout_in_ms / 1000,
    )


def _config(app: App, flags: Flags) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        limit_concurrency=connection_limit(),
        timeout_keep_alive=flags.rest_api_max_idle_in_ms / 1000,  # type: ignore[arg-type]
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def _announce(flags: Flags) -> None:
    host = "localhost" if flags.rest_api_host == "127.0.0.1" else flags.rest_api_host
    _log.info("Exporting HTTP/REST API at:%s:%d ...", host, flags.rest_api_port)


class _Server(uvicorn.Server):
    """uvicorn's server, telling when the port is open."""

    def __init__(self, config: uvicorn.Config, opened: Callable[[], None]) -> None:
        super().__init__(config)
        self._opened = opened

    def handle_exit(self, sig: int, frame: Any) -> None:
        _log.info("%s: no new connections; requests under way have %d seconds", signal.Signals(sig).name, DRAIN_SECONDS)
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._opened()
