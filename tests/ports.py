"""Ports of this machine that nobody else gets hold of before a test uses them."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator

from tests.waiting import wait_until

HOST = "127.0.0.1"
# Below 32768 no system gives a port by itself, neither to a connection nor to who asks for any:
# what is free stays so until somebody listens at it, and while a server is away that comes back.
_OFFERED = range(10_000, 32_768)
_PROCESSES = 16


def free_port() -> int:
    """A port that nobody listens at, nor is going to: no process of tests is told another's."""
    return next(port for port in _ports if is_free(port))


def is_free(port: int) -> bool:
    """Whether somebody could listen at a port."""
    with socket.socket() as probe:
        # As servers do: connections that are over do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def wait_for_port(port: int) -> None:
    """Return as soon as a server that has ended has left its port.

    That takes a moment more than its end: a child that is just being started has all that its
    parent has, until it becomes another program.
    """
    wait_until(lambda: is_free(port))


def _offers() -> Iterator[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = list(_OFFERED[worker % _PROCESSES :: _PROCESSES])
    # Another run of the tests on this machine goes through them in another order.
    random.shuffle(own)
    yield from own


_ports = _offers()
