"""Serves a stand-in to the engine that started it, and ends with that engine.

Owns the process: its port, its signals, its end. What it answers is the providers'.
"""

import os
import select
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto.provider_pb2_grpc import add_ResourceProviderServicer_to_server

from lab.plugins.commands import Commands
from lab.plugins.engine_log import EngineLog
from lab.plugins.stand_in import StandIn

MESSAGE_BYTES = 400 * 1024 * 1024  # as the engine allows
WORKERS = 32  # resources that may be waited for at once


def make(name: str, version: str, engine: str) -> StandIn:
    """The stand-in for the plugin of that name; only that one is imported."""
    log, commands = EngineLog(engine), Commands()
    if name == "kubernetes":
        from lab.plugins.kubernetes_provider import KubernetesProvider  # noqa: PLC0415 - start-up time

        return KubernetesProvider(version, log, commands)
    from lab.plugins.docker_provider import DockerProvider  # noqa: PLC0415 - start-up time

    return DockerProvider(version, log, commands)


def serve(provider: StandIn) -> tuple[grpc.Server, int]:
    """Serve on a free loopback port. The caller keeps the server: it ends when it is forgotten."""
    limits = [("grpc.max_receive_message_length", MESSAGE_BYTES), ("grpc.max_send_message_length", MESSAGE_BYTES)]
    server = grpc.server(ThreadPoolExecutor(max_workers=WORKERS), options=limits)
    add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def wait_for_the_end(told: threading.Event, parent: int) -> None:
    """Return when told to end, or when the engine is gone: it then reads our output no more, or is not our parent."""
    output = select.poll()
    output.register(sys.stdout.fileno(), 0)
    closed = select.POLLERR | select.POLLHUP
    while not told.wait(0.25) and os.getppid() == parent:
        if any(event & closed for _, event in output.poll(0)):
            return


def run(name: str, version: str, engine: str) -> None:
    """Print the port, which the engine reads, and serve to the end. Commands that still run are ended.

    Args:
        name: `kubernetes` or `docker`.
        version: of the official plugin it stands in for.
        engine: the engine's address.
    """
    parent = os.getppid()
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    provider = make(name, version, engine)
    server, port = serve(provider)
    print(port, flush=True)
    wait_for_the_end(told, parent)
    provider.close()
    del server
    os._exit(0)  # threads that wait for a command must not delay the end
