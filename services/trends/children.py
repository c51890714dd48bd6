"""The parent's side of a child process: start it, have a question answered, end it."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from typing import Final

import msgspec
import psutil

from services.base.local_socket import limit_stalls
from services.metrics.process import resident_bytes
from services.plain.trends.asking import Failed, OwnReason, Running
from services.trends import child
from services.trends.messages import (
    MAX_REPLY_BYTES,
    SIGN,
    Answered,
    Broken,
    Halt,
    Order,
    Question,
    Ready,
    Sign,
    encode,
)

log = logging.getLogger(__name__)

# Importing DuckDB and the views takes one to two seconds, on a busy machine some.
START_SECONDS: Final = 30.0
# Who was asked to give up does so at its next report, or else is ended.
HALT_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.1
# A child that was stopped neither reads nor goes on with what it sends.
_STALL_SECONDS: Final = 2.0
_END_SECONDS: Final = 5.0
# Never by fork: this process has threads.
_SPAWN: Final = multiprocessing.get_context("spawn")

End = Answered | Failed


class ChildLost(Exception):
    """The child ended, hangs or speaks nonsense; it is ended by now."""


class ChildProcess:
    """One child, started at once; used by one thread at a time.

    Raises
    ------
    ChildLost
        When it does not start.
    """

    def __init__(self, open_answers: child.OpenAnswers, memory_bytes: int) -> None:
        self._connection, theirs = _SPAWN.Pipe()
        limit_stalls(self._connection.fileno(), _STALL_SECONDS)
        self._process = _SPAWN.Process(
            target=child.run, args=(theirs, open_answers, memory_bytes), daemon=True
        )
        try:
            self._process.start()
        except OSError as error:
            self._connection.close()
            raise ChildLost(f"cannot be started: {error}") from error
        finally:
            theirs.close()
        self._latest_s = time.monotonic() + START_SECONDS
        self._is_ready = False

    @property
    def pid(self) -> int | None:
        """Its number, for tests and metrics."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether it can be given a question."""
        return self._process.is_alive()

    def resident_bytes(self) -> int:
        """What it takes of the machine's memory; 0 once it has ended."""
        with contextlib.suppress(psutil.Error):
            return resident_bytes(psutil.Process(self._process.pid))
        return 0

    def answer(
        self,
        question: Question,
        seconds: float,
        is_wanted: Callable[[], bool],
        progress: Callable[[Running], None],
    ) -> End:
        """Have a question answered.

        Parameters
        ----------
        seconds : float
            How long it may take, from when the child is ready.
        is_wanted : callable
            Whether anybody waits for it; else it is given up.
        progress : callable
            Told how far it is.

        Raises
        ------
        ChildLost
            When it was lost before it began with the question.
        """
        has_begun = False

        def begun(how_far: Running) -> None:
            nonlocal has_begun
            has_begun = True
            progress(how_far)

        try:
            self._become_ready()
            self._connection.send_bytes(encode(Order(question)))
            return self._awaited(seconds, is_wanted, begun)
        except (ChildLost, OSError, EOFError, msgspec.MsgspecError) as error:
            why = str(error) or type(error).__name__
            self.end()
            if not has_begun:
                raise ChildLost(why) from error
            log.error("view %s: the process that computed it is lost: %s", question.view, why)
            return Failed("failed", f"the process that computed it is lost: {why}")

    def end(self) -> None:
        """End it, whatever it is at."""
        self._process.kill()
        self._process.join(_END_SECONDS)
        self._connection.close()

    def _become_ready(self) -> None:
        while not self._is_ready:
            sign = self._sign()
            if isinstance(sign, Ready):
                self._is_ready = True
            elif isinstance(sign, Broken):
                raise ChildLost(_told_of(sign))
            elif time.monotonic() > self._latest_s:
                raise ChildLost(f"did not start within {START_SECONDS:g} s")

    def _awaited(
        self, seconds: float, is_wanted: Callable[[], bool], progress: Callable[[Running], None]
    ) -> End:
        latest_s = time.monotonic() + seconds
        halted: OwnReason | None = None
        while True:
            sign = self._sign()
            if isinstance(sign, Answered):
                return sign
            if isinstance(sign, Failed):
                return sign if halted is None else _given_up(halted, seconds)
            if isinstance(sign, Broken):
                return Failed("failed", _told_of(sign))
            if isinstance(sign, Running):
                progress(sign)
            now_s = time.monotonic()
            if halted is None:
                halted = "time" if now_s > latest_s else None if is_wanted() else "stopped"
                if halted is not None:
                    self._connection.send_bytes(encode(Halt()))
                    latest_s = now_s + HALT_SECONDS
            elif now_s > latest_s:
                self.end()
                return _given_up(halted, seconds)

    def _sign(self) -> Sign | None:
        """What it says, if it says anything within a moment."""
        if self._connection in wait([self._connection, self._process.sentinel], _LOOK_SECONDS):
            try:
                return SIGN.decode(self._connection.recv_bytes(MAX_REPLY_BYTES))
            except (EOFError, ConnectionError):
                self._process.join(_END_SECONDS)
        if not self._process.is_alive():
            raise ChildLost(f"it ended with {self._process.exitcode}")
        return None


def _told_of(broken: Broken) -> str:
    """The last line of a trace, all of which goes into the journal."""
    log.error("%s", broken.trace)
    return broken.trace.strip().splitlines()[-1]


def _given_up(reason: OwnReason, seconds: float) -> Failed:
    return Failed(reason, f"more than {seconds:g} s" if reason == "time" else "")
