"""Who listens on a port."""

import os
import socket

from infra import ports


def test_a_listening_program_is_found_and_named() -> None:
    """A port with a listener is taken, and the listener is named with its pid."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        assert ports.is_taken(port)
        assert f"(pid {os.getpid()})" in ports.listener(port)

    assert not ports.is_taken(port)


def test_a_bound_port_is_taken_before_anyone_listens() -> None:
    """A port that is bound on all interfaces cannot be had either."""
    with socket.socket() as bound:
        bound.bind(("0.0.0.0", 0))  # noqa: S104 - the very case
        assert ports.is_taken(bound.getsockname()[1])
        assert ports.listener(bound.getsockname()[1]) == "another program"
