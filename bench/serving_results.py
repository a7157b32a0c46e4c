"""What the model servers' measurement found, as a document: ratios first, then figures.

Owns ratios, percentiles and targets. Does not measure; the picture is `serving_picture`'s.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench import machine, report
from bench.serving_traffic import Load

SERVER, LOOP, BATCHING, PROCESSES, MLFLOW = "server", "loop", "batching", "processes", "MLflow"
_AGAINST_LOOP = {1: 0.5, 64: 1.0}
_AGAINST_MLFLOW = {1: 2.5, 64: 4.0}
_MOST_P99_MS = {1: 5.0, 64: 20.0}
_PREAMBLE = """\
The loop is what a prediction costs without any server: `json.loads`, NumPy, the same SavedModel called as TensorFlow 2
gives it, `json.dumps`, in one thread of one process; it is the same however many clients there are. The server runs
the model in a session instead, in a pool of threads. Each ratio is of requests per second,
within a round in which the subjects take turns: {spread}; {rounds} rounds. The clients take their share of the cores.
MLflow serves the graph as a module of TensorFlow, with one worker."""


@dataclass
class Rounds:
    """One subject under one load: requests per second of each round, and the seconds of each request."""

    rates: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def percentile(self, percent: int) -> float:
        """A percentile of all requests' latencies, milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1000

    def over(self, other: "Rounds") -> list[float]:
        """The rates over another subject's, round by round."""
        return [own / reference for own, reference in zip(self.rates, other.rates, strict=True)]


@dataclass(frozen=True)
class Footprint:
    """A server's seconds from start to first answer, and its memory then and at most, bytes."""

    what: str
    start_seconds: float
    idle_bytes: int
    peak_bytes: int


Measured = Mapping[Load, Mapping[str, Rounds]]


def document(measured: Measured, footprints: Sequence[Footprint], rounds: int, without_mlflow: str = "") -> str:
    """The document.

    Args:
        measured: rounds of each subject under each load.
        footprints: of the servers.
        rounds: how many were measured.
        without_mlflow: why MLflow is not among them, if so.
    """
    compared = [without_mlflow] if without_mlflow else ["Against MLflow:", _against(measured, MLFLOW, _AGAINST_MLFLOW)]
    return "\n\n".join(
        [
            "# The model server beside an in-process loop and MLflow",
            "![Requests per second](serving-speed.png)",
            _PREAMBLE.format(spread=report.SPREAD.replace("pairs", "rounds"), rounds=rounds),
            "Against the loop:",
            _against(measured, LOOP, _AGAINST_LOOP),
            *compared,
            "Requests per second (median of the rounds) and latencies of all requests, milliseconds:",
            _figures(measured),
            "The same server with `--enable_batching` or with `--rest_api_num_processes=2`, against itself without:",
            _variations(measured),
            "Servers were started one after the other; memory is resident, summed over a server's processes:",
            _footprints(footprints),
            f"Command: `python -m bench serving --pairs {rounds}`\nMachine: {machine.line(None)}",
        ]
    )


def _against(measured: Measured, other: str, targets: Mapping[int, float]) -> str:
    def row(load: Load, subjects: Mapping[str, Rounds]) -> Sequence[str]:
        ratios = subjects[SERVER].over(subjects[other])
        return (
            *load.name,
            _spread(ratios),
            _verdict(f">= {targets[load.rows]:g}", met=median(ratios) >= targets[load.rows]),
        )

    return _table(measured, ("server / " + other, "target"), row)


def _figures(measured: Measured) -> str:
    names = [name for name in (SERVER, LOOP, MLFLOW) if name in next(iter(measured.values()))]
    timed = [name for name in names if name != LOOP]

    def row(load: Load, subjects: Mapping[str, Rounds]) -> Sequence[str]:
        p99 = subjects[SERVER].percentile(99)
        target = _verdict(f"<= {_MOST_P99_MS[load.rows]:g}", met=p99 <= _MOST_P99_MS[load.rows])
        return (
            *load.name,
            *(f"{median(subjects[name].rates):.0f}" for name in names),
            *(f"{subjects[name].percentile(percent):.2f}" for name in timed for percent in (50, 99)),
            target if load.clients == 1 else "-",
        )

    latencies = [f"{name} p{percent}" for name in timed for percent in (50, 99)]
    return _table(measured, (*(f"{name}/s" for name in names), *latencies, "server's p99, target"), row)


def _variations(measured: Measured) -> str:
    def row(load: Load, subjects: Mapping[str, Rounds]) -> Sequence[str]:
        batching, processes = (subjects[name].over(subjects[SERVER]) for name in (BATCHING, PROCESSES))
        return (*load.name, _spread(batching), _verdict("> 1", met=median(batching) > 1), _spread(processes))

    many = {load: subjects for load, subjects in measured.items() if BATCHING in subjects}
    return _table(many, ("batching / without", "target", "two processes / one"), row)


def _table(
    measured: Measured, columns: Sequence[str], row: Callable[[Load, Mapping[str, Rounds]], Sequence[str]]
) -> str:
    return report.table(
        ("images", "rows", "clients", *columns), (row(load, subjects) for load, subjects in measured.items())
    )


def _footprints(footprints: Iterable[Footprint]) -> str:
    return report.table(
        ("server", "start to first answer, s", "memory then, MB", "peak, MB"),
        (
            (one.what, f"{one.start_seconds:.1f}", f"{one.idle_bytes / 1e6:.0f}", f"{one.peak_bytes / 1e6:.0f}")
            for one in footprints
        ),
    )


def _spread(values: Sequence[float]) -> str:
    return f"{median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def _verdict(target: str, *, met: bool) -> str:
    return f"{target}: {'met' if met else 'MISSED'}"
