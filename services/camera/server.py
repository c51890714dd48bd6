"""The camera process's side: a socket, a queue with few places, one picture at a time.

A place is given before a picture is sent, so that waiting pictures take no memory here,
and the pictures are looked at in the order in which they came.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Final

import msgspec

from services.base.errors import ConfigurationError
from services.camera.messages import (
    ERRAND,
    MAX_ORDER_BYTES,
    Admitted,
    Busy,
    Message,
    ModelState,
    Order,
    Reply,
    Turn,
    encode,
    limit_stalls,
)

log = logging.getLogger(__name__)

# One that is looked at and four that wait: two seconds at the worst.
PLACES: Final = 5
RETRY_AFTER_S: Final = 2
# A web process that stands still must not hold up the others.
_STALL_SECONDS: Final = 10
# struct sockaddr_un of Linux takes 108 bytes, the last of which is 0.
_LONGEST_ADDRESS: Final = 107

Work = Callable[[Order], Reply]


def _cold() -> ModelState:
    return "cold"


def _nothing() -> None:
    """What needs no loading is ready."""


class CameraServer:
    """Listens at a socket and answers one picture after another, or loads the model for the next.

    Parameters
    ----------
    address : Path
        Of the socket; an old one there is replaced.
    work : callable
        What is done with a picture; it answers faults and raises nothing.
    places : int
        How many pictures may be under way, the one that is looked at included.
    turned_away : callable, optional
        Told each time that somebody finds no place.
    state : callable, optional
        Tells how far the model is, from another thread than it is loaded in.
    prepare : callable, optional
        Loads the model, in the turn of who asks for it; it raises nothing.

    Raises
    ------
    ConfigurationError
        When nothing can listen there.
    """

    def __init__(
        self,
        address: Path,
        work: Work,
        places: int = PLACES,
        turned_away: Callable[[], None] = _nothing,
        *,
        state: Callable[[], ModelState] = _cold,
        prepare: Callable[[], None] = _nothing,
    ) -> None:
        self._work = work
        self._state = state
        self._prepare = prepare
        self._turned_away = turned_away
        self._places = threading.BoundedSemaphore(places)
        # Whoever has a place; the thread that gives them out is the only one to touch it.
        self._under_way: dict[Future[None], Connection] = {}
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="camera")
        self._last_order = time.monotonic()
        self._closing = threading.Event()
        self._address = str(address)
        self._listener = _listening(address, backlog=4 * places)

    def serve(self) -> None:
        """Give out places until closed."""
        while not self._closing.is_set():
            try:
                connection = self._listener.accept()
                limit_stalls(connection.fileno(), _STALL_SECONDS)
            except OSError as error:
                # Whoever came is gone again, or no more files may be open.
                log.warning("a connection to the camera failed: %s", error)
            else:
                self._greet(connection)

    def idle_seconds(self) -> float:
        """How long nobody has come."""
        return time.monotonic() - self._last_order

    def close(self) -> None:
        """Take nobody in any more; what is under way is finished."""
        self._closing.set()
        # Nothing else wakes up who waits for the next.
        with contextlib.suppress(OSError):
            Client(self._address, family="AF_UNIX").close()
        self._pool.shutdown()
        self._listener.close()

    def _greet(self, connection: Connection) -> None:
        if self._closing.is_set():
            connection.close()
            return
        if not self._places.acquire(blocking=False) and not self._a_place_given_back():
            self._turned_away()
            _send(connection, Busy(RETRY_AFTER_S))
            connection.close()
            return
        self._last_order = time.monotonic()
        _send(connection, Admitted(self._state()))
        self._under_way = {item: of for item, of in self._under_way.items() if not item.done()}
        try:
            self._under_way[self._pool.submit(self._converse, connection)] = connection
        except RuntimeError:
            # Closed since.
            connection.close()

    def _a_place_given_back(self) -> bool:
        """Take the place of somebody who waited and is gone; whether there was one."""
        for future, connection in self._under_way.items():
            # Who is looked at already cannot be taken back.
            if not future.done() and _is_gone(connection) and future.cancel():
                connection.close()
                return True
        return False

    def _converse(self, connection: Connection) -> None:
        try:
            with closing(connection):
                # Whoever waited for those before may have left.
                if not _is_gone(connection):
                    _send(connection, Turn())
                    errand = ERRAND.decode(connection.recv_bytes(MAX_ORDER_BYTES))
                    if isinstance(errand, Order):
                        _send(connection, self._work(errand))
                    else:
                        self._prepare()
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            log.warning("a picture was not handed over: %s", error or type(error).__name__)
        finally:
            self._last_order = time.monotonic()
            self._places.release()


def _listening(address: Path, backlog: int) -> Listener:
    name = str(address)
    if len(os.fsencode(name)) > _LONGEST_ADDRESS:
        raise ConfigurationError(
            f"TRAFFIC_DATA_DIR: {name} is too long for a socket, at most {_LONGEST_ADDRESS} bytes"
        )
    try:
        address.unlink(missing_ok=True)
        listener = Listener(name, family="AF_UNIX", backlog=backlog)
        address.chmod(0o600)
    except OSError as error:
        raise ConfigurationError(f"{name}: cannot listen there: {error.strerror}") from error
    return listener


def _send(connection: Connection, message: Message) -> None:
    try:
        connection.send_bytes(encode(message))
    except OSError as error:
        log.info("whoever asked the camera is gone: %s", error)


def _is_gone(connection: Connection) -> bool:
    """Whether the other side has hung up, whatever it sent before."""
    try:
        asked = select.poll()
        asked.register(connection.fileno(), 0)
        return bool(asked.poll(0))
    except OSError:
        # Closed here already.
        return True
