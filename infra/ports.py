"""Who listens on a port of this machine.

Owns the question. Changes nothing.
"""

import socket
import time

import psutil

from infra.naming import LOOPBACK

CONNECT_TIMEOUT_SECONDS = 1.0
RELEASE_SECONDS = 3.0
PAUSE_SECONDS = 0.1


def is_taken(port: int) -> bool:
    """Whether a program listens on this port of the loopback interface, or keeps it from being listened on."""
    with socket.socket() as probe:
        probe.settimeout(CONNECT_TIMEOUT_SECONDS)
        if probe.connect_ex((LOOPBACK, port)) == 0:
            return True
    with socket.socket() as probe:
        # As servers do: a connection of before that is still winding down does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    return False


def stays_taken(port: int) -> bool:
    """Whether a port is still taken after 3 s: a process that was just ended lets go of its port a moment later."""
    deadline = time.monotonic() + RELEASE_SECONDS
    while is_taken(port):
        if time.monotonic() > deadline:
            return True
        time.sleep(PAUSE_SECONDS)
    return False


def listener(port: int) -> str:
    """The program that listens on a port, as people know it: "nginx (pid 812)"."""
    for process in psutil.process_iter(["name"]):
        try:
            connections = process.net_connections(kind="tcp")
        except psutil.Error:  # another user's process, or one that just ended
            continue
        if any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in connections):
            return f"{process.info['name']} (pid {process.pid})"
    return "another program"
