"""The order of the model servers' measurement, with stand-ins that note their turns."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bench import serving, serving_results
from bench.checkout import CommandError
from bench.serving_results import BATCHING, LOOP, MLFLOW, PROCESSES, SERVER, Measured
from bench.serving_traffic import LOADS, Endpoint, Load

PORTS = {SERVER: 1, BATCHING: 2, PROCESSES: 3, MLFLOW: 4}


class Subject:
    """A loop or a server: notes when it is asked and when it ends."""

    start_seconds = 1.0
    idle_bytes = 2

    def __init__(self, turns: list[str], name: str) -> None:
        self.turns = turns
        self.name = name
        self.endpoint = Endpoint(PORTS.get(name, 0), "/")

    def rate(self, _body: Path, count: int) -> float:
        """As the loop's."""
        self.turns.append(f"{self.name} {count}")
        return 1.0

    def peak_bytes(self) -> int:
        """As a server's."""
        return 3

    def end(self) -> None:
        """As both's."""
        self.turns.append(f"{self.name} ends")


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of whom, in order; nothing is really run."""
    noted: list[str] = []
    names = {port: name for name, port in PORTS.items()}

    def bundled(_model: Path, _body: bytes, log: Path, *_flags: str) -> Subject:
        return Subject(noted, log.stem.split("-")[0])

    def ask(endpoint: Endpoint, _body: bytes, clients: int, count: int) -> tuple[float, list[float]]:
        noted.append(f"{names[endpoint.port]} {count} {clients}")
        return 2.0, [0.001] * count

    monkeypatch.setattr(serving, "Loop", lambda _version: Subject(noted, LOOP))
    monkeypatch.setattr(serving, "bundled", bundled)
    monkeypatch.setattr(serving, "mlflow", lambda *_: Subject(noted, MLFLOW))
    monkeypatch.setattr(serving, "ask", ask)
    monkeypatch.setattr(serving, "_export", lambda _folder: None)
    monkeypatch.setattr(serving, "LOADS", [Load(8, 1, 1, 40), Load(8, 1, 16, 40)])
    monkeypatch.setattr(serving, "SIZES", (8,))
    return noted


@pytest.fixture
def picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the picture is drawn."""
    monkeypatch.setattr(serving, "PICTURE", tmp_path / "picture.png")
    return tmp_path / "picture.png"


def rounds_of(turns: Sequence[str]) -> list[str]:
    """The turns between the loop's first and the end."""
    return [turn for turn in turns[1:] if not turn.endswith("ends")]


@pytest.mark.usefixtures("picture")
def test_subjects_take_turns(turns: list[str]) -> None:
    """In each round every subject has its turn under every load, after a round that warms; then all end."""
    text = serving.run(2)
    one = ["loop 40", "server 40 1", "MLflow 10 1"]
    many = ["loop 40", "server 40 16", "batching 40 16", "processes 40 16", "MLflow 10 16"]
    assert turns[0] == "loop 1"
    assert rounds_of(turns) == (one + many) * 3
    assert {turn for turn in turns if turn.endswith("ends")} == {f"{name} ends" for name in (LOOP, *PORTS)}
    assert "2.00 (2.00-2.00)" in text


def test_without_mlflow_the_rest_is_measured(
    turns: list[str], picture: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """When MLflow's server cannot be had, one line says so and the others are measured."""

    def fail(*_: object) -> None:
        raise CommandError("no network")

    monkeypatch.setattr(serving, "mlflow", fail)
    text = serving.run(1)
    assert "Without MLflow: no network\n" in capsys.readouterr().err
    assert "Without MLflow: no network" in text
    assert not any(turn.startswith(MLFLOW) for turn in turns)
    assert picture.exists()


@pytest.mark.usefixtures("turns", "picture")
def test_the_round_that_warms_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rounds are two rates of each subject, and the latencies of two rounds' requests."""
    counted: list[tuple[int, int]] = []

    def document(measured: Measured, *_: object) -> str:
        counted.extend(
            (len(rounds.rates), len(rounds.seconds)) for subjects in measured.values() for rounds in subjects.values()
        )
        return ""

    monkeypatch.setattr(serving_results, "document", document)
    serving.run(2)
    assert set(counted) == {(2, 0), (2, 80), (2, 20)}  # loop, servers, MLflow


@pytest.mark.usefixtures("picture")
def test_whatever_fails_all_end(turns: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that answers wrongly stops the measurement, and nothing goes on running."""

    def fail(*_: object) -> None:
        raise CommandError("the server answered 500")

    monkeypatch.setattr(serving, "ask", fail)
    with pytest.raises(CommandError, match="500"):
        serving.run(1)
    assert sum(turn.endswith("ends") for turn in turns) == 5


def test_real_loads_have_real_sizes() -> None:
    """MLflow's share of the requests is still enough for every client."""
    assert all(load.requests // serving._MLFLOW_SHARE >= load.clients for load in LOADS)
