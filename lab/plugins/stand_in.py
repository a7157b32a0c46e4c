"""What both stand-ins have in common: how they fail, and the calls of the protocol that mean the same in both.

Owns how an error becomes an answer that the engine understands.
"""

# ruff: noqa: N802, ARG002 - the service's names and arguments, whether needed or not

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, status_pb2
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

from lab.plugins.commands import CancelledError, Commands
from lab.plugins.engine_log import EngineLog
from lab.plugins.properties import to_struct

Response = TypeVar("Response")


class OperationError(Exception):
    """An operation failed and nothing of it is kept. The message is for the user."""


class NotReadyError(Exception):
    """A resource is there and does not work (yet): the engine keeps it, and the next `up` tries again.

    Args:
        message: what is wrong, in one line.
        identity: the resource's id.
        properties: its state.
        reasons: more about what is wrong, a line each.
        inputs: as they are now, where a refresh changes them.
    """

    def __init__(
        self,
        message: str,
        identity: str,
        properties: dict[str, Any],
        reasons: list[str],
        inputs: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.detail = provider_pb2.ErrorResourceInitFailed(
            id=identity,
            properties=to_struct(properties),
            reasons=[message, *reasons],
            inputs=to_struct(inputs) if inputs is not None else None,
        )


def answering(method: Callable[[Any, Any], Response]) -> Callable[[Any, Any, grpc.ServicerContext], Response]:
    """Make a method of (self, request) an operation of the service, whose errors the engine understands."""

    @functools.wraps(method)
    def answer(self: Any, request: Any, context: grpc.ServicerContext) -> Response:
        try:
            return method(self, request)
        except OperationError as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except NotReadyError as error:
            _abort_with_state(context, error)
        except CancelledError:
            context.abort(grpc.StatusCode.CANCELLED, "the operation was cancelled")
        raise AssertionError  # abort raises

    return answer


def _abort_with_state(context: grpc.ServicerContext, error: NotReadyError) -> None:
    """End a call with an error that carries the resource's state."""
    detail = AnyMessage()
    detail.Pack(error.detail)
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=error.message, details=[detail])
    context.set_trailing_metadata([("grpc-status-details-bin", status.SerializeToString())])
    context.abort(grpc.StatusCode.UNKNOWN, error.message)


class StandIn(ResourceProviderServicer):
    """A provider without resources.

    Args:
        version: of the official plugin it stands in for.
        log: of the engine.
        commands: how it runs its command lines.
    """

    def __init__(self, version: str, log: EngineLog, commands: Commands) -> None:
        self.log = log
        self.commands = commands
        self._version = version

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """Tell the version."""
        return plugin_pb2.PluginInfo(version=self._version)

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        """Take the provider's inputs as they are."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Empty:
        """End every wait and every command that runs."""
        self.commands.cancel()
        return Empty()

    def close(self) -> None:
        """End what runs; the process is about to end."""
        self.commands.cancel()
