"""Several processes behind one port: small programs that split, and the whole server."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from serving.workers import Inbox
from tests.serving.processes import ROOT, ServerProcess, free_port
from tests.serving.test_server import flags, publish, versions

PROGRAM = """
import os, sys, time
from serving.listener import bind
from serving.log import log_to_stderr
from serving.signals import leave, on_signals
from serving.workers import split
log_to_stderr()
on_signals(leave)
inbox = split(bind("127.0.0.1", int(sys.argv[1])), 3, lambda: print("open", flush=True))
{before}
inbox.ready()
while (connection := inbox.receive()) is not None:
    with connection:
        if connection.recv(1) == b"x":
            os._exit(7)
        connection.sendall(str(os.getpid()).encode())
"""


class Program:
    """A program of three workers that answer a connection with their process id, and end when they get an x."""

    def __init__(self, before: str = "") -> None:
        self.port = free_port()
        code = PROGRAM.format(before=before)
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(self.port)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait(self) -> None:
        """Wait until the port is open."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "open\n"

    def ask(self, byte: bytes = b"?") -> bytes:
        """What a new connection is answered."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as client:
            client.sendall(byte)
            return client.recv(100)

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        return [child.pid for child in psutil.Process(self.process.pid).children()]

    def end(self) -> tuple[int, str]:
        """Exit status and log, once it has ended by itself."""
        _, text = self.process.communicate(timeout=30)
        return self.process.returncode, text


@pytest.fixture
def program() -> Iterator[Program]:
    """The program, running; whatever is left of it is ended."""
    started = Program()
    started.wait()
    workers = started.workers()
    yield started
    if started.process.poll() is None:
        started.process.kill()
        started.process.communicate()
    for pid in workers:
        wait_until_gone(pid)


def wait_until_gone(pid: int) -> None:
    """Wait until a process has ended."""
    deadline = time.monotonic() + 20
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, f"{pid} goes on"
        time.sleep(0.02)


def test_connections_go_to_each_worker_in_turn(program: Program) -> None:
    """Of nine connections each of three workers answers three, in turn."""
    answers = [int(program.ask()) for _ in range(9)]
    assert sorted(answers[:3]) == sorted(program.workers())
    assert answers == answers[:3] * 3


def test_worker_that_ends(program: Program) -> None:
    """When a worker ends, so do all, with one line that says which and how."""
    workers = program.workers()
    asked = program.ask(b"x")
    assert asked == b""
    status, text = program.end()
    assert status == 1
    assert text.count("one of 3, ended with status 7: all end\n") == 1
    for pid in workers:
        wait_until_gone(pid)


def test_signal_ends_all(program: Program) -> None:
    """SIGTERM to the process that was started ends the workers too, with status 0."""
    workers = program.workers()
    program.process.terminate()
    assert program.end()[0] == 0
    assert not any(psutil.pid_exists(pid) for pid in workers)


def test_front_that_is_killed_takes_the_workers_along(program: Program) -> None:
    """Workers whose front was killed hear of it and end."""
    workers = program.workers()
    program.process.kill()
    assert program.end()[0] == -signal.SIGKILL
    for pid in workers:
        wait_until_gone(pid)


def test_worker_that_cannot_start() -> None:
    """A worker that ends before it is ready ends the start: status 255, the port never opened."""
    program = Program(before="sys.exit(3)")
    status, _ = program.end()
    assert status == 255
    with pytest.raises(ConnectionRefusedError):
        program.ask()


def test_port_opens_when_all_are_ready(tmp_path: Path) -> None:
    """While one worker still loads, connections are refused."""
    go = tmp_path / "go"
    mine = tmp_path / "mine"
    program = Program(
        before=f"""
try:
    os.close(os.open({str(mine)!r}, os.O_CREAT | os.O_EXCL))
    while not os.path.exists({str(go)!r}): time.sleep(0.01)
except FileExistsError:
    pass
"""
    )
    deadline = time.monotonic() + 20
    while not mine.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(0.5)
    with pytest.raises(ConnectionRefusedError):
        program.ask()
    go.touch()
    program.wait()
    assert int(program.ask()) in program.workers()
    program.process.terminate()
    assert program.end()[0] == 0


def test_inbox_without_a_front() -> None:
    """When the other end is closed there is no connection."""
    ours, theirs = socket.socketpair()
    inbox = Inbox(theirs)
    ours.close()
    assert inbox.receive() is None
    theirs.close()


def test_two_model_servers(exported: Path, base_path: Path, tmp_path: Path) -> None:
    """Both processes answer with the model, take up a new version, and drain on SIGTERM."""
    with ServerProcess(tmp_path / "log", *flags(base_path, "--rest_api_num_processes=2")) as server:
        assert server.output().count("Exporting HTTP/REST API") == 1
        assert server.output().count("Successfully loaded servable version") == 2
        workers = psutil.Process(server.process.pid).children()
        assert len(workers) == 2
        publish(exported / "image-2", base_path, 2)
        expected = {"2": "AVAILABLE", "1": "END"}
        deadline = time.monotonic() + 120
        while not all(versions(server) == expected for _ in range(4)):  # in turn: twice from each process
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert server.end() == 0
        assert server.output().count("requests under way have 5 seconds") == 2
        assert "Traceback" not in server.output()
    assert not any(worker.is_running() for worker in workers)


def test_two_model_servers_that_cannot_start(tmp_path: Path) -> None:
    """A model that cannot be loaded ends the server with its line and status 255, as with one process."""
    (tmp_path / "m" / "1").mkdir(parents=True)
    more = ("--rest_api_num_processes=2", "--max_num_load_retries=0")
    with ServerProcess(tmp_path / "log", *flags(tmp_path / "m", *more), wait=False) as server:
        assert server.process.wait(120) == 255
        assert "Failed to start server. Error: UNKNOWN: 1 servable(s) did not become available" in server.output()
        assert "Traceback" not in server.output()
