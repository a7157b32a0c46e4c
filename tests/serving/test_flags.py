"""The command line."""

import dataclasses

import pytest

from serving.flags import FlagError, Flags, parse, usage

BASE = ("--model_base_path=/m", "--rest_api_port=8501")


def test_defaults() -> None:
    """Flags that are not given have TensorFlow Serving's defaults; it listens on loopback."""
    flags = parse(BASE).flags
    assert flags == Flags(model_base_path="/m", rest_api_port=8501)
    assert (flags.model_name, flags.rest_api_host, flags.file_system_poll_wait_seconds) == ("default", "127.0.0.1", 1)
    assert (flags.max_num_load_retries, flags.load_retry_interval_micros) == (5, 60_000_000)


def test_last_one_wins() -> None:
    """Of a flag given twice the last value counts."""
    assert parse([*BASE, "--model_name=a", "--model_name=b=c"]).flags.model_name == "b=c"


@pytest.mark.parametrize("argument", ["--typo=1", "-x", "word", "--model_name", "--rest_api_porter=1"])
def test_unknown_arguments_are_kept_aside(argument: str) -> None:
    """What is no flag in TensorFlow Serving's syntax is set aside, not refused."""
    assert parse([*BASE, argument]).unknown == (argument,)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--rest_api_port=abc", "--rest_api_port=abc: it must be a whole number"),
        ("--rest_api_port=0", "--rest_api_port=0: say a port"),
        ("--rest_api_port=65536", "--rest_api_port=65536: say a port"),
        ("--model_base_path=", "--model_base_path is missing"),
        ("--model_base_path=models/m", "--model_base_path=models/m: it must be absolute, such as --model_base_path=/"),
        ("--file_system_poll_wait_seconds=-1", "--file_system_poll_wait_seconds=-1: it must be 0 or more"),
        ("--rest_api_max_held_bytes=5", "--rest_api_max_held_bytes=5: it must be 100000000 or more"),
        ("--batching_parameters_file=/b", "--batching_parameters_file is set without --enable_batching"),
        ("--enable_batching=1", "--enable_batching=1: it may be true or false"),
        ("--port=8500", "--port: gRPC is not served"),
        ("--ssl_config_file=x", "--ssl_config_file: TLS is not served"),
        ("--enable_profiler", "--enable_profiler: the profiler is not served"),
    ],
)
def test_refuses(argument: str, message: str) -> None:
    """A value that cannot be used, or a flag that asks for what is left out, is refused in one line."""
    with pytest.raises(FlagError) as caught:
        parse([*BASE, argument])
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("argument", ["--port=0", "--enable_profiler=false", "--ssl_config_file="])
def test_left_out_and_switched_off(argument: str) -> None:
    """A flag that switches off what is left out anyway is let through."""
    assert parse([*BASE, argument]).flags == parse(BASE).flags


def test_flags_without_effect_are_named() -> None:
    """A flag that tunes what this server has not is accepted and named."""
    assert parse([*BASE, "--grpc_max_threads=4"]).without_effect == ("grpc_max_threads",)


def test_switches() -> None:
    """A switch is on when named, and takes true and false."""
    assert parse([*BASE, "--enable_batching"]).flags.enable_batching
    assert not parse([*BASE, "--enable_batching", "--enable_batching=false"]).flags.enable_batching
    assert parse(BASE).flags.enable_model_warmup


def test_config_file_takes_the_place_of_the_base_path() -> None:
    """With a config file no base path is needed."""
    assert parse(["--model_config_file=/c", "--rest_api_port=1"]).flags.model_base_path == ""


def test_usage_names_every_flag() -> None:
    """The usage text has every flag and its meaning."""
    assert parse(["--help"]).help
    for flag in dataclasses.fields(Flags):
        assert f"--{flag.name}=" in usage()
        assert flag.metadata["text"] in usage()


def test_what_several_processes_exclude() -> None:
    """Metrics of several processes would each count a part, and their front cannot drain; messages name both flags."""
    several = [*BASE, "--rest_api_num_processes=2"]
    assert parse(several).flags.rest_api_num_processes == 2
    with pytest.raises(FlagError, match=r"^--rest_api_num_processes=2 with --monitoring_config_file: .* leave one"):
        parse([*several, "--monitoring_config_file=/m"])
    with pytest.raises(FlagError, match=r"^--rest_api_num_processes=2 with --rest_api_drain_in_ms: .* leave one of"):
        parse([*several, "--rest_api_drain_in_ms=1"])
    with pytest.raises(FlagError, match=r"^--rest_api_num_processes=0: it must be 1 or more$"):
        parse([*BASE, "--rest_api_num_processes=0"])
