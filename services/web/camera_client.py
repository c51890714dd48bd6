"""The web role's side: hand a picture to the camera's process and wait for what it says."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, Literal

import msgspec

from services.base.local_socket import connected_at, limit_stalls
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
    GREETING,
    REPLY,
    TURN,
    Answer,
    Busy,
    ModelState,
    Order,
    Prepare,
    encode,
    socket_path,
)
from services.camera.remote import RemoteCamera, TokenRefused, connected
from services.web.server.awaited import IsAwaited, always
from services.web.server.limits import CAMERA_THREADS

log = logging.getLogger(__name__)

# The process is started again within a second or two when it ends.
_CONNECT_SECONDS: Final = 3.0
_PAUSE_SECONDS: Final = 0.1
# Between two looks at whether somebody still waits for the answer.
_LOOK_SECONDS: Final = 0.2
_GREETING_SECONDS: Final = 2.0
# A process that was stopped lets nobody in once its backlog is full.
_CONNECT_STALL_SECONDS: Final = 2.0
# Nor does it read the picture whose turn it is.
_SEND_STALL_SECONDS: Final = 10.0
_RETRY_AFTER_S: Final = 2
# All who open the page within this time get what the first of them was told.
_PREPARE_EVERY_SECONDS: Final = 1.0
# A greeting takes a millisecond, but for a process that imports TensorFlow.
_PREPARE_SECONDS: Final = 0.5
# The first picture waits for TensorFlow to be imported and the model to be compiled.
REPLY_SECONDS: Final = 45.0
_REFUSED: Final[Mapping[str, type[PictureRefused]]] = {
    kind.fault: kind for kind in (NotAPicture, PictureTooLarge, PictureTooCostly, PictureDamaged)
}


_TOLD_APART: Final = "the camera has another TRAFFIC_CAMERA_TOKEN"
_Address = Path | RemoteCamera
Readiness = ModelState | Literal["away"]
"""How far the model is; away where no process reads pictures."""


class CameraClient:
    """Asks the camera's process. Safe to share between threads.

    Parameters
    ----------
    data_dir : Path
        Where its socket is.
    remote : RemoteCamera, optional
        The address of its host, where that is another one; then nothing is looked for here.
    is_expected : bool
        Whether such a process is meant to run at all.
    connect_seconds, reply_seconds : float
        How long to look for it, and to wait for it.
    max_waiting : int
        How many threads may wait at a time; more are turned away at once.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        remote: RemoteCamera | None = None,
        is_expected: bool = True,
        connect_seconds: float = _CONNECT_SECONDS,
        reply_seconds: float = REPLY_SECONDS,
        max_waiting: int = CAMERA_THREADS,
    ) -> None:
        self._address = remote or socket_path(data_dir)
        self._is_expected = is_expected
        self._connect_seconds = connect_seconds
        self._reply_seconds = reply_seconds
        self._may_wait = threading.BoundedSemaphore(max_waiting)
        self._preparing = threading.Lock()
        self._readiness: tuple[float, Readiness] = (-_PREPARE_EVERY_SECONDS, "away")

    def look_at(
        self, picture: bytes, *, wants_picture: bool = False, is_awaited: IsAwaited = always
    ) -> Answer:
        """Have a picture segmented and read.

        Parameters
        ----------
        picture : bytes
            A file as somebody handed it in.
        wants_picture : bool
            Whether to send it back, upright and without its annotations.
        is_awaited : callable
            Whether somebody waits for the answer; who left gives their place to the next.

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
            return self._asked(Order(picture, wants_picture), is_awaited)
        except TokenRefused as error:
            log.error(_TOLD_APART)
            raise CameraUnavailable("the camera does not answer") from error
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            log.error("the camera did not answer: %s", str(error) or type(error).__name__)
            raise CameraUnavailable("the camera does not answer") from error
        finally:
            self._may_wait.release()

    def prepare(self) -> Readiness:
        """Have the model loaded for a picture that is to come; how far it is.

        Nobody waits: the process is asked once a second, by one thread, which gives up soon;
        all others are told what it was told last. Whether there is memory for the model is
        the process' to decide.
        """
        if not self._is_expected:
            return "away"
        is_news = time.monotonic() - self._readiness[0] >= _PREPARE_EVERY_SECONDS
        if is_news and self._preparing.acquire(blocking=False):
            try:
                self._readiness = (time.monotonic(), _prepared(self._address))
            finally:
                self._preparing.release()
        return self._readiness[1]

    def _asked(self, order: Order, is_awaited: IsAwaited) -> Answer:
        with closing(self._admitted(is_awaited)) as connection:
            until = time.monotonic() + self._reply_seconds
            TURN.decode(_received(connection, until, is_awaited))
            limit_stalls(connection.fileno(), _SEND_STALL_SECONDS)
            connection.send_bytes(encode(order))
            return _answer(_received(connection, until, is_awaited))

    def _admitted(self, is_awaited: IsAwaited) -> Connection:
        """A connection with a place in the queue; a process that starts is waited for."""
        until = time.monotonic() + self._connect_seconds
        while True:
            try:
                return _greeted(_connected(self._address), is_awaited)
            except (OSError, EOFError):
                if time.monotonic() >= until:
                    raise
            _check(is_awaited)
            time.sleep(_PAUSE_SECONDS)


def is_answering(camera: RemoteCamera) -> bool:
    """Whether the camera's process of another host greets who comes, even if it is busy."""
    try:
        with closing(connected(camera, _CONNECT_STALL_SECONDS)) as connection:
            GREETING.decode(_received(connection, time.monotonic() + _GREETING_SECONDS, always))
    except (OSError, EOFError, msgspec.MsgspecError, TokenRefused):
        return False
    return True


def _prepared(address: _Address) -> Readiness:
    try:
        with closing(_connected(address)) as connection:
            until = time.monotonic() + _PREPARE_SECONDS
            greeting = GREETING.decode(_received(connection, until, always))
            if isinstance(greeting, Busy):
                return "reading"
            if greeting.model == "cold":
                TURN.decode(_received(connection, until, always))
                connection.send_bytes(encode(Prepare()))
                return "loading"
            return greeting.model
    except TimeoutError:
        # It lets people in and answers nobody: so it does while it imports TensorFlow.
        return "loading"
    except TokenRefused:
        log.error(_TOLD_APART)
        return "away"
    except (OSError, EOFError, msgspec.MsgspecError) as error:
        log.info("the camera cannot get ready: %s", str(error) or type(error).__name__)
        return "away"


def _greeted(connection: Connection, is_awaited: IsAwaited) -> Connection:
    try:
        until = time.monotonic() + _GREETING_SECONDS
        greeting = GREETING.decode(_received(connection, until, is_awaited))
        if isinstance(greeting, Busy):
            raise CameraBusy(greeting.retry_after_s)
    except BaseException:
        connection.close()
        raise
    return connection


def _received(connection: Connection, until: float, is_awaited: IsAwaited) -> bytes:
    """The next message, if it comes in time and somebody waits for it as long."""
    while not connection.poll(max(0.0, min(_LOOK_SECONDS, until - time.monotonic()))):
        _check(is_awaited)
        if time.monotonic() >= until:
            raise TimeoutError("nothing came in time")
    return connection.recv_bytes()


def _check(is_awaited: IsAwaited) -> None:
    if not is_awaited():
        raise CameraUnavailable("whoever handed the picture in is gone")


def _connected(address: _Address) -> Connection:
    if isinstance(address, RemoteCamera):
        return connected(address, _CONNECT_STALL_SECONDS)
    return connected_at(address, _CONNECT_STALL_SECONDS)


def _answer(data: bytes) -> Answer:
    reply = REPLY.decode(data)
    if isinstance(reply, Answer):
        return reply
    refused = _REFUSED.get(reply.fault)
    raise CameraUnavailable(reply.detail) if refused is None else refused(reply.detail)
