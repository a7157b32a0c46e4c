"""The running process: start, swaps, end."""

import shutil
import socket
import threading
import time
from pathlib import Path

import pytest
import requests

from tests.serving.exported import CLASSES, HEIGHT, WIDTH
from tests.serving.processes import ServerProcess, free_port

ONES = {"instances": [[[1.0] * WIDTH] * HEIGHT]}


def flags(base: Path, *more: str) -> list[str]:
    """The flags of a server for one model, looking at the disk every second."""
    return ["--model_name=mymodel", f"--model_base_path={base}", *more]


def first_prediction(server: ServerProcess) -> float:
    """The first number of the prediction for an image of ones; version v answers v times version 1's."""
    answer = server.post("/v1/models/mymodel:predict", ONES)
    assert answer.status_code == 200, answer.text
    rows = answer.json()["predictions"]
    assert len(rows[0]) == CLASSES
    return float(rows[0][0])


def versions(server: ServerProcess) -> dict[str, str]:
    """State by version."""
    found = server.get("/v1/models/mymodel").json()["model_version_status"]
    return {version["version"]: version["state"] for version in found}


def wait_until_versions(server: ServerProcess, expected: dict[str, str]) -> None:
    """Wait until the status page shows these versions."""
    deadline = time.monotonic() + 60
    while versions(server) != expected and time.monotonic() < deadline:
        time.sleep(0.05)
    assert versions(server) == expected


def publish(model: Path, base: Path, number: int) -> None:
    """Put a version in place as a careful writer does: copied beside, then renamed."""
    shutil.copytree(model, base / f"{number}.tmp")
    (base / f"{number}.tmp").rename(base / str(number))


def test_port_opens_when_the_model_is_loaded(exported: Path, tmp_path: Path) -> None:
    """Without a version the port stays closed; when it opens, the model answers."""
    base = tmp_path / "mymodel"
    base.mkdir()
    with ServerProcess(tmp_path / "log", *flags(base), wait=False) as server:
        server.wait_for("No versions of servable mymodel found under base path")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), timeout=5)
        publish(exported / "image-1", base, 1)
        while True:
            try:
                socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
                break
            except ConnectionRefusedError:
                assert server.process.poll() is None
                time.sleep(0.01)
        assert first_prediction(server) == pytest.approx(31.5)
        assert "Successfully loaded servable version {name: mymodel version: 1}" in server.output()
        assert server.end() == 0


def test_swap_under_load_loses_nothing(exported: Path, base_path: Path, tmp_path: Path) -> None:
    """While versions are swapped, every request is answered, by the old version or the new one."""
    with ServerProcess(tmp_path / "log", *flags(base_path)) as server:
        statuses: list[int] = []
        stop = threading.Event()

        def ask(session: requests.Session) -> None:
            while not stop.is_set():
                statuses.append(
                    session.post(f"{server.url}/v1/models/mymodel:predict", json=ONES, timeout=30).status_code
                )

        with requests.Session() as session:
            asking = [threading.Thread(target=ask, args=(session,)), threading.Thread(target=ask, args=(requests,))]
            for thread in asking:
                thread.start()
            publish(exported / "image-2", base_path, 2)
            wait_until_versions(server, {"2": "AVAILABLE", "1": "END"})
            publish(exported / "image-1", base_path, 3)
            wait_until_versions(server, {"3": "AVAILABLE", "2": "END", "1": "END"})
            stop.set()
            for thread in asking:
                thread.join(30)
        assert set(statuses) == {200}
        assert len(statuses) > 20
        assert first_prediction(server) == pytest.approx(31.5)


def test_a_drain_lets_clients_leave_between_two_requests(base_path: Path, tmp_path: Path) -> None:
    """After SIGTERM a draining server answers on kept and on new connections, ends each of them, and then itself."""
    with ServerProcess(tmp_path / "log", *flags(base_path, "--rest_api_drain_in_ms=1500")) as server:
        with requests.Session() as kept:
            kept.get(f"{server.url}/v1/models/mymodel", timeout=10)
            server.process.terminate()
            server.wait_for("SIGTERM: each answer ends its connection for 1.5 s")
            answers = [kept.post(f"{server.url}/v1/models/mymodel:predict", json=ONES, timeout=10) for _ in range(3)]

        assert [(answer.status_code, answer.headers["Connection"]) for answer in answers] == [(200, "close")] * 3
        assert server.process.wait(10) == 0


def test_broken_version_leaves_the_old_one_serving(base_path: Path, tmp_path: Path) -> None:
    """A version that cannot be loaded is told on the status page while the old one answers."""
    with ServerProcess(tmp_path / "log", *flags(base_path, "--max_num_load_retries=0")) as server:
        (base_path / "2.tmp").mkdir()
        (base_path / "2.tmp" / "saved_model.pb").write_bytes(b"no protobuf")
        (base_path / "2.tmp").rename(base_path / "2")
        wait_until_versions(server, {"2": "END", "1": "AVAILABLE"})
        status = server.get("/v1/models/mymodel/versions/2").json()["model_version_status"][0]["status"]
        assert status["error_code"] == "DATA_LOSS"
        assert first_prediction(server) == pytest.approx(31.5)
        shutil.rmtree(base_path / "2")
        shutil.rmtree(base_path / "1")
        wait_until_versions(server, {"2": "END", "1": "END"})
        gone = server.post("/v1/models/mymodel:predict", ONES)
        assert (gone.status_code, gone.json()) == (404, {"error": "Servable not found for request: Latest(mymodel)"})


def test_request_finishes_on_the_version_it_started_on(exported: Path, tmp_path: Path) -> None:
    """A slow request that began before a swap ends well, on the old version, while new ones go to the new version."""
    base = tmp_path / "mymodel"
    shutil.copytree(exported / "slow", base / "1")
    with ServerProcess(tmp_path / "log", *flags(base)) as server:
        answers: list[requests.Response] = []
        rounds = slow_rounds(server, seconds=6.0)
        asking = threading.Thread(
            target=lambda: answers.append(server.post("/v1/models/mymodel:predict", {"instances": [rounds]}))
        )
        asking.start()
        time.sleep(0.3)
        publish(exported / "image-1", base, 2)
        wait_until_versions(server, {"2": "AVAILABLE", "1": "UNLOADING"})
        assert first_prediction(server) == pytest.approx(31.5)
        asking.join(60)
        assert answers[0].json() == {"predictions": [rounds]}
        wait_until_versions(server, {"2": "AVAILABLE", "1": "END"})


def slow_rounds(server: ServerProcess, seconds: float) -> int:
    """How many rounds of the slow model take about so many seconds here and now."""
    taken = []
    for _ in range(3):  # the first one is slower than any after it
        started = time.monotonic()
        assert server.post("/v1/models/mymodel:predict", {"instances": [300]}).status_code == 200
        taken.append(time.monotonic() - started)
    return int(300 * seconds / min(taken))


def test_sigterm_drains(exported: Path, tmp_path: Path) -> None:
    """On SIGTERM a request under way is answered, new connections are refused, and the exit status is 0."""
    base = tmp_path / "mymodel"
    shutil.copytree(exported / "slow", base / "1")
    with ServerProcess(tmp_path / "log", *flags(base)) as server:
        answers: list[requests.Response] = []
        rounds = slow_rounds(server, seconds=2.0)
        asking = threading.Thread(
            target=lambda: answers.append(server.post("/v1/models/mymodel:predict", {"instances": [rounds]}))
        )
        asking.start()
        time.sleep(0.3)
        server.process.terminate()
        server.wait_for("requests under way have 5 seconds")
        assert server.process.wait(20) == 0
        asking.join(10)
        assert answers[0].json() == {"predictions": [rounds]}
        assert "Traceback" not in server.output()


def test_sigterm_does_not_wait_for_ever(exported: Path, tmp_path: Path) -> None:
    """A request that takes longer than the drain does not keep the process."""
    base = tmp_path / "mymodel"
    shutil.copytree(exported / "slow", base / "1")
    with ServerProcess(tmp_path / "log", *flags(base)) as server:
        rounds = slow_rounds(server, seconds=60.0)
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            body = f'{{"instances": [{rounds}]}}'
            client.sendall(
                f"POST /v1/models/mymodel:predict HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
            )
            time.sleep(0.3)
            started = time.monotonic()
            server.process.terminate()
            assert server.process.wait(30) == 0
            assert 4 < time.monotonic() - started < 15
            assert client.recv(65536).startswith(b"HTTP/1.1 503")
        assert "Traceback" not in server.output()


def test_sigterm_while_waiting_for_a_version(tmp_path: Path) -> None:
    """SIGTERM ends a server that has nothing to serve yet."""
    with ServerProcess(tmp_path / "log", *flags(tmp_path), wait=False) as server:
        server.wait_for("No versions of servable mymodel")
        assert server.end() == 0


def test_listens_on_loopback_only(server: ServerProcess) -> None:
    """Unless asked, only this machine can connect."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.2", server.port))  # would fail if the server had taken every address


def test_second_server_on_the_port(base_path: Path, tmp_path: Path, server: ServerProcess) -> None:
    """A second server on the same port ends with one line that names it."""
    port = f"--rest_api_port={server.port}"
    with ServerProcess(tmp_path / "log", *flags(base_path, port), wait=False) as second:
        assert second.process.wait(60) == 255
        assert second.output().startswith(f"Cannot listen on 127.0.0.1:{server.port}: Address already in use")


def test_unknown_flag_is_told_and_ignored(base_path: Path, tmp_path: Path) -> None:
    """An unknown flag is printed with the usage text, and the server runs on."""
    with ServerProcess(tmp_path / "log", *flags(base_path, "--typo=1", "--grpc_max_threads=2")) as server:
        assert "unknown argument: --typo=1\nusage: " in server.output()
        assert "--grpc_max_threads has no effect in this model server" in server.output()
        assert versions(server) == {"1": "AVAILABLE"}


def test_free_port_is_free() -> None:
    """The tests' ports can be listened on."""
    with socket.create_server(("127.0.0.1", free_port())):
        pass
