"""The command line: TensorFlow Serving's flags, in its syntax, and what becomes of those this server has no use for.

Owns names, types and defaults (model_servers/main.cc and server.h) and the parser's manners
(tsl/util/command_line_flags.cc): `--flag=value` only, `--flag`, `--flag=true` or `--flag=false` for switches, the last
one wins, an unknown one is printed and ignored.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serving.unserved_flags import OFF, REFUSED, WITHOUT_EFFECT


class FlagError(Exception):
    """A flag whose value cannot be used; the message is one line that says what was found and what to do."""


def _flag(default: Any, text: str) -> Any:
    return field(default=default, metadata={"text": text})


@dataclass(frozen=True)
class Flags:
    """The flags that are served, with their defaults; the rest_api_ flags that TensorFlow Serving lacks are our own."""

    model_name: str = _flag("default", "name of the model in URLs")
    model_base_path: str = _flag("", "absolute path of the folder with the version folders")
    rest_api_port: int = _flag(0, "port of the REST API")
    rest_api_host: str = _flag("127.0.0.1", "address to listen on; 0.0.0.0 is every IPv4 address of the machine")
    rest_api_num_threads: int = _flag(0, "threads that answer requests; 0 is 4 for every CPU")
    rest_api_num_processes: int = _flag(1, "processes that answer; threads, limits and models are each one's own")
    rest_api_timeout_in_ms: int = _flag(30000, "time limit of an answer")
    rest_api_max_body_bytes: int = _flag(100_000_000, "most bytes of one request body, packed or unpacked")
    rest_api_max_held_bytes: int = _flag(200_000_000, "most bytes of all request bodies held at once")
    rest_api_max_idle_in_ms: int = _flag(50000, "time a connection may be silent before it is closed")
    rest_api_drain_in_ms: int = _flag(0, "after a signal: time in which each answer ends its connection, new ones too")
    file_system_poll_wait_seconds: int = _flag(1, "seconds between looks for new versions; 0 looks once")
    max_num_load_retries: int = _flag(5, "times a failed load is tried again")
    load_retry_interval_micros: int = _flag(60_000_000, "microseconds between tries")
    model_config_file: str = _flag("", "file with the models to serve, instead of the two flags for one model")
    model_config_file_poll_wait_seconds: int = _flag(0, "seconds between reads of that file; 0 reads it once")
    allow_version_labels_for_unavailable_models: bool = _flag(
        default=False, text="whether a new label may name a version that is not loaded yet; needed for labels at start"
    )
    monitoring_config_file: str = _flag("", "file that switches the Prometheus page on")
    enable_batching: bool = _flag(default=False, text="whether requests are run together")
    batching_parameters_file: str = _flag("", "file with the sizes and waiting time of batches")
    enable_model_warmup: bool = _flag(default=True, text="whether a model is run before it serves")
    num_request_iterations_for_warmup: int = _flag(0, "runs of each recorded warmup request; 0 is 1")
    rest_api_enable_cors_support: bool = _flag(default=False, text="whether web pages of other origins may ask")
    tensorflow_intra_op_parallelism: int = _flag(0, "threads inside one operation; 0 is TensorFlow's choice")
    tensorflow_inter_op_parallelism: int = _flag(
        0, "threads across operations, shared by all requests; 0 runs a request's operations in the thread that answers"
    )
    tensorflow_session_parallelism: int = _flag(0, "threads of both kinds, instead of the two flags above")
    saved_model_tags: str = _flag("serve", "tags of the meta graph to load, separated by commas")


@dataclass(frozen=True)
class CommandLine:
    """A parsed command line: the flags, and what was said that has no effect."""

    flags: Flags
    unknown: tuple[str, ...] = ()
    without_effect: tuple[str, ...] = ()
    help: bool = False


def parse(arguments: Sequence[str]) -> CommandLine:
    """Read a command line.

    Raises:
        FlagError: a value that cannot be used, or a flag of TensorFlow Serving that this server does not serve.
    """
    types = {known.name: type(known.default) for known in dataclasses.fields(Flags)}
    values: dict[str, Any] = {}
    unknown: list[str] = []
    without_effect: list[str] = []
    for argument in arguments:
        name, equals, text = argument.removeprefix("--").partition("=")
        if not argument.startswith("--"):
            unknown.append(argument)
        elif name == "help":
            return CommandLine(Flags(), help=True)
        elif name in types and (equals or types[name] is bool):
            values[name] = _value(name, types[name], text if equals else "true")
        elif name in WITHOUT_EFFECT:
            without_effect.append(name)
        elif name in REFUSED:
            _refuse(name, text if equals else "true")
        else:
            unknown.append(argument)
    flags = Flags(**values)
    _check(flags)
    return CommandLine(flags, tuple(unknown), tuple(without_effect))


def _value(name: str, kind: type, text: str) -> Any:
    if kind is str:
        return text
    if kind is bool:
        if text not in ("true", "false"):
            raise FlagError(f"--{name}={text}: it may be true or false")
        return text == "true"
    try:
        return int(text)
    except ValueError as error:
        raise FlagError(f"--{name}={text}: it must be a whole number") from error


def _refuse(name: str, text: str) -> None:
    if text not in OFF:
        raise FlagError(f"--{name}: {REFUSED[name]}")


def _check(flags: Flags) -> None:
    if not flags.model_config_file:
        _check_base_path(flags.model_base_path)
    if flags.batching_parameters_file and not flags.enable_batching:
        raise FlagError("--batching_parameters_file is set without --enable_batching; say --enable_batching too")
    if flags.monitoring_config_file and flags.rest_api_num_processes > 1:
        raise FlagError(
            f"--rest_api_num_processes={flags.rest_api_num_processes} with --monitoring_config_file: each process "
            "would count for itself; leave one of the two out"
        )
    if flags.rest_api_drain_in_ms and flags.rest_api_num_processes > 1:
        raise FlagError(
            f"--rest_api_num_processes={flags.rest_api_num_processes} with --rest_api_drain_in_ms: the front takes no "
            "connection after a signal; leave one of the two out"
        )
    if not 1 <= flags.rest_api_port <= 65535:
        raise FlagError(
            f"--rest_api_port={flags.rest_api_port}: say a port from 1 to 65535, such as --rest_api_port=8501"
        )
    least = {
        "rest_api_num_threads": 0,
        "rest_api_num_processes": 1,
        "rest_api_timeout_in_ms": 1,
        "rest_api_max_body_bytes": 1,
        "rest_api_max_held_bytes": flags.rest_api_max_body_bytes,
        "rest_api_max_idle_in_ms": 1,
        "rest_api_drain_in_ms": 0,
        "file_system_poll_wait_seconds": 0,
        "model_config_file_poll_wait_seconds": 0,
        "num_request_iterations_for_warmup": 0,
        "max_num_load_retries": 0,
        "load_retry_interval_micros": 0,
        "tensorflow_intra_op_parallelism": 0,
        "tensorflow_inter_op_parallelism": 0,
        "tensorflow_session_parallelism": 0,
    }
    for name, smallest in least.items():
        if getattr(flags, name) < smallest:
            raise FlagError(f"--{name}={getattr(flags, name)}: it must be {smallest} or more")


def _check_base_path(path: str) -> None:
    if not path:
        raise FlagError("--model_base_path is missing: say --model_base_path=/absolute/path/to/model")
    if not Path(path).is_absolute():
        raise FlagError(
            f"--model_base_path={path}: it must be absolute, such as --model_base_path={Path(path).absolute()}"
        )


def usage() -> str:
    """The flags with their defaults, one to a line."""
    lines = [f"  --{known.name}={known.default!s:<12} {known.metadata['text']}" for known in dataclasses.fields(Flags)]
    return "usage: python -m serving --flag=value ...\nFlags:\n" + "\n".join(lines)
