"""Questions that take as much as a test wants, for the processes that answer the archive's."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from services.base.errors import StorageError, TrafficError
from services.plain.trends.asking import Query
from services.trends.child import Answers, Report
from services.trends.messages import Question
from services.trends.pool import Pool
from tests.waiting import PATIENCE_SECONDS

MEMORY_BYTES = 64 * 2**20


class Said(msgspec.Struct, frozen=True):
    """What was asked, by which process."""

    text: str
    pid: int


class Echo(Query[Said], frozen=True, tag="echo"):
    """Answered at once."""

    text: str = ""


class Count(Query[Said], frozen=True, tag="count"):
    """Writes a line into a file when it begins, reports ``of`` steps, then waits for another file.

    Without a report in between where ``of`` is 0.
    """

    begun: str
    until: str
    of: int = 4


class Take(Query[Said], frozen=True, tag="take"):
    """Takes so many megabytes."""

    megabytes: int


class Keep(Query[Said], frozen=True, tag="keep"):
    """Takes so many megabytes and gives none back."""

    megabytes: int
    number: int = 0


class End(Query[Said], frozen=True, tag="end"):
    """Ends its process by a signal."""

    number: int = signal.SIGKILL


class Refuse(Query[Said], frozen=True, tag="refuse"):
    """Is refused, or fails in a way that nobody foresaw."""

    how: str


class NoSuchPlace(TrafficError):
    """With a text of its own."""

    reason = "unknown_place"


class Damaged(msgspec.Struct, frozen=True):
    """No :class:`Said`."""

    other: int


class Lie(Query[Said], frozen=True, tag="lie"):
    """Is answered by what it says that it is not."""


def _count(query: Count, report: Report) -> None:
    with Path(query.begun).open("a", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\n")
    until = Path(query.until)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not until.exists():
        assert time.monotonic() < deadline
        if query.of:
            report(1, query.of)
        time.sleep(0.01)


def _take(query: Take, _report: Report) -> None:
    # Not the same byte again and again, which the system would share.
    taken = [os.urandom(2**20) for _ in range(query.megabytes)]
    assert len(taken) == query.megabytes


_KEPT: list[bytes] = []


def _keep(query: Keep, _report: Report) -> None:
    _KEPT.append(os.urandom(query.megabytes * 2**20))


def _end(query: End, _report: Report) -> None:
    os.kill(os.getpid(), query.number)
    time.sleep(PATIENCE_SECONDS)


def _refuse(query: Refuse, _report: Report) -> None:
    if query.how == "place":
        raise NoSuchPlace("no place 'x'\nand more")
    if query.how == "foreseen":
        raise TrafficError("no")
    if query.how == "disk":
        raise StorageError("the disk is gone")
    raise ZeroDivisionError("not foreseen")


_WORK: dict[str, tuple[type[Query[Any]], Any]] = {
    "echo": (Echo, lambda _query, _report: None),
    "count": (Count, _count),
    "take": (Take, _take),
    "keep": (Keep, _keep),
    "end": (End, _end),
    "refuse": (Refuse, _refuse),
    "lie": (Lie, lambda _query, _report: Damaged(1)),
}


def open_answers() -> Answers:
    """What a child does."""

    def answer(question: Question, report: Report) -> msgspec.Struct:
        query_type, work = _WORK[question.view]
        query = msgspec.msgpack.decode(question.query, type=query_type)
        return work(query, report) or Said(getattr(query, "text", ""), os.getpid())

    return answer


def open_nothing() -> Answers:
    """A child that does not get so far."""
    raise OSError("nothing can be opened")


@contextmanager
def running_pool(**options: Any) -> Iterator[Pool]:
    """A pool that answers them."""
    given = {"seconds": PATIENCE_SECONDS, "memory_bytes": MEMORY_BYTES, "seats": 1} | options
    pool = Pool(given.pop("open_answers", open_answers), **given)
    try:
        yield pool
    finally:
        pool.close()
