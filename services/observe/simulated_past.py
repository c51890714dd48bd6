"""A whole past at once, for newcomers: simulated weeks with all that a worker makes of them.

python -m services.observe.simulated_past --weeks 8 --data-dir DIR

Traffic up to now at the feed's own step, roll-ups, free flow as measured, the usual week, unusual
events and roadworks: what pages need to show everything, as ``source=demo``. What is there already
is kept, so that a command that was ended half-way is simply given again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from itertools import groupby
from pathlib import Path
from typing import Final

from services.base.clock import utc_now
from services.base.command_line import run_command, tells_errors
from services.base.errors import ConfigurationError
from services.base.formats import plural
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.history import day_files, layout
from services.history.by_core import Cores, all_cores
from services.history.networks import KnownNetworks
from services.history.rollups import Rollups
from services.history.typical import usual_hours
from services.history.upkeep import keep_up_source
from services.history.writer import write_compacted_day
from services.observe.demo import DemoFeed, DemoRoadworks
from services.observe.demo.event_scores import followed_events
from services.observe.event_keeper import cause_of, row_of
from services.observe.feeds.roadworks import check_roadworks
from services.observe.simulated_history import SimulatedNetwork, simulated_times
from services.operations.database import Operations, open_operations
from services.operations.events import events_between, keep_events, remove_events
from services.plain.roadworks import ROADWORK_LEVELS
from services.traffic.events import Event
from services.traffic.network import Network
from services.traffic.past_roadworks import keep_list, roadworks_between
from services.traffic.placed_roadworks import PlacedRoadwork, likely_causes
from services.traffic.store import Store

Report = Callable[[str, int, int], None]
"""Told what is being done, how much of it is, and of how much."""

WEEKS: Final = 8
"""As many as free flow is measured in, and three times what makes something usual."""
_MAX_WEEKS: Final = 58
_STEP: Final = timedelta(minutes=3)
# Three figures are made of each day: its hours, its quarters, and what it adds to the usual week.
_FIGURES_A_DAY: Final = 3
# Events are followed a week at a time. They seldom last for hours: those of a week are the same as
# if all weeks were followed in one go, where this much before it and after it is followed too.
_AROUND: Final = timedelta(hours=6)
_WEEK: Final = timedelta(weeks=1)


@dataclass(frozen=True)
class Past:
    """What there is now.

    Attributes
    ----------
    days, snapshots, events, roadworks : int
    """

    days: int
    snapshots: int
    events: int
    roadworks: int


@dataclass(frozen=True)
class _Simulation:
    """What a process needs to simulate the same town.

    Attributes
    ----------
    seed : int
    segments : int or None
        As of :class:`services.observe.demo.DemoFeed`.
    data_dir : Path
    """

    seed: int
    segments: int | None
    data_dir: Path


@dataclass(frozen=True)
class _Span:
    """Times whose events are told together.

    Attributes
    ----------
    start, end : datetime
        Aware, UTC; the end is not included.
    times : tuple of datetime
        Those and some around them.
    """

    start: datetime
    end: datetime
    times: tuple[datetime, ...]


def make_past(
    feed: DemoFeed,
    data_dir: Path,
    operations: Operations,
    times: Sequence[datetime],
    *,
    cores: Cores,
    report: Report,
) -> Past:
    """Make a simulated past of a data directory that holds no live traffic.

    Parameters
    ----------
    times : sequence of datetime
        Every observation time, aware, UTC, ascending: the last one is now.

    Raises
    ------
    ConfigurationError
        When the directory cannot be used, or holds live traffic: what is simulated is never put
        beside it.
    StorageError
    """
    Store(RENNES, data_dir).prepare()
    _refuse_live(data_dir)
    simulation = _Simulation(feed.seed, feed.segments, data_dir)
    network = _prepared(simulation).network
    Store(RENNES, data_dir).keep_network(network)
    with layout.exclusive(data_dir):
        made = _make_days(simulation, times, cores, report)
        _add_up(data_dir, times, len(made), cores, report)
    days = _local_days(times)
    _tell_roadworks(feed, operations, days, times[-1], report)
    _tell_events(simulation, operations, times, made, cores=cores, report=report)
    sites = roadworks_between(operations, network, "demo", days[0], days[-1])
    with operations.begin() as session:
        events = events_between(session, "demo", times[0], times[-1] + _STEP)
    return Past(len(days), len(times), len(events), len({one.roadwork.event_id for one in sites}))


def past_times(weeks: int, now: datetime) -> list[datetime]:
    """Every observation time of some weeks, the last day of which is today: up to now."""
    return [at for at in simulated_times(weeks, RENNES.local(now).date(), _STEP) if at <= now]


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m services.observe.simulated_past",
        description="Make a simulated past up to now, with all that pages show of one.",
    )
    parser.add_argument(
        "--weeks",
        type=int,
        choices=range(1, _MAX_WEEKS + 1),
        metavar=f"1…{_MAX_WEEKS}",
        default=WEEKS,
        help=f"default: {WEEKS}",
    )
    parser.add_argument("--data-dir", type=Path, required=True, help="one without live traffic")
    options = parser.parse_args(arguments)
    operations = open_operations(load_settings(data_dir=options.data_dir))
    times = past_times(options.weeks, utc_now())
    with all_cores() as cores:
        past = make_past(
            DemoFeed(), options.data_dir, operations, times, cores=cores, report=_Progress()
        )
    sys.stdout.write(
        f"{past.days} simulated {plural('day', past.days)}, {past.snapshots:,} snapshots, "
        f"{past.events:,} unusual events and {past.roadworks} roadworks in {options.data_dir}\n"
    )
    return 0


class _Progress:
    """A line for each thing that is done, which counts on a terminal."""

    def __call__(self, what: str, done: int, of: int) -> None:
        is_over = done >= of
        if of and (is_over or sys.stdout.isatty()):
            start, end = ("\r" if sys.stdout.isatty() else ""), ("\n" if is_over else "")
            sys.stdout.write(f"{start}{what}: {done}/{of}{end}")
            sys.stdout.flush()


def _refuse_live(data_dir: Path) -> None:
    others = [source for source in layout.sources(data_dir) if source != "demo"]
    if others or Store(RENNES, data_dir).last_live_snapshot() is not None:
        raise ConfigurationError(
            f"{data_dir} holds live traffic: simulated weeks are not put beside it, "
            "choose another directory"
        )


@lru_cache(maxsize=1)
def _feed(simulation: _Simulation) -> DemoFeed:
    return DemoFeed(simulation.seed, simulation.segments)


@lru_cache(maxsize=1)
def _prepared(simulation: _Simulation) -> SimulatedNetwork:
    return SimulatedNetwork.of(_feed(simulation), datetime(2026, 1, 1, tzinfo=UTC))


def _make_days(
    simulation: _Simulation, times: Sequence[datetime], cores: Cores, report: Report
) -> set[date]:
    """Simulate the UTC days that are not there to their last time; gives them."""
    data_dir, network = simulation.data_dir, _prepared(simulation).network
    lacking = [
        moments
        for day, group in groupby(times, key=datetime.date)
        if not _is_there(data_dir, day, network, moments := tuple(group))
    ]
    made = {moments[0].date() for moments in lacking}
    # Before their files change: what they had added is taken out.
    Rollups(data_dir, "demo", KnownNetworks(RENNES, data_dir, source="demo")).forget(made)
    report("days simulated", 0, len(lacking))
    for count, _ in enumerate(cores.map(partial(_make_day, simulation), lacking), 1):
        report("days simulated", count, len(lacking))
    return made


def _is_there(data_dir: Path, day: date, network: Network, moments: Sequence[datetime]) -> bool:
    header = day_files.day_header(data_dir, "demo", day)
    wanted = {(at.hour * 60 + at.minute) * 60 + at.second for at in moments}
    return (
        header is not None
        and header.compacted
        and header.network_versions == (network.version,)
        and wanted <= header.seconds
    )


def _make_day(simulation: _Simulation, moments: Sequence[datetime]) -> None:
    """Write a UTC day; the parent holds ``layout.exclusive``."""
    observations = _prepared(simulation).observations(_feed(simulation), moments)
    write_compacted_day(simulation.data_dir, "demo", moments[0].date(), observations)


def _add_up(
    data_dir: Path, times: Sequence[datetime], days: int, cores: Cores, report: Report
) -> None:
    """What the worker's upkeep makes of the days."""
    what, done = "figures made of them", 0

    def count() -> None:
        nonlocal done
        done += 1
        # Measured free flow may have some made again.
        report(what, done, max(_FIGURES_A_DAY * days, done + 1))

    keep_up_source(RENNES, data_dir, "demo", times[-1], None, map_days=cores.days(count))
    report(what, done, done)


def _local_days(times: Sequence[datetime]) -> list[date]:
    return list(dict.fromkeys(RENNES.local(at).date() for at in times))


def _tell_roadworks(
    feed: DemoFeed, operations: Operations, days: Sequence[date], now: datetime, report: Report
) -> None:
    """Keep what the list told on each day, at its beginning."""
    told = DemoRoadworks(feed)
    for count, day in enumerate(days, 1):
        at = min(RENNES.midnight(day), now)
        checked = check_roadworks(told.reply(at), city=RENNES, source="demo", received_at=at)
        keep_list(operations, checked.told)
        report("days of roadworks", count, len(days))


def _tell_events(
    simulation: _Simulation,
    operations: Operations,
    times: Sequence[datetime],
    made: Collection[date],
    *,
    cores: Cores,
    report: Report,
) -> None:
    """Keep the events of the weeks whose traffic is new, or that have none."""
    network = _prepared(simulation).network
    days = _local_days(times)
    sites = roadworks_between(operations, network, "demo", days[0], days[-1])
    lacking = [span for span in _spans(times) if _lacks_events(operations, span, made)]
    work = partial(_events_of, simulation, sites, times[-1])
    what = "weeks of unusual events"
    report(what, 0, len(lacking))
    for count, (span, events) in enumerate(zip(lacking, cores.map(work, lacking), strict=True), 1):
        with operations.begin() as session:
            remove_events(session, "demo", span.start, span.end)
            session.flush()
            keep_events(session, [row_of(event, "demo") for event in events])
        report(what, count, len(lacking))


def _spans(times: Sequence[datetime]) -> Iterator[_Span]:
    start, last = times[0], times[-1]
    while start <= last:
        end = min(start + _WEEK, last + _STEP)
        around = tuple(at for at in times if start - _AROUND <= at < end + _AROUND)
        yield _Span(start, end, around)
        start = end


def _lacks_events(operations: Operations, span: _Span, made: Collection[date]) -> bool:
    if any(at.date() in made for at in span.times):
        return True
    with operations.begin() as session:
        return not events_between(session, "demo", span.start, span.end, limit=1)


def _events_of(
    simulation: _Simulation, sites: Sequence[PlacedRoadwork], now: datetime, span: _Span
) -> list[Event]:
    """The events that began in a span, each as it was when it ended, or as it is now."""
    network = _prepared(simulation).network
    usual_at = usual_hours(simulation.data_dir, "demo", network)
    causes = _CausesOfDay(sites, network)
    found = []
    for event in followed_events(_feed(simulation), network, span.times, usual_at):
        if span.start <= event.started_at < span.end:
            is_cut_off = event.ended_at is None and span.times[-1] < now
            ended_at = event.seen_at if is_cut_off else event.ended_at
            cause = cause_of(event, causes.at(event.started_at))
            found.append(replace(event, ended_at=ended_at, cause=cause))
    return found


class _CausesOfDay:
    """What may slow each segment on a day, by its roadworks."""

    def __init__(self, sites: Sequence[PlacedRoadwork], network: Network) -> None:
        worst_first = sorted(sites, key=lambda one: ROADWORK_LEVELS.index(one.level))
        self._sites, self._network = worst_first, network
        self._known: dict[date, dict[int, str]] = {}

    def at(self, moment: datetime) -> dict[int, str]:
        """Those of a time, in the publisher's words."""
        day = RENNES.local(moment).date()
        if day not in self._known:
            there = tuple(one for one in self._sites if one.first_day <= day <= one.last_day)
            found = likely_causes(there, self._network)
            self._known[day] = {segment: there[at].place for segment, at in found.items()}
        return self._known[day]


if __name__ == "__main__":
    run_command(main)
