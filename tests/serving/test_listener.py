"""The port."""

import socket

import pytest

from serving.listener import PortError, bind, listen
from tests.serving.processes import free_port


def test_bound_is_not_open() -> None:
    """A bound port refuses connections until it is listened on."""
    port = free_port()
    with bind("127.0.0.1", port) as listener:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        listen(listener)
        socket.create_connection(("127.0.0.1", port)).close()


def test_taken() -> None:
    """A port that another program listens on is told with how to go on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortError, match=f"^Cannot listen on 127.0.0.1:{port}: Address already in use; see who"):
            bind("127.0.0.1", port)


def test_taken_meanwhile() -> None:
    """A port that another program began to listen on during the load is told in the same way."""
    port = free_port()
    with bind("127.0.0.1", port) as listener, bind("127.0.0.1", port) as other:
        listen(other)
        with pytest.raises(PortError, match=f"^Cannot listen on 127.0.0.1:{port}: Address already in use"):
            listen(listener)


def test_unknown_host() -> None:
    """A name that is no address is told with the flag it came from."""
    with pytest.raises(PortError, match=r"^--rest_api_host=no\.such\.host\.invalid: "):
        bind("no.such.host.invalid", 1)
