"""How errors become answers, and the calls that mean the same in both stand-ins."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto import status_pb2
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderStub

from lab.plugins.commands import CancelledError, Commands
from lab.plugins.engine_log import EngineLog
from lab.plugins.properties import to_python, to_struct
from lab.plugins.stand_in import NotReadyError, OperationError, StandIn, answering

Serve = Callable[[StandIn], ResourceProviderStub]


class Failing(StandIn):
    """A provider whose Create fails as it is told."""

    error: Exception

    @answering
    def Create(self, request: Any) -> messages.CreateResponse:  # noqa: N802 - the service's name
        """Fail."""
        del request
        raise self.error


def failure(client: Serve, error: Exception) -> grpc.RpcError:
    """The error that the engine gets."""
    provider = Failing("1.2.3", EngineLog(""), Commands())
    provider.error = error
    with pytest.raises(grpc.RpcError) as caught:
        client(provider).Create(messages.CreateRequest())
    return caught.value


def test_a_failed_operation_is_its_message(client: Serve) -> None:
    """The engine gets the message and no state."""
    error = failure(client, OperationError("no room"))

    assert (error.code(), error.details()) == (grpc.StatusCode.UNKNOWN, "no room")


def test_what_is_not_ready_brings_its_state(client: Serve) -> None:
    """The engine gets id, state, inputs and all reasons, the message first."""
    error = failure(client, NotReadyError("not yet", "a/b", {"x": 1}, ["crashes"], {"y": 2}))
    trailing = dict(error.trailing_metadata())
    detail = messages.ErrorResourceInitFailed()
    assert status_pb2.Status.FromString(trailing["grpc-status-details-bin"]).details[0].Unpack(detail)

    assert (detail.id, list(detail.reasons)) == ("a/b", ["not yet", "crashes"])
    assert (to_python(detail.properties), to_python(detail.inputs)) == ({"x": 1}, {"y": 2})


def test_a_cancelled_operation_says_so(client: Serve) -> None:
    """Its status is that of a cancelled call."""
    assert failure(client, CancelledError()).code() == grpc.StatusCode.CANCELLED


def test_the_calls_both_share(client: Serve) -> None:
    """The version is told, a provider's inputs are taken, and Cancel stops the commands."""
    commands = Commands()
    stub = client(StandIn("1.2.3", EngineLog(""), commands))
    news = to_struct({"host": "h"})

    assert stub.GetPluginInfo(Empty()).version == "1.2.3"
    assert stub.CheckConfig(messages.CheckRequest(news=news)).inputs == news
    stub.Cancel(Empty())
    with pytest.raises(CancelledError):
        commands.run(["true"])
