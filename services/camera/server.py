"""The camera process's side: a socket, a queue with few places, one picture at a time.

A place is given before a picture is sent, so that waiting pictures take no memory here,
and the pictures are looked at in the order in which they came.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Final

import msgspec

from services.base.errors import ConfigurationError, FeedUnreachable
from services.base.local_socket import (
    close_listener,
    comers,
    is_gone,
    knock_at,
    listening_at,
    mark_of,
)
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
)
from services.camera.remote import RemoteCamera, TokenRefused, check_token

log = logging.getLogger(__name__)

# One that is looked at and four that wait: two seconds at the worst.
PLACES: Final = 5
RETRY_AFTER_S: Final = 2
# A web process that stands still must not hold up the others.
_STALL_SECONDS: Final = 10
# Who are still to prove that they know the token, where the camera is reached by an address.
_MAX_STRANGERS: Final = 8

Work = Callable[[Order], Reply]


def _cold() -> ModelState:
    return "cold"


def _nothing() -> None:
    """What needs no loading is ready."""


class CameraServer:
    """Listens at a socket and answers one picture after another, or loads the model for the next.

    Parameters
    ----------
    address : Path or RemoteCamera
        Of the socket; an old one there is replaced. Of a host, whoever comes proves first that they
        know the token.
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
        address: Path | RemoteCamera,
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
        # Whoever has a place; touched by one thread at a time, which gives them out.
        self._under_way: dict[Future[None], Connection] = {}
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="camera")
        self._last_order = time.monotonic()
        self._closing = threading.Event()
        self._address = address
        self._greeting = threading.Lock()
        self._strangers = threading.BoundedSemaphore(_MAX_STRANGERS)
        self._door = ThreadPoolExecutor(_MAX_STRANGERS, thread_name_prefix="camera-door")
        self._listener = _listening(address, backlog=4 * places)
        self._mark = mark_of(address) if isinstance(address, Path) else None

    def is_reachable(self) -> bool:
        """Whether its socket, if it has one, was neither removed nor replaced."""
        return not isinstance(self._address, Path) or mark_of(self._address) == self._mark

    def serve(self) -> None:
        """Give out places until closed."""
        for connection in comers(self._listener, self._closing, _STALL_SECONDS):
            self._receive(connection)

    def idle_seconds(self) -> float:
        """How long nobody has come."""
        return time.monotonic() - self._last_order

    def close(self) -> None:
        """Take nobody in any more; what is under way is finished."""
        self._closing.set()
        # Nothing else wakes up who waits for the next.
        self._come()
        self._door.shutdown()
        self._pool.shutdown()
        close_listener(self._listener)

    def _come(self) -> None:
        """Knock at the own door."""
        if isinstance(self._address, RemoteCamera):
            with contextlib.suppress(OSError):
                socket.create_connection(self._listener.address[:2], _STALL_SECONDS).close()
        else:
            knock_at(self._address)

    def _receive(self, connection: Connection) -> None:
        if not isinstance(self._address, RemoteCamera):
            self._greet(connection)
        elif self._strangers.acquire(blocking=False):
            try:
                # Apart: one who says nothing keeps nobody else out.
                self._door.submit(self._admit, connection, self._address)
            except RuntimeError:
                # Closed since.
                connection.close()
        else:
            connection.close()

    def _admit(self, connection: Connection, address: RemoteCamera) -> None:
        """Greet whoever knows the token."""
        try:
            check_token(connection, address)
        except TokenRefused:
            log.warning("refused: somebody with another TRAFFIC_CAMERA_TOKEN")
            connection.close()
        except (OSError, EOFError, FeedUnreachable, msgspec.MsgspecError) as error:
            log.warning("refused: somebody without a token: %s", str(error) or type(error).__name__)
            connection.close()
        else:
            self._greet(connection)
        finally:
            self._strangers.release()

    def _greet(self, connection: Connection) -> None:
        with self._greeting:
            self._give_place(connection)

    def _give_place(self, connection: Connection) -> None:
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
            if not future.done() and is_gone(connection) and future.cancel():
                connection.close()
                return True
        return False

    def _converse(self, connection: Connection) -> None:
        try:
            with closing(connection):
                # Whoever waited for those before may have left.
                if not is_gone(connection):
                    _send(connection, Turn())
                    errand = ERRAND.decode(connection.recv_bytes(MAX_ORDER_BYTES))
                    if isinstance(errand, Order):
                        _send(connection, self._work(errand))
                    else:
                        self._prepare()
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            log.warning("a picture was not handed over: %s", str(error) or type(error).__name__)
        finally:
            self._last_order = time.monotonic()
            self._places.release()


def _listening(address: Path | RemoteCamera, backlog: int) -> Listener:
    try:
        if isinstance(address, RemoteCamera):
            return _listening_by_tcp(address, backlog)
        return listening_at(address, backlog)
    except OSError as error:
        raise ConfigurationError(f"{address}: cannot listen there: {error.strerror}") from error


def _listening_by_tcp(address: RemoteCamera, backlog: int) -> Listener:
    [(family, _, _, _, place), *_] = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM
    )
    return Listener((str(place[0]), int(place[1])), family=family.name, backlog=backlog)


def _send(connection: Connection, message: Message) -> None:
    try:
        connection.send_bytes(encode(message))
    except OSError as error:
        log.info("whoever asked the camera is gone: %s", error)
