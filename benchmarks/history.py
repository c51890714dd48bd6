"""A history of the demo feed: appending, the usual week, a day's replay, and how each grows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final

import duckdb
import pandas as pd

from benchmarks.demo_traffic import checked_replies, demo_feed
from benchmarks.rows import Options, Row, Spread, Target, exactly, share, spread, times_less
from benchmarks.servers import workplace
from benchmarks.timing import time_runs
from services.city.rennes import RENNES
from services.history import day_files, layout, writer
from services.history.hour_speeds import read_hour_speeds, write_hour_speeds
from services.history.reference import measured
from services.history.typical import typical_days
from services.history.upkeep import keep_up
from services.history.window import replay
from services.observe.feeds.reply import CheckedReply
from services.observe.simulated_history import write_simulated_history
from services.traffic.reference_speed import REFERENCE_DAYS
from services.traffic.store import Store

APPEND_TARGET: Final = Target(50, "at most")
WEEK_TARGET: Final = Target(100, "at most")
REPLAY_TARGET: Final = Target(300, "at most")
REFERENCE_TARGET: Final = Target(2_000, "at most")
BYTES_TARGET: Final = Target(2, "at most")

_STEP: Final = timedelta(minutes=3)
_DAYS: Final = (3, 30)
_QUICK_DAYS: Final = (1, 3)
# What is usual, counted from the raw rows: the answer without roll-ups.
_USUAL_FROM_ROWS: Final = """
    SELECT segment, isodow(observed_at) AS day, hour(observed_at) AS hour,
           count(*), quantile_cont(speed_kmh, [0.1, 0.5, 0.9])
    FROM read_parquet({paths}) WHERE status <> 0 GROUP BY ALL
"""


@dataclass(frozen=True)
class Measured:
    """What a history of some days took.

    Attributes
    ----------
    rows : int
        Observations.
    append, week, replayed : Spread
        Milliseconds.
    append_plain, week_from_rows, day_read : Spread
        Their baselines.
    bytes_per_row, plain_bytes_per_row : Spread
    reference : Spread
        Milliseconds, for eight weeks of the last day.
    """

    rows: int
    append: Spread
    append_plain: Spread
    week: Spread
    week_from_rows: Spread
    replayed: Spread
    day_read: Spread
    bytes_per_row: Spread
    plain_bytes_per_row: Spread
    reference: Spread


def measure(options: Options) -> Iterator[Row]:
    """Yield the rows for the longer history, then how each figure grew from the shorter one."""
    few, many = _QUICK_DAYS if options.is_quick else _DAYS
    short, long = (_history_of(days, options) for days in (few, many))
    of = f"history of {many} days, {long.rows / 1e6:.1f} million observations"
    yield _row(f"append a snapshot to a {of}", long.append, long.append_plain,
               "the same table by pandas.to_parquet", APPEND_TARGET)  # fmt: skip
    yield _row(f"usual week of every segment over a {of}", long.week, long.week_from_rows,
               "counted from the raw rows by DuckDB", WEEK_TARGET)  # fmt: skip
    yield _row(f"replay of a day out of a {of}", long.replayed, long.day_read,
               "its file by pandas.read_parquet", REPLAY_TARGET)  # fmt: skip
    yield Row(f"an observation in a {of}", long.bytes_per_row, long.plain_bytes_per_row,
              "the same days by pandas.to_parquet",
              share(long.bytes_per_row, long.plain_bytes_per_row), BYTES_TARGET)  # fmt: skip
    yield Row(f"free flow of every segment, measured over {REFERENCE_DAYS} days", long.reference,
              target=REFERENCE_TARGET)  # fmt: skip
    for name, here, before in (
        ("append a snapshot", long.append, short.append),
        ("usual week", long.week, short.week),
        ("replay of a day", long.replayed, short.replayed),
    ):
        yield Row(f"{name}, {many} days", here, before, f"{few} days", share(here, before))


def _row(figure: str, here: Spread, baseline: Spread, baseline_is: str, target: Target) -> Row:
    return Row(figure, here, baseline, baseline_is, times_less(here, baseline), target)


def _history_of(days: int, options: Options) -> Measured:
    checked = checked_replies(1, _STEP)[0]
    last = datetime.now(UTC).date() - timedelta(days=2)
    with workplace() as data_dir:
        for _ in write_simulated_history(demo_feed(), data_dir, _times(days, last)):
            pass
        keep_up(RENNES, data_dir, datetime.now(UTC), None)
        return _measured(data_dir, checked, last, options)


def _times(days: int, last: date) -> list[datetime]:
    start = datetime.combine(last - timedelta(days=days - 1), time(), tzinfo=UTC)
    return [start + _STEP * count for count in range(days * (timedelta(days=1) // _STEP))]


def _measured(data_dir: Path, checked: CheckedReply, last: date, options: Options) -> Measured:
    network, runs = checked.network, options.repeat(31, 5)
    days = layout.days(data_dir, "demo")
    kept = [p for day in days for p in day_files.day_files(data_dir, "demo", day).to_read()]
    rows = sum(len(pd.read_parquet(path, columns=["segment"])) for path in kept)
    day_file = layout.day_file(data_dir, "demo", last)
    plain = data_dir / "plain.parquet"
    pd.read_parquet(day_file).to_parquet(plain)
    day_rows = len(pd.read_parquet(plain, columns=["segment"]))

    def taken(action: Callable[[], object], times: int = runs) -> Spread:
        return spread(time_runs(action, times), "ms", 1e3)

    query = _USUAL_FROM_ROWS.format(paths=[str(path) for path in kept])
    return Measured(
        rows=rows,
        bytes_per_row=exactly(sum(path.stat().st_size for path in kept) / rows, "B"),
        plain_bytes_per_row=exactly(plain.stat().st_size / day_rows, "B"),
        week=taken(lambda: typical_days(data_dir, "demo", network, range(7))),
        week_from_rows=taken(lambda: duckdb.sql(query).fetchall(), options.repeat(3, 1)),
        replayed=taken(lambda: replay(data_dir, "demo", last, network)),
        day_read=taken(lambda: pd.read_parquet(day_file)),
        append=taken(lambda: writer.append_snapshot(data_dir, checked.snapshot)),
        append_plain=taken(lambda: pd.DataFrame(checked.snapshot.columns).to_parquet(plain)),
        reference=taken(_measuring(data_dir, last), options.repeat(5, 2)),
    )


def _measuring(data_dir: Path, last: date) -> Callable[[], object]:
    """What the upkeep does each night: free flow out of files of hours, all like the last day."""
    header = day_files.day_header(data_dir, "demo", last)
    hours = read_hour_speeds(data_dir, "demo", last, header.digest if header else "")
    if hours is None:
        raise RuntimeError("the upkeep has left no hourly speeds")
    days = [last - timedelta(days=count) for count in range(REFERENCE_DAYS)]
    for day in days:
        write_hour_speeds(data_dir, "live", day, hours, "mark")

    def measure_anew() -> None:
        found = {day: read_hour_speeds(data_dir, "live", day, "mark") or hours for day in days}
        reference = measured(RENNES, found, {day.isoformat(): "mark" for day in days})
        Store(RENNES, data_dir).write_reference("live", reference)

    return measure_anew
