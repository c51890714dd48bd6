"""The web role's side: hand a picture to the camera's process and wait for what it says."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import msgspec

from services.camera.errors import (
    CameraBusy,
    CameraUnavailable,
    NotAPicture,
    PictureDamaged,
    PictureRefused,
    PictureTooCostly,
    PictureTooLarge,
)
from services.camera.limits import MAX_BYTES
from services.camera.messages import (
    Answer,
    Busy,
    Fault,
    Order,
    decode_greeting,
    decode_reply,
    encode,
    limit_stalls,
    socket_path,
)

log = logging.getLogger(__name__)

# The process is started again within a second or two when it ends.
_CONNECT_SECONDS: Final = 3.0
_PAUSE_SECONDS: Final = 0.1
_GREETING_SECONDS: Final = 2.0
# A process that was stopped lets nobody in once its backlog is full.
_CONNECT_STALL_SECONDS: Final = 2.0
# Threads of this process that may wait for the camera; the others serve pages. Two processes of
# three fill the camera's queue.
MOST_WAITING: Final = 3
_RETRY_AFTER_S: Final = 2
# The first picture waits for TensorFlow to be imported and the model to be compiled.
REPLY_SECONDS: Final = 45.0
_REFUSED: Final[Mapping[Fault, type[PictureRefused]]] = {
    "not_a_picture": NotAPicture,
    "too_large": PictureTooLarge,
    "too_costly": PictureTooCostly,
    "damaged": PictureDamaged,
}


class CameraClient:
    """Asks the camera's process. Safe to share between threads.

    Parameters
    ----------
    data_dir : Path
        Where its socket is.
    is_expected : bool
        Whether such a process is meant to run at all.
    connect_seconds, reply_seconds : float
        How long to look for it, and to wait for it.
    most_waiting : int
        How many threads may wait at a time; more are turned away at once.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        is_expected: bool = True,
        connect_seconds: float = _CONNECT_SECONDS,
        reply_seconds: float = REPLY_SECONDS,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._address = str(socket_path(data_dir))
        self._is_expected = is_expected
        self._connect_seconds = connect_seconds
        self._reply_seconds = reply_seconds
        self._may_wait = threading.BoundedSemaphore(most_waiting)

    def look_at(self, picture: bytes, *, wants_picture: bool = False) -> Answer:
        """Have a picture segmented and read.

        Parameters
        ----------
        picture : bytes
            A file as somebody handed it in.
        wants_picture : bool
            Whether to send it back, upright and without its annotations.

        Raises
        ------
        PictureRefused
            The caller's fault.
        CameraUnavailable
            Nobody's; :class:`CameraBusy` when it is worth coming back in a moment.
        """
        if len(picture) > MAX_BYTES:
            raise PictureTooLarge(f"{len(picture):,} bytes, at most {MAX_BYTES:,} are taken")
        if not self._is_expected:
            raise CameraUnavailable("the camera is switched off here")
        if not self._may_wait.acquire(blocking=False):
            raise CameraBusy(_RETRY_AFTER_S)
        try:
            return self._asked(Order(picture, wants_picture))
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            log.error("the camera did not answer: %s", error or type(error).__name__)
            raise CameraUnavailable("the camera does not answer") from error
        finally:
            self._may_wait.release()

    def _asked(self, order: Order) -> Answer:
        with closing(self._admitted()) as connection:
            until = time.monotonic() + self._reply_seconds
            # A picture is read when its turn comes: sending it is waiting already.
            limit_stalls(connection.fileno(), self._reply_seconds)
            connection.send_bytes(encode(order))
            return _answer(self._received(connection, max(0.0, until - time.monotonic())))

    def _admitted(self) -> Connection:
        """A connection with a place in the queue; a process that starts is waited for."""
        until = time.monotonic() + self._connect_seconds
        while True:
            try:
                return self._greeted(_connected(self._address))
            except (OSError, EOFError):
                if time.monotonic() >= until:
                    raise
            time.sleep(_PAUSE_SECONDS)

    def _greeted(self, connection: Connection) -> Connection:
        try:
            greeting = decode_greeting(self._received(connection, _GREETING_SECONDS))
            if isinstance(greeting, Busy):
                raise CameraBusy(greeting.retry_after_s)
        except BaseException:
            connection.close()
            raise
        return connection

    def _received(self, connection: Connection, seconds: float) -> bytes:
        if not connection.poll(seconds):
            raise TimeoutError(f"nothing came within {seconds:g} s")
        return connection.recv_bytes()


def _connected(address: str) -> Connection:
    with socket.socket(socket.AF_UNIX) as raw:
        limit_stalls(raw.fileno(), _CONNECT_STALL_SECONDS)
        raw.connect(address)
        return Connection(raw.detach())


def _answer(data: bytes) -> Answer:
    reply = decode_reply(data)
    if isinstance(reply, Answer):
        return reply
    refused = _REFUSED.get(reply.fault)
    raise CameraUnavailable(reply.detail) if refused is None else refused(reply.detail)
