"""The running process: models loaded, port opened, requests drained at the end.

Owns the order of start and stop, and what the flags mean for each part. Start-up is TensorFlow Serving's (an open port
means that the models are loaded), but a port that is taken ends the process with a message instead of leaving it deaf.
"""

import logging
import os
import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NoReturn

from serving.app import App, Limits
from serving.batching import BatchScheduler
from serving.batching_config import read_batching_parameters
from serving.configuration import ConfigFile, configure
from serving.errors import Code, StatusError
from serving.flags import Flags
from serving.garbage import freeze
from serving.http_server import HttpServer
from serving.lifecycle import Lifecycle, Retries, StartError
from serving.listener import listen
from serving.loading import Loader
from serving.log import announce
from serving.metrics import Metrics
from serving.model_config import read_model_config
from serving.models import ModelConfig, Models
from serving.monitoring_config import prometheus_path
from serving.protos import ProtoTextError
from serving.rest import RestApi
from serving.savedmodel import Parallelism, load
from serving.signals import on_signals
from serving.workers import Inbox

Page = tuple[str, Callable[[], str]] | None


def serve(flags: Flags, listener: socket.socket, inbox: Inbox | None = None) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are then answered first, for a time.

    Args:
        flags: what to serve, and how.
        listener: bound to the port; it is opened when the models are loaded.
        inbox: where connections come from instead, in one of several processes.

    Raises:
        PortError: another program took the port meanwhile.
        StartError: no version of a model could be loaded, or a config file is bad.
        SystemExit: with status 0, when a signal came before the port was open.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # else TensorFlow writes a line for every refused request
    models, metrics = Models(), Metrics()
    lifecycle, page = _prepare(flags, models, metrics)
    lifecycle.load_first()
    freeze()
    on_signals(lambda *_: None)  # from here on uvicorn acts on them, and raises them again when it has ended
    if inbox is None:
        listen(listener)
    lifecycle.start()
    _poll_config_file(flags, models, lifecycle)
    opened = inbox.ready if inbox else partial(announce, flags.rest_api_host, flags.rest_api_port)
    app = _app(flags, RestApi(models, metrics), page)
    drain_seconds = flags.rest_api_drain_in_ms / 1000
    server = HttpServer(app, flags.rest_api_max_idle_in_ms / 1000, opened, inbox, drain_seconds)
    server.run([] if inbox else [listener])
    _end()


def _prepare(flags: Flags, models: Models, metrics: Metrics) -> tuple[Lifecycle, Page]:
    """What the files that flags name ask for: models to load, and the metrics page.

    Raises:
        StartError: a file is bad.
    """
    try:
        configure(models, _configured(flags), allow_unavailable=flags.allow_version_labels_for_unavailable_models)
        path = prometheus_path(flags.monitoring_config_file)
        loader = _loader(flags, metrics)
    except (ProtoTextError, StatusError) as error:
        code = error.code if isinstance(error, StatusError) else Code.INVALID_ARGUMENT
        raise StartError(f"{code.name}: {error.args[0]}") from error
    retries = Retries(flags.max_num_load_retries, flags.load_retry_interval_micros / 1e6)
    return Lifecycle(models, loader, flags.file_system_poll_wait_seconds, retries), (
        (path, metrics.page) if path else None
    )


def _app(flags: Flags, rest: RestApi, page: Page) -> App:
    threads = flags.rest_api_num_threads or 4 * (os.cpu_count() or 1)
    executor = ThreadPoolExecutor(threads, thread_name_prefix="rest")
    return App(rest, _limits(flags, threads), executor, page, cors=flags.rest_api_enable_cors_support)


def _end() -> NoReturn:
    """End at once: a thread still inside TensorFlow would be waited for without bound."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)


def _loader(flags: Flags, metrics: Metrics) -> Loader:
    batching = read_batching_parameters(flags.batching_parameters_file) if flags.enable_batching else None
    return Loader(
        metrics,
        tags=tuple(flags.saved_model_tags.split(",")),
        warmup_iterations=max(1, flags.num_request_iterations_for_warmup) if flags.enable_model_warmup else 0,
        scheduler=BatchScheduler(batching) if batching else None,
        load_model=partial(load, parallelism=_parallelism(flags)),
    )


def _parallelism(flags: Flags) -> Parallelism:
    both = flags.tensorflow_session_parallelism
    return Parallelism(
        intra=both or flags.tensorflow_intra_op_parallelism, inter=both or flags.tensorflow_inter_op_parallelism or -1
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


def _limits(flags: Flags, at_once: int) -> Limits:
    return Limits(
        body_bytes=flags.rest_api_max_body_bytes,
        held_bytes=flags.rest_api_max_held_bytes,
        timeout_seconds=flags.rest_api_timeout_in_ms / 1000,
        at_once=at_once,
    )
