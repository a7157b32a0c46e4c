"""The port: bound before the models are loaded, listened on afterwards.

Owns why an address cannot be had, and saying so in one line.
"""

import socket

BACKLOG = 2048


class PortError(Exception):
    """The port cannot be listened on; the message is one line that says why and what to do."""


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to the address and not yet listening: until then, connections are refused.

    Raises:
        PortError: the address is unknown or taken.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise PortError(f"--rest_api_host={host}: {error.strerror}; say an address of this machine") from error
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _port_error(host, port, error) from error
    return listener


def listen(listener: socket.socket) -> None:
    """Open the port.

    Raises:
        PortError: another program did so meanwhile.
    """
    try:
        listener.listen(BACKLOG)
    except OSError as error:
        host, port = listener.getsockname()[:2]
        raise _port_error(host, port, error) from error


def _port_error(host: str, port: int, error: OSError) -> PortError:
    return PortError(
        f"Cannot listen on {host}:{port}: {error.strerror}; "
        f"see who does with `lsof -i :{port}`, or choose another --rest_api_port"
    )
