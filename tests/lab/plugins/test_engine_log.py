"""Lines for the engine's log, to an engine that listens and to none."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2 as messages
from pulumi.runtime.proto.engine_pb2_grpc import EngineServicer, add_EngineServicer_to_server

from lab.plugins.engine_log import EngineLog


class Engine(EngineServicer):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, int, bool]] = []

    def Log(self, request: Any, context: grpc.ServicerContext) -> Empty:  # noqa: N802 - the service's name
        """Take one line."""
        del context
        self.lines.append((request.urn, request.message, request.severity, request.ephemeral))
        return Empty()


def test_lines_reach_the_engine() -> None:
    """A status is ephemeral, information and warnings stay; each names its resource."""
    engine = Engine()
    server = grpc.server(ThreadPoolExecutor(max_workers=1))
    add_EngineServicer_to_server(engine, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sender = EngineLog(f"127.0.0.1:{port}")
    sender.status("urn", "waiting")
    sender.info("urn", "built")
    sender.warning("urn", "careful")
    server.stop(grace=None).wait()

    assert engine.lines == [
        ("urn", "waiting", messages.INFO, True),
        ("urn", "built", messages.INFO, False),
        ("urn", "careful", messages.WARNING, False),
    ]


def test_an_engine_that_is_gone_fails_nothing() -> None:
    """A line that nobody takes is dropped, and so are all without an address."""
    EngineLog("127.0.0.1:1").status("urn", "lost")
    EngineLog("").status("urn", "lost")
