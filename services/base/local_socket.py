"""Sockets in the data directory, through which processes of one machine speak to each other.

A message is what :class:`multiprocessing.connection.Connection` sends: bytes with their length.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import socket
import struct
import threading
from collections.abc import Iterator
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Final

from services.base.errors import ConfigurationError

log = logging.getLogger(__name__)

# struct sockaddr_un of Linux takes 108 bytes, the last of which is 0.
_LONGEST_ADDRESS: Final = 107


def listening_at(path: Path, backlog: int) -> Listener:
    """Listen at a socket that only this user reaches; an old one there is replaced.

    Raises
    ------
    ConfigurationError
        When its name is too long.
    OSError
        When nothing can listen there.
    """
    name = str(path)
    if len(os.fsencode(name)) > _LONGEST_ADDRESS:
        raise ConfigurationError(
            f"TRAFFIC_DATA_DIR: {name} is too long for a socket, at most {_LONGEST_ADDRESS} bytes"
        )
    path.unlink(missing_ok=True)
    listener = Listener(name, family="AF_UNIX", backlog=backlog)
    path.chmod(0o600)
    return listener


def comers(
    listener: Listener, closing: threading.Event, stall_seconds: float
) -> Iterator[Connection]:
    """Whoever comes, one after another, until closed.

    Parameters
    ----------
    closing : Event
        Looked at whenever somebody comes: who sets it knocks (:func:`knock_at`).
    stall_seconds : float
        How long reading and writing may make no headway.
    """
    while not closing.is_set():
        try:
            connection = listener.accept()
            limit_stalls(connection.fileno(), stall_seconds)
        except OSError as error:
            # Whoever came is gone again, or no more files may be open.
            log.warning("a connection failed: %s", error)
        else:
            yield connection


def mark_of(path: Path) -> tuple[int, int] | None:
    """Tells a socket from whatever else comes to lie at its path; None where nothing does."""
    try:
        there = path.lstat()
    except OSError:
        return None
    return there.st_dev, there.st_ino


def close_listener(listener: Listener) -> None:
    """Listen no more, even where the socket itself is gone already."""
    with contextlib.suppress(FileNotFoundError, IsADirectoryError, PermissionError):
        listener.close()


def knock_at(path: Path) -> None:
    """Come and go, so that whoever waits for the next looks up."""
    with contextlib.suppress(OSError):
        Client(str(path), family="AF_UNIX").close()


def connected_at(path: Path, stall_seconds: float) -> Connection:
    """A connection to who listens at a socket.

    Parameters
    ----------
    stall_seconds : float
        How long connecting, reading and writing may make no headway: a process that was stopped
        lets nobody in once its backlog is full.

    Raises
    ------
    OSError
        When nobody listens there, or lets anybody in.
    """
    with socket.socket(socket.AF_UNIX) as raw:
        limit_stalls(raw.fileno(), stall_seconds)
        raw.connect(str(path))
        return Connection(raw.detach())


def limit_stalls(descriptor: int, seconds: float) -> None:
    """Let connecting a socket, reads and writes fail that make no headway for so long."""
    whole, rest = divmod(seconds, 1)
    # No time at all would stand for any time.
    longest = struct.pack("ll", int(whole), max(1, int(rest * 1_000_000)))
    with socket.socket(fileno=os.dup(descriptor)) as same:
        for direction in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            same.setsockopt(socket.SOL_SOCKET, direction, longest)


def is_gone(connection: Connection) -> bool:
    """Whether the other side has hung up, whatever it sent before."""
    try:
        asked = select.poll()
        asked.register(connection.fileno(), 0)
        return bool(asked.poll(0))
    except OSError:
        # Closed here already.
        return True
