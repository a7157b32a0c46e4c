"""Lines for the user through the engine, beside the resource they are about.

Owns the connection to the engine. A line that cannot be delivered is dropped: no operation fails for its log.
"""

import grpc
from pulumi.runtime.proto import engine_pb2 as messages
from pulumi.runtime.proto.engine_pb2_grpc import EngineStub


class EngineLog:
    """The engine's log.

    Args:
        address: host and port of the engine; empty in tests: then nothing is sent.
    """

    def __init__(self, address: str) -> None:
        self._engine = EngineStub(grpc.insecure_channel(address)) if address else None

    def status(self, urn: str, text: str) -> None:
        """Show what is being done; the next line takes its place."""
        self._send(urn, text, messages.INFO, ephemeral=True)

    def info(self, urn: str, text: str) -> None:
        """Say something that stays."""
        self._send(urn, text, messages.INFO, ephemeral=False)

    def warning(self, urn: str, text: str) -> None:
        """Warn of something that stays."""
        self._send(urn, text, messages.WARNING, ephemeral=False)

    def _send(self, urn: str, text: str, severity: messages.LogSeverity.ValueType, *, ephemeral: bool) -> None:
        if self._engine is None:
            return
        try:
            self._engine.Log(
                messages.LogRequest(severity=severity, message=text, urn=urn, ephemeral=ephemeral), timeout=5
            )
        except grpc.RpcError:
            return
