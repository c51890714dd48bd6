"""A child process that answers one question at a time, within a limit of memory."""

from __future__ import annotations

import gc
import logging
import os
import queue
import resource
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import msgspec

from services.base.errors import StorageError, TrafficError
from services.plain.trends.asking import Failed, Running
from services.trends.messages import (
    MAX_ANSWER_BYTES,
    TOLD,
    Answered,
    Broken,
    Order,
    Question,
    Ready,
    encode,
)

Report = Callable[[int, int], None]
Answers = Callable[[Question, Report], msgspec.Struct]
"""Gives the answer to a question. A TrafficError says why there is none; the class attribute
``reason`` of its class, where it has one, is the key of the text that tells people."""
OpenAnswers = Callable[[], Answers]
"""Called once in the child; can be pickled."""

_REPORT_SECONDS: Final = 0.1
_STATUS: Final = Path("/proc/self/status")
# What RLIMIT_DATA counts, much of which threads reserve and never use; and what is really there.
_RESERVED: Final = "VmData:"
_RESIDENT: Final = "RssAnon:"
# Of DuckDB and others that have errors of their own for it.
_MEMORY_ERRORS: Final = frozenset({"OutOfMemoryException", "ArrowMemoryError"})


class Stopped(BaseException):
    """Nobody wants the answer any more. No view's own handling of errors may swallow it."""


def run(connection: Connection, open_answers: OpenAnswers, memory_bytes: int) -> None:
    """Answer until the parent is gone.

    Parameters
    ----------
    connection : Connection
        To the parent.
    open_answers : callable
        Imports and opens what answers need.
    memory_bytes : int
        What a question may take on top of that.
    """
    # Ctrl-C in a terminal is for the parent, which ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # It brings Arrow, which the parent that imports this module has no use for.
    from services.base.memory import give_back_memory, take_little_memory  # noqa: PLC0415

    take_little_memory()
    try:
        answers = open_answers()
    except Exception as error:  # told to who waits, and journalled there
        connection.send_bytes(encode(Broken(_trace(error))))
        logging.shutdown()
        os._exit(1)
    orders = _Orders(connection)
    # What was imported is not looked through again after each question.
    gc.freeze()
    limit = MemoryLimit(memory_bytes)
    connection.send_bytes(encode(Ready()))
    while True:
        question = orders.next()
        # From here on it is this question that may end the process.
        connection.send_bytes(encode(Running(0, 0)))
        reply = _reply(question, answers, orders, limit)
        connection.send_bytes(encode(reply))
        del reply
        give_back_memory()
        if limit.is_used_up():
            # A process gives back more than any of its libraries, some of which complain if asked.
            logging.shutdown()
            os._exit(0)


def _reply(
    question: Question, answers: Answers, orders: _Orders, limit: MemoryLimit
) -> Answered | Failed | Broken:
    try:
        with limit.held():
            answer = encode(answers(question, orders.report))
    except Stopped:
        return Failed("stopped")
    except Exception as error:  # what a view did not foresee ends the question, no more
        return _failure(error)
    if len(answer) > MAX_ANSWER_BYTES:
        return Failed("memory", f"an answer of {len(answer):,} bytes")
    return Answered(answer)


def _failure(error: Exception) -> Failed | Broken:
    if _is_of_memory(error):
        return Failed("memory", _one_line(error))
    # What cannot be read is nobody's question's fault.
    if isinstance(error, TrafficError) and not isinstance(error, StorageError):
        return Failed(getattr(type(error), "reason", "refused"), _one_line(error))
    return Broken(_trace(error))


def _trace(error: Exception) -> str:
    return "".join(traceback.format_exception(error))


def _is_of_memory(error: BaseException | None) -> bool:
    """Whether it, or what it was raised for, is that memory has run out."""
    while error is not None:
        if isinstance(error, MemoryError) or type(error).__name__ in _MEMORY_ERRORS:
            return True
        error = error.__cause__ or error.__context__
    return False


def _one_line(error: Exception) -> str:
    first, *_ = [*str(error).splitlines(), ""]
    return first or type(error).__name__


class _Orders:
    """What the parent says, read in a thread of its own, for a question may take long."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: queue.SimpleQueue[Question] = queue.SimpleQueue()
        self._is_halted = False
        self._due_s = 0.0
        threading.Thread(target=self._listen, daemon=True).start()

    def next(self) -> Question:
        """The next question."""
        question = self._waiting.get()
        self._is_halted = False
        return question

    def report(self, done: int, of: int) -> None:
        """Tell the parent how far it is.

        Raises
        ------
        Stopped
        """
        if self._is_halted:
            raise Stopped
        now_s = time.monotonic()
        if now_s >= self._due_s or done >= of:
            self._due_s = now_s + _REPORT_SECONDS
            self._connection.send_bytes(encode(Running(done, of)))

    def _listen(self) -> None:
        try:
            while True:
                told = TOLD.decode(self._connection.recv_bytes())
                if isinstance(told, Order):
                    self._waiting.put(told.question)
                else:
                    self._is_halted = True
        finally:
            # The parent is gone or makes no sense: nobody waits for what this process is at.
            os._exit(1)


class MemoryLimit:
    """How much more memory this process may take for a question than it has.

    The system refuses what goes beyond (``RLIMIT_DATA``), before others on the machine lack it.
    Where the system does not tell how much there is, nothing is limited.

    Parameters
    ----------
    more_bytes : int
    """

    def __init__(self, more_bytes: int) -> None:
        self._more = more_bytes
        self._base = _own_bytes(_RESIDENT)

    @contextmanager
    def held(self) -> Iterator[None]:
        """While entered, the limit holds."""
        reserved = _own_bytes(_RESERVED)
        if reserved is None:
            yield
            return
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = reserved + self._more
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))

    def is_used_up(self) -> bool:
        """Whether half as much as a question may take has stayed since this was made."""
        now = _own_bytes(_RESIDENT)
        return now is not None and self._base is not None and now > self._base + self._more // 2


def _own_bytes(of: str) -> int | None:
    """Memory of this process alone, in a line of Linux's; None where there is none."""
    try:
        lines = _STATUS.read_text("ascii").splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith(of)]
    return int(found[0]) * 1024 if found else None
