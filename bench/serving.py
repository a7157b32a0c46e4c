"""The model server beside an in-process loop: requests per second, latencies, memory, with and without batching.

Owns the measurement. The loop is what a request costs without any server: `json.loads`, NumPy, the same SavedModel's
signature, `json.dumps`, in one thread. Server and loop take turns, request for request the same bytes.
"""

import json
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import IO, Any

import psutil

from bench import machine, report
from infra.project import ROOT
from lab.progress import say

SIZES = (8, 28)
BATCHING = "max_batch_size { value: 64 } batch_timeout_micros { value: 0 } max_enqueued_batches { value: 100 }"
START_SECONDS = 120


@dataclass(frozen=True)
class Load:
    """One kind of traffic: image height and width, rows in a request, clients at once, requests in a round."""

    size: int
    rows: int
    clients: int
    requests: int
    least_ratio: float | None = None
    most_p99_ms: float | None = None

    @property
    def body(self) -> bytes:
        """A request's body: pixels of three digits."""
        cells = self.rows * self.size * self.size
        pixels = [(cell * 7919 % 1000) / 1000 for cell in range(cells)]
        images = [
            [pixels[start : start + self.size] for start in range(first, first + self.size * self.size, self.size)]
            for first in range(0, cells, self.size * self.size)
        ]
        return json.dumps({"instances": images}).encode()


LOADS = [
    Load(size, rows, clients, requests, least_ratio if clients == 1 else None, most_p99_ms if clients == 1 else None)
    for size in SIZES
    for rows, requests, least_ratio, most_p99_ms in ((1, 480, 0.5, 5.0), (64, 96, 1.0, 20.0))
    for clients in (1, 16)
]


@dataclass
class Rounds:
    """What the rounds of one load on one server came to."""

    ratios: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    loop_rates: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def percentile(self, percent: int) -> float:
        """A percentile of all requests' latencies, milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1000


class Loop:
    """The in-process loop, in a process of its own.

    Args:
        model: version directory.
    """

    def __init__(self, model: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.serving", "loop", str(model)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def rate(self, body: Path, count: int) -> float:
        """Requests per second over so many requests."""
        stdin, stdout = _pipes(self._process)
        stdin.write(f"{json.dumps([str(body), count])}\n".encode())
        stdin.flush()
        return float(json.loads(stdout.readline()))

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the loop has no pipes")
    return process.stdin, process.stdout


class Server:
    """A model server, from start to end.

    Args:
        model: the model's folder.
        flags: more flags.
    """

    def __init__(self, model: Path, *flags: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        started = time.monotonic()
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "serving", "--model_name=m", f"--model_base_path={model}"),
                *(f"--rest_api_port={self.port}", *flags),
            ],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while time.monotonic() < started + START_SECONDS and self.process.poll() is None:
            with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", self.port)):
                break
            time.sleep(0.005)
        self.start_seconds = time.monotonic() - started
        self.idle_bytes = psutil.Process(self.process.pid).memory_info().rss

    def peak_bytes(self) -> int:
        """The most memory it ever had; where the system does not tell, what it has now."""
        with suppress(OSError):
            for line in Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii").splitlines():
                if line.startswith("VmHWM"):
                    return int(line.split()[1]) * 1024
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def end(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()


class Client:
    """One keep-alive connection that sends the same request again and again."""

    def __init__(self, port: int, body: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = f"POST /v1/models/m:predict HTTP/1.1\r\nHost: bench\r\nContent-Length: {len(body)}\r\n\r\n"
        self._request = head.encode() + body
        self._answer = b""
        self._sent_at = 0.0

    def send(self) -> None:
        """Send the request."""
        self._answer = b""
        self._sent_at = time.perf_counter()
        self.socket.sendall(self._request)

    def receive(self) -> float | None:
        """Take what has come; the seconds since the request when the answer is whole."""
        self._answer += self.socket.recv(1 << 20)
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found or len(body) < int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]):
            return None
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"the server answered {head!r}")
        return time.perf_counter() - self._sent_at


def ask(port: int, body: bytes, clients: int, count: int) -> tuple[float, list[float]]:
    """Send `count` requests over so many connections at once; requests per second, and each one's seconds."""
    taken: list[float] = []
    with selectors.DefaultSelector() as selector:
        connections = [Client(port, body) for _ in range(clients)]
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        started = time.perf_counter()
        for connection in connections:
            connection.send()
        sent = clients
        while len(taken) < count:
            for key, _ in selector.select():
                seconds = key.data.receive()
                if seconds is None:
                    continue
                taken.append(seconds)
                if sent < count:
                    sent += 1
                    key.data.send()
        elapsed = time.perf_counter() - started
        for connection in connections:
            connection.socket.close()
    return count / elapsed, taken


@contextmanager
def running(folder: Path) -> Iterator[tuple[dict[int, Loop], dict[int, Server], dict[int, Server]]]:
    """Loop, server and server with batching for each size."""
    (folder / "batching").write_text(BATCHING)
    batching = ("--enable_batching", f"--batching_parameters_file={folder / 'batching'}", "--rest_api_num_threads=32")
    ended: list[Loop | Server] = []
    try:
        loops = {size: Loop(folder / str(size) / "1") for size in SIZES}
        ended += loops.values()
        servers = {size: Server(folder / str(size)) for size in SIZES}
        ended += servers.values()
        batched = {size: Server(folder / str(size), *batching) for size in SIZES}
        ended += batched.values()
        yield loops, servers, batched
    finally:
        for process in ended:
            process.end()


def run(pairs: int) -> str:
    """Measure; the document of the results."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        say("Exporting two models, starting servers: half a minute; then some 15 s a round")
        subprocess.run(
            [sys.executable, "-m", "bench.serving", "export", name], cwd=ROOT, check=True, capture_output=True
        )
        bodies = {load: folder / f"{load.size}-{load.rows}.json" for load in LOADS}
        for load, file in bodies.items():
            file.write_bytes(load.body)
        with running(folder) as (loops, servers, batched):
            plain = {load: Rounds() for load in LOADS}
            together = {load: Rounds() for load in LOADS if load.clients > 1}
            for number in range(pairs + 1):  # the first round warms and is not counted
                if number == 1:
                    plain = {load: Rounds() for load in LOADS}
                    together = {load: Rounds() for load in LOADS if load.clients > 1}
                for load in LOADS:
                    loop_rate = loops[load.size].rate(bodies[load], load.requests)
                    _ask(plain[load], servers[load.size].port, load, loop_rate)
                    if load in together:
                        _ask(together[load], batched[load.size].port, load, plain[load].rates[-1])
            starts = [(f"{size}x{size}", servers[size]) for size in SIZES]
            return _document(plain, together, starts, pairs)


def _ask(rounds: Rounds, port: int, load: Load, reference: float) -> None:
    rate, seconds = ask(port, load.body, load.clients, load.requests)
    rounds.rates.append(rate)
    rounds.loop_rates.append(reference)
    rounds.ratios.append(rate / reference)
    rounds.seconds += seconds


def _document(
    plain: dict[Load, Rounds], together: dict[Load, Rounds], starts: Sequence[tuple[str, Server]], pairs: int
) -> str:
    loads = report.table(
        ("images", "rows", "clients", "server / loop", "target", "requests/s", "loop, requests/s", "p50 ms", "p99 ms"),
        (
            (
                *_named(load),
                _spread(rounds.ratios),
                _verdict(load, rounds),
                f"{median(rounds.rates):.0f}",
                f"{median(rounds.loop_rates):.0f}",
                f"{rounds.percentile(50):.2f}",
                f"{rounds.percentile(99):.2f}",
            )
            for load, rounds in plain.items()
        ),
    )
    batching = report.table(
        ("images", "rows", "clients", "with batching / without", "requests/s", "p50 ms", "p99 ms"),
        (
            (
                *_named(load),
                _spread(rounds.ratios),
                f"{median(rounds.rates):.0f}",
                f"{rounds.percentile(50):.2f}",
                f"{rounds.percentile(99):.2f}",
            )
            for load, rounds in together.items()
        ),
    )
    memory = report.table(
        ("model", "start to open port, s", "idle, MB", "peak, MB"),
        (
            (name, f"{server.start_seconds:.1f}", f"{server.idle_bytes / 1e6:.0f}", f"{server.peak_bytes() / 1e6:.0f}")
            for name, server in starts
        ),
    )
    return "\n\n".join(
        (
            "# The model server beside an in-process loop",
            f"Requests per second of the server over those of the loop, {report.SPREAD}; latencies over all requests.",
            loads,
            f"With `--enable_batching` and `{BATCHING}`:",
            batching,
            "Four servers and two loops were started at the same time:",
            memory,
            f"`python -m bench.serving {pairs}` on {machine.line(None)}",
        )
    )


def _named(load: Load) -> tuple[str, str, str]:
    return f"{load.size}x{load.size}", str(load.rows), str(load.clients)


def _spread(values: Sequence[float]) -> str:
    return f"{median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def _verdict(load: Load, rounds: Rounds) -> str:
    targets = []
    if load.least_ratio is not None:
        targets.append((f">= {load.least_ratio:g}", median(rounds.ratios) >= load.least_ratio))
    if load.most_p99_ms is not None:
        targets.append((f"p99 <= {load.most_p99_ms:g} ms", rounds.percentile(99) <= load.most_p99_ms))
    return "; ".join(f"{target}: {'met' if met else 'MISSED'}" for target, met in targets) or "-"


def export(folder: Path) -> None:
    """Write the quickstart's network, untrained, for each size; run in a child process."""
    import tensorflow as tf  # noqa: PLC0415 - only this child process needs it

    for size in SIZES:
        module = tf.Module()
        normal = tf.random.stateless_normal
        module.weights = [
            tf.Variable(normal([size * size, 128], [1, 2]) / 10),
            tf.Variable(normal([128, 10], [3, 4]) / 10),
        ]
        module.serve = tf.function(_network(tf, module.weights, size), _signature(tf, size))
        target = str(folder / str(size) / "1")
        tf.saved_model.save(module, target, signatures={"serving_default": module.serve})


def _network(tf: Any, weights: Sequence[Any], size: int) -> Any:
    def logits(image: Any) -> dict[str, Any]:
        hidden = tf.nn.relu(tf.reshape(image, [-1, size * size]) @ weights[0])
        return {"logits": hidden @ weights[1]}

    return logits


def _signature(tf: Any, size: int) -> list[Any]:
    return [tf.TensorSpec([None, size, size], tf.float32, name="image")]


def loop(model: Path) -> None:
    """Answer requests without a server, as told line by line on standard input; run in a child process."""
    import numpy as np  # noqa: PLC0415 - only this child process needs them
    import tensorflow as tf  # noqa: PLC0415

    loaded = tf.saved_model.load(str(model))
    predict = loaded.signatures["serving_default"]
    for line in sys.stdin:
        file, count = json.loads(line)
        body = Path(file).read_bytes()
        started = time.perf_counter()
        for _ in range(count):
            images = np.array(json.loads(body)["instances"], np.float32)
            logits = predict(image=tf.constant(images))["logits"].numpy()
            json.dumps({"predictions": logits.tolist()})
        print(count / (time.perf_counter() - started), flush=True)


def main(arguments: Sequence[str]) -> None:
    """`export FOLDER` and `loop MODEL` are the child processes; else a number of rounds."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if arguments[:1] == ["export"]:
        export(Path(arguments[1]))
    elif arguments[:1] == ["loop"]:
        loop(Path(arguments[1]))
    else:
        print(run(int(arguments[0]) if arguments else 5))


if __name__ == "__main__":
    main(sys.argv[1:])
