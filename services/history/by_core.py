"""Days of history computed by processes of this machine, one for each core.

For what one command does with many days. A worker that serves pages beside it computes in one
process, a day at a time (``services.history.by_day``).
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from services.base.errors import TrafficError
from services.city.city import City
from services.history.by_day import DayMap
from services.history.history import History
from services.history.networks import KnownNetworks
from services.traffic.snapshot import Source

Item = TypeVar("Item")
Result = TypeVar("Result")
P = ParamSpec("P")

# Each takes up to half a gigabyte.
_MOST_PROCESSES: Final = 4
# One that is computed, and one that waits to be.
_ITEMS_PER_PROCESS: Final = 2


class ProcessLost(TrafficError):
    """A process that computed was ended from outside."""


def cores() -> int:
    """How many cores this process may use, and at least one."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Cores:
    """Processes that wait for something to compute.

    Attributes
    ----------
    pool : Executor
    processes : int
    """

    pool: Executor
    processes: int

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """What a function gives for each item, in the order of the items.

        Two items for each process are under way: nobody ever holds more results.

        Parameters
        ----------
        function : callable
            Of a module, or a partial of one.

        Raises
        ------
        ProcessLost
        """
        under_way: deque[Future[Result]] = deque()
        try:
            for item in items:
                under_way.append(self.pool.submit(function, item))
                if len(under_way) > self.processes * _ITEMS_PER_PROCESS:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        except BrokenProcessPool as error:
            raise ProcessLost(
                "a process that computed was ended: there may be too little memory"
            ) from error

    def days(self, report: Callable[[], None]) -> DayMap:
        """The same for functions of a day; each day that is done is reported."""
        return _DaysByCore(spread=self, report=report)


@contextmanager
def all_cores(processes: int | None = None) -> Iterator[Cores]:
    """Processes that end with the ``with`` block, or with this process.

    Parameters
    ----------
    processes : int, optional
        As many as there are cores, up to four, unless told otherwise.
    """
    count = processes or min(cores(), _MOST_PROCESSES)
    pool = ProcessPoolExecutor(
        count,
        # Never by fork: Arrow has threads.
        multiprocessing.get_context("spawn"),
        _follow_parent,
    )
    try:
        yield Cores(pool, count)
    finally:
        pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class _DaysByCore(DayMap):
    spread: Cores = field(kw_only=True)
    report: Callable[[], None] = field(kw_only=True)

    def __call__(
        self,
        function: Callable[Concatenate[History, date, P], Result],
        history: History,
        days: Sequence[date],
        *arguments: P.args,
        **options: P.kwargs,
    ) -> Iterator[Result]:
        """See :class:`services.history.by_day.DayMap`."""
        reference = history.networks.reference
        place = _Place(
            history.networks.city,
            history.data_dir,
            history.source,
            None if reference is None else reference.version,
        )
        task = partial(_computed, function, place, arguments, options)
        for result in self.spread.map(task, days):
            self.report()
            yield result


@dataclass(frozen=True)
class _Place:
    """Where a history lies, and by which reference speeds it is read."""

    city: City
    data_dir: Path
    source: Source
    reference: str | None


def _computed(
    function: Callable[..., Result],
    place: _Place,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    day: date,
) -> Result:
    return function(_history(place), day, *arguments, **options)


@lru_cache(maxsize=1)
def _history(place: _Place) -> History:
    # Without a version they are not told by any, whatever lies there.
    source = None if place.reference is None else place.source
    networks = KnownNetworks(place.city, place.data_dir, source=source)
    return History(place.data_dir, place.source, networks)


def _follow_parent() -> None:
    """End with the process that started this one, however that ends."""
    # Ctrl-C reaches all of them: the parent ends the others in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent.sentinel,), daemon=True).start()


def _end_after(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)
