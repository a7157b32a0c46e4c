"""uvicorn's server with connections from a front, in a process of its own; the port's are in test_server."""

import socket
import subprocess
import sys

from tests.serving.processes import ROOT

PROGRAM = """
import socket, sys
from concurrent.futures import ThreadPoolExecutor
from serving.app import App, Limits
from serving.http_server import HttpServer
from serving.metrics import Metrics
from serving.rest import RestApi
from serving.workers import Inbox
from tests.serving.fakes import FakeServable, serving_models
app = App(RestApi(serving_models(FakeServable(plus=1)), Metrics()), Limits(1000, 1000, 5, 1), ThreadPoolExecutor(1))
inbox = Inbox(socket.socket(fileno=int(sys.argv[1])))
HttpServer(app, 5, inbox.ready, inbox).run([])
print("ended")
"""
REQUEST = b"POST /v1/models/m:predict HTTP/1.1\r\nContent-Length: 18\r\n\r\n" + b'{"instances": [1]}'


def test_connections_from_a_front() -> None:
    """The server says when it takes connections, answers on those it is handed, and ends when the front is gone."""
    front, channel = socket.socketpair()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(channel.fileno())],
        cwd=ROOT,
        pass_fds=[channel.fileno()],
        stdout=subprocess.PIPE,
        text=True,
    )
    channel.close()
    front.settimeout(60)
    assert front.recv(1) == b"r"
    clients = []
    for _ in range(3):
        client, server = socket.socketpair()
        socket.send_fds(front, [b"c"], [server.fileno()])
        server.close()
        client.settimeout(20)
        client.sendall(REQUEST)
        clients.append(client)
    for client in clients:
        answer = b""
        while b"]\n}" not in answer:
            answer += client.recv(1000)
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.endswith(b'{\n    "predictions": [2.0\n    ]\n}')
        client.close()
    front.close()
    assert process.communicate(timeout=20)[0] == "ended\n"
    assert process.returncode == 0
