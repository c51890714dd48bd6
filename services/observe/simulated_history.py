"""Writes a history of simulated traffic, for training and demonstrations: no feed is needed.

python -m services.observe.simulated_history --weeks 12 --until 2026-11-22 --data-dir DIR
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from services.base.command_line import day_option, run_command, tells_errors
from services.base.formats import plural
from services.city.rennes import RENNES
from services.history import rows, writer
from services.observe.demo import DemoFeed
from services.observe.feeds.reply import check_reply, decode_records
from services.traffic.network import Network, places_of
from services.traffic.status import Status
from services.traffic.store import Store

_COLUMNS: Final = ("status", "speed_kmh", "travel_time_s", "reliability_pct", "probes")
# The feed's own period: times in between would tell the same traffic again.
_PERIOD_MINUTES: Final = 3
_MAX_STEP_MINUTES: Final = 60
_MAX_WEEKS: Final = 520


def simulated_times(weeks: int, until: date, step: timedelta) -> list[datetime]:
    """Every observation time of whole days in Rennes, the last one included.

    Counted in UTC, so that the days of the clock changes have 23 and 25 hours.

    Returns
    -------
    list of datetime
        Aware, UTC.
    """
    start = RENNES.midnight(until - timedelta(weeks=weeks, days=-1))
    end = RENNES.midnight(until + timedelta(days=1))
    steps = math.ceil((end - start) / step)
    return [start + step * count for count in range(steps)]


@dataclass(frozen=True, eq=False)
class SimulatedNetwork:
    """The network of a simulated feed.

    Attributes
    ----------
    network : Network
    order : array of int, shape (segments,)
        Where each of its segments stands in the feed's own order.
    """

    network: Network
    order: NDArray[np.int64]

    @classmethod
    def of(cls, feed: DemoFeed, at: datetime) -> Self:
        """That of the reply at an aware time."""
        body = feed.reply(at)
        network = check_reply(body, city=RENNES, source="demo", received_at=at).network
        ids = [record.predefinedlocationreference for record in decode_records(body)]
        return cls(network, places_of(network.segment_ids, ids))

    def observations(self, feed: DemoFeed, moments: Sequence[datetime]) -> rows.Observations:
        """What the feed shows at some times, as rows of the history."""
        observed, size = feed.observations(moments), len(self.order)
        columns = {name: getattr(observed, name)[:, self.order].ravel() for name in _COLUMNS}
        seconds = np.array([int(moment.timestamp()) for moment in moments])
        columns["observed_at"] = seconds.astype("datetime64[s]").repeat(size)
        columns["segment"] = np.tile(np.arange(size), len(moments))
        unknown = columns["status"] == Status.UNKNOWN
        # What an unknown row holds is filler: never to be averaged by mistake.
        for name in ("speed_kmh", "travel_time_s"):
            columns[name] = np.where(unknown, np.nan, columns[name])
        return rows.Observations(self.network.version, columns)


def write_simulated_history(
    feed: DemoFeed, data_dir: Path, times: Sequence[datetime]
) -> Iterator[Path]:
    """Write the traffic of some times, one file a UTC day, and the network it refers to.

    Parameters
    ----------
    data_dir : Path
        Prepared if new; files of the same days are replaced.
    times : sequence of datetime
        Aware, UTC, ascending.

    Yields
    ------
    Path
        Each file, once written.

    Raises
    ------
    ConfigurationError, StorageError
        When the directory cannot be used.
    """
    store = Store(RENNES, data_dir)
    store.prepare()
    network = SimulatedNetwork.of(feed, times[0])
    store.keep_network(network.network)
    for day, moments in groupby(times, key=lambda moment: moment.date()):
        yield writer.write_day(data_dir, "demo", day, network.observations(feed, list(moments)))


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    options = _parser().parse_args(arguments)
    times = simulated_times(options.weeks, options.until, timedelta(minutes=options.step_minutes))
    days = len({moment.date() for moment in times})
    for count, path in enumerate(
        write_simulated_history(DemoFeed(), options.data_dir, times), start=1
    ):
        sys.stdout.write(f"{count:4d}/{days} {path.parent.name} {path.stat().st_size:,} B\n")
        sys.stdout.flush()
    sys.stdout.write(
        f"{len(times):,} simulated {plural('snapshot', len(times))} in {options.data_dir}\n"
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.observe.simulated_history",
        description="Write whole weeks of simulated traffic into a history, as source=demo.",
    )
    parser.add_argument("--weeks", type=_whole_number(_MAX_WEEKS), default=12, help="default: 12")
    parser.add_argument(
        "--until",
        type=day_option,
        required=True,
        metavar="YYYY-MM-DD",
        help="last day, in Rennes",
    )
    parser.add_argument(
        "--step-minutes",
        type=_whole_number(_MAX_STEP_MINUTES, multiple_of=_PERIOD_MINUTES),
        default=15,
        help="time between snapshots; default: 15",
    )
    parser.add_argument("--data-dir", type=Path, required=True, help="where history/ is written")
    return parser


def _whole_number(maximum: int, multiple_of: int = 1) -> Callable[[str], int]:
    allowed = range(multiple_of, maximum + 1, multiple_of)

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) not in allowed:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not one of {allowed[0]}, {allowed[1]}, … {allowed[-1]}"
            )
        return int(text)

    return parse


if __name__ == "__main__":
    run_command(main)
