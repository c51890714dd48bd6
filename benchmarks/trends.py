"""What is asked of 400 days of history: time and memory of each view, and refreshes beside it.

Through the archive's process, as pages ask: from the question to its answer, decoded. No question
is asked twice, so that none is answered out of what is kept.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import psutil

from benchmarks.dask import write_history
from benchmarks.demo_traffic import Publisher, checked_replies
from benchmarks.monitoring import crowd_ms
from benchmarks.rows import NotMeasured, Options, Row, Spread, Target, exactly, share, spread
from benchmarks.servers import APPLICATION, Server, gunicorn, started, workplace
from services.city.rennes import RENNES
from services.history import layout
from services.history.history import History
from services.history.networks import KnownNetworks
from services.history.quarters import renew_quarters
from services.plain.trends.asking import Away, Busy, Done, Query, Queued, Running, view_of
from services.plain.trends.before_after import BeforeAfterQuery
from services.plain.trends.bottlenecks import BottlenecksQuery
from services.plain.trends.common import Period
from services.plain.trends.cost import CostQuery
from services.plain.trends.curve import CurveQuery
from services.plain.trends.reliability import ReliabilityQuery
from services.plain.trends.replay import ReplayQuery
from services.plain.trends.scan import ScanQuery
from services.plain.trends.trip import TripQuery
from services.roles.processes import TRENDS, module_command
from services.trends.places import WHOLE
from services.web.trends_client import Shown, TrendsClient

DAY_TARGET: Final = Target(300, "at most")
MONTH_TARGET: Final = Target(1_000, "at most")
YEAR_TARGET: Final = Target(3_000, "at most")
MEMORY_TARGET: Final = Target(512, "at most")
REFRESH_TARGET: Final = Target(200, "at most")
_MONTH: Final = 30
_YEAR: Final = 365
_DAYS: Final = (30, 400)
_QUICK_DAYS: Final = (8, 14)
# Of a question that no limit ends here: how long it takes is what is asked.
_SECONDS: Final = 600
_MB: Final = 1e6
_SPAWNED: Final = "spawn_main"

Question = Callable[[date, int], Query[Any]]
"""Of the last day and how many there are."""


@dataclass(frozen=True)
class _Place:
    """Where questions are about."""

    corridor: str
    version: str


def measure(options: Options) -> Iterator[Row]:
    """Yield time and memory of each view by length of its period, their growth, and refreshes."""
    few, many = options.repeat(_DAYS[0], _QUICK_DAYS[0]), options.repeat(_DAYS[1], _QUICK_DAYS[1])
    with workplace() as data_dir:
        publisher = Publisher(data_dir, checked_replies(8, timedelta(minutes=3)))
        place = _place()
        short = _measured(data_dir, few, place, options)
        long = _measured(data_dir, many, place, options)
        yield from _rows(short, long, few, many)
        yield _beside(data_dir, place, publisher, options)


def questions(place: str, whole: str = WHOLE) -> Mapping[str, Question]:
    """What is asked of some days, by name; the last one of them comes with each."""

    def period(last: date, days: int) -> Period:
        return Period(last - timedelta(days=days - 1), last)

    def curve(of: str) -> Question:
        return lambda last, days: CurveQuery(
            place=of, day=last, period=period(last, days) if days > 1 else None
        )

    def halves(last: date, days: int) -> BeforeAfterQuery:
        middle = last - timedelta(days=days // 2)
        before = Period(last - timedelta(days=days - 1), middle)
        return BeforeAfterQuery(place, before, Period(middle + timedelta(days=1), last))

    return {
        "curve of the network": curve(whole),
        "curve of a corridor": curve(place),
        "scan of a corridor": lambda last, days: ScanQuery(
            place, last, period(last, days) if days > 1 else None
        ),
        "travel time of a corridor": lambda last, _days: TripQuery(place, last),
        "reliability of a corridor": lambda last, days: ReliabilityQuery(
            place, last - timedelta(days=days - 1), last
        ),
        "bottlenecks of a corridor": lambda last, days: BottlenecksQuery(place, period(last, days)),
        "bottlenecks of the network": lambda last, days: BottlenecksQuery(
            whole, period(last, days)
        ),
        "before and after on a corridor": halves,
        "cost of a corridor": lambda last, days: CostQuery(place, period(last, days)),
        "replay of the network": lambda last, _days: ReplayQuery(last),
    }


# Of one day in any case.
_OF_A_DAY: Final = frozenset({"travel time of a corridor", "replay of the network"})
# Of no fewer days than a comparison needs.
_OF_DAYS: Final = frozenset({"before and after on a corridor"})
_OF_THE_NETWORK: Final = frozenset({"curve of the network", "bottlenecks of the network"})


@dataclass(frozen=True)
class _Taken:
    """What a question took: milliseconds, and megabytes beside what its process had."""

    time: Spread
    memory: Spread


def _rows(
    short: Mapping[tuple[str, int], _Taken],
    long: Mapping[tuple[str, int], _Taken],
    few: int,
    many: int,
) -> Iterator[Row]:
    for (name, days), taken in long.items():
        # A year of the whole network is told, and nothing was promised of it.
        is_promised = days <= _MONTH or name not in _OF_THE_NETWORK
        target = DAY_TARGET if days == 1 else MONTH_TARGET if days <= _MONTH else YEAR_TARGET
        before = short.get((name, days))
        yield Row(
            f"{name}, {_spoken(days)}, out of {many} days",
            taken.time,
            None if before is None else before.time,
            "" if before is None else f"out of {few} days",
            None if before is None else share(taken.time, before.time),
            target if is_promised else None,
        )
    worst = max(long, key=lambda key: long[key].memory.high)
    yield Row(
        "most memory that a question took",
        long[worst].memory,
        target=MEMORY_TARGET,
        note=f"{worst[0]}, {_spoken(worst[1])}; beside what its process has without one",
    )


def _spoken(days: int) -> str:
    return "a day" if days == 1 else f"{days} days"


def _place() -> _Place:
    network = checked_replies(1, timedelta(minutes=3))[0].network
    longest = max(network.corridors, key=lambda corridor: len(corridor.segments))
    return _Place(f"corridor:{longest.way.key}", network.version)


def _measured(
    data_dir: Path, days: int, place: _Place, options: Options
) -> dict[tuple[str, int], _Taken]:
    sys.stderr.write(f"{days} days are written … ")
    sys.stderr.flush()
    write_history(data_dir, days)
    # Of what the upkeep does, that alone is asked.
    networks = KnownNetworks(RENNES, data_dir, source="demo")
    with layout.exclusive(data_dir):
        renew_quarters(History(data_dir, "demo", networks))
    # The day before the last: of that one a part is in the day after it in UTC.
    last = layout.days(data_dir, "demo")[-2]
    lengths = [length for length in (1, _MONTH, _YEAR) if length < days]
    runs = {1: options.repeat(9, 2), _MONTH: options.repeat(5, 1), _YEAR: options.repeat(3, 1)}
    found = {}
    with _answering(data_dir, place) as (client, server):
        for name, question in questions(place.corridor).items():
            for length in lengths:
                if (length > 1 and name in _OF_A_DAY) or (length == 1 and name in _OF_DAYS):
                    continue
                is_long = length == _YEAR and name in _OF_THE_NETWORK
                # Another last day each time.
                ends = [last - timedelta(days=n) for n in range(1 if is_long else runs[length])]
                asked = [question(end, length) for end in ends]
                found[name, length] = _taken(client, server, asked)
    return found


@contextmanager
def _answering(data_dir: Path, place: _Place) -> Iterator[tuple[TrendsClient, Server]]:
    settings = {"TRENDS_SECONDS": str(_SECONDS), "TRENDS_MEMORY_MB": "4096"}
    with started(module_command(TRENDS), data_dir, settings) as server:
        client = TrendsClient(data_dir, lambda: Shown("demo", place.version))
        first = layout.days(data_dir, "demo")[0]
        warm = [ReplayQuery(first + timedelta(days=count)) for count in range(2)]
        server.wait_until(lambda _port: not isinstance(client.ask(warm[0]), Away))
        # Both children import what they need.
        threads = [threading.Thread(target=_answer, args=(client, query)) for query in warm]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        yield client, server


def _taken(client: TrendsClient, server: Server, asked: list[Query[Any]]) -> _Taken:
    times, memory = [], []
    for query in asked:
        before = _reset_peaks(server)
        began = time.perf_counter()
        _answer(client, query)
        times.append(time.perf_counter() - began)
        memory.append(max(_peak(pid) - size for pid, size in before.items()))
    return _Taken(spread(times, "ms", 1e3), spread(memory, "MB", 1 / _MB))


def _answer(client: TrendsClient, query: Query[Any]) -> msgspec.Struct:
    while True:
        outcome = client.ask(query)
        if isinstance(outcome, Done):
            answer: msgspec.Struct = outcome.answer
            return answer
        if not isinstance(outcome, Running | Queued | Busy):
            raise NotMeasured(f"view {view_of(type(query))}: {outcome}")


def _children(server: Server) -> list[int]:
    family = psutil.Process(server.process.pid).children(recursive=True)
    return [child.pid for child in family if any(_SPAWNED in part for part in child.cmdline())]


def _reset_peaks(server: Server) -> dict[int, int]:
    """What each child has now; from here on its peak counts anew."""
    found = {}
    for pid in _children(server):
        # From Linux' proc(5): 5 resets the peak of the resident size.
        Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")
        found[pid] = psutil.Process(pid).memory_info().rss
    return found


def _peak(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    [peak] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(peak) * 1024


def _beside(data_dir: Path, place: _Place, publisher: Publisher, options: Options) -> Row:
    """Refreshes while two questions are computed at any time."""
    seconds = options.repeat(60, 10)
    last = layout.days(data_dir, "demo")[-2]
    most = len(layout.days(data_dir, "demo")) - _MONTH
    asking = threading.Event()
    answered: list[float] = []

    def ask_on(client: TrendsClient, offset: int) -> None:
        turn = offset
        while not asking.is_set():
            for question in questions(place.corridor).values():
                day = last - timedelta(days=turn % max(most, 1))
                began = time.perf_counter()
                _answer(client, question(day, _MONTH))
                answered.append(time.perf_counter() - began)
                if asking.is_set():
                    return
            turn += 2

    with ExitStack() as stack:
        server = stack.enter_context(gunicorn(APPLICATION, data_dir))
        client, _ = stack.enter_context(_answering(data_dir, place))
        alone = crowd_ms(server.port, seconds, publisher)
        threads = [threading.Thread(target=ask_on, args=(client, offset)) for offset in (0, 1)]
        for thread in threads:
            thread.start()
        try:
            beside = crowd_ms(server.port, seconds, publisher)
        finally:
            asking.set()
            for thread in threads:
                thread.join()
    p99 = exactly(float(np.percentile(beside, 99)), "ms")
    return Row(
        "refresh at 167 a second beside two questions at any time, p99",
        p99,
        exactly(float(np.percentile(alone, 99)), "ms"),
        "nothing is asked",
        share(p99, exactly(float(np.percentile(alone, 99)), "ms")),
        REFRESH_TARGET,
        f"{len(answered)} questions of 30 days answered within {seconds} s",
    )
