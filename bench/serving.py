"""The bundled model server beside an in-process loop and MLflow's server: speed, latencies, memory, start.

Owns the order of the measurement: the subjects take turns, request for request the same bytes, so that what disturbs
the machine disturbs all of them.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench import report, serving_picture, serving_results
from bench.checkout import CommandError
from bench.mlflow_server import mlflow
from bench.serving_results import BATCHING, LOOP, MLFLOW, PROCESSES, SERVER, Footprint, Rounds
from bench.serving_subjects import Loop, Server, bundled
from bench.serving_traffic import LOADS, SIZES, Load, ask
from infra.project import ROOT
from lab.progress import say

PICTURE = report.RESULTS / "serving-speed.png"
BATCHES = "max_batch_size { value: 64 } batch_timeout_micros { value: 0 } max_enqueued_batches { value: 100 }"
_MLFLOW_SHARE = 4  # it gets a quarter of the requests: else waiting for it would be most of the measurement


def run(pairs: int) -> str:
    """Measure so many rounds, draw the picture; the document of the results.

    Raises:
        CommandError: the bundled server, or a step before it, failed.
    """
    measured: dict[Load, dict[str, Rounds]] = {}
    footprints: list[Footprint] = []
    missing = ""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        _export(folder)
        for size in SIZES:
            say(f"{size}x{size}: starting the servers, one after the other; then {pairs} rounds of about 10 s")
            loads = [load for load in LOADS if load.size == size]
            with _running(folder, loads[0]) as (loop, servers, reason):
                missing = missing or reason
                measured |= _measure(folder, loads, loop, servers, pairs)
                footprints += [
                    Footprint(f"{what}, {size}x{size}", one.start_seconds, one.idle_bytes, one.peak_bytes())
                    for what, one in servers.items()
                ]
    serving_picture.draw(measured, PICTURE)
    return serving_results.document(measured, footprints, pairs, missing)


def _export(folder: Path) -> None:
    say("Exporting two models")
    command = [sys.executable, "-m", "bench.serving_model", "export", str(folder)]
    try:
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    except subprocess.CalledProcessError as error:
        raise CommandError(
            f"the models could not be exported: {error.stderr[-300:].decode(errors='replace')}"
        ) from error


@contextmanager
def _running(folder: Path, load: Load) -> Iterator[tuple[Loop, dict[str, Server], str]]:
    """The loop, the servers by name and why MLflow's is not among them, if so."""
    model = folder / str(load.size)
    batches = folder / "batches"
    batches.write_text(BATCHES)
    flags = {
        SERVER: (),
        BATCHING: ("--enable_batching", f"--batching_parameters_file={batches}", "--rest_api_num_threads=16"),
        PROCESSES: ("--rest_api_num_processes=2",),
    }
    servers: dict[str, Server] = {}
    loop = Loop(model / "1")
    reason = ""
    try:
        loop.rate(load.file(folder), 1)  # from here on it is loaded, and does not disturb the servers' start
        for name, more in flags.items():
            servers[name] = bundled(model, load.body, folder / f"{name}-{load.size}.log", *more)
        try:
            servers[MLFLOW] = mlflow(model, load.body, folder / f"{MLFLOW}-{load.size}.log")
        except CommandError as error:
            reason = f"Without MLflow: {error}"
            say(reason)
        yield loop, servers, reason
    finally:
        loop.end()
        for server in servers.values():
            server.end()


def _measure(
    folder: Path, loads: Sequence[Load], loop: Loop, servers: Mapping[str, Server], pairs: int
) -> dict[Load, dict[str, Rounds]]:
    for number in range(pairs + 1):
        if number < 2:  # the first round warms all of them and is not counted
            measured = {load: {name: Rounds() for name in _subjects(load, servers)} for load in loads}
        say(f"round {number} of {pairs}" if number else "warming")
        for load in loads:
            for name, rounds in measured[load].items():
                if name == LOOP:
                    rounds.rates.append(loop.rate(load.file(folder), load.requests))
                    continue
                count = load.requests // _MLFLOW_SHARE if name == MLFLOW else load.requests
                rate, seconds = ask(servers[name].endpoint, load.body, load.clients, count)
                rounds.rates.append(rate)
                rounds.seconds += seconds
    return measured


def _subjects(load: Load, servers: Mapping[str, Server]) -> list[str]:
    return [LOOP, *(name for name in servers if load.clients > 1 or name in (SERVER, MLFLOW))]
