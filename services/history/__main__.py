"""The history's commands: ``python -m services.history import|upkeep|rebuild|fetch``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from services.base.clock import utc_now
from services.base.command_line import day_option, run_command, tells_errors
from services.base.data_directory import LAYOUT_VERSION
from services.base.errors import ConfigurationError
from services.base.formats import plural
from services.base.journal import start_journal
from services.base.settings import Settings, load_settings
from services.city.chosen import CITY
from services.history import layout, retention
from services.history.by_day import DayMap
from services.history.networks import KnownNetworks
from services.history.rollups import Rollups
from services.history.upkeep import keep_up
from services.observe.archives.report import FileReport
from services.observe.archives.run import Importer
from services.replication.bucket import open_bucket
from services.replication.days import fetch_days
from services.replication.manifest import Origin
from services.traffic.store import Store

_PROGRESS_EVERY_SECONDS: Final = 2.0


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code.

    0: done. 1: some file brought nothing, or was damaged. 2: it could not be
    done (settings, disk).
    """
    options = _parser().parse_args(arguments)
    given = {} if options.data_dir is None else {"data_dir": options.data_dir}
    settings = load_settings(**given)
    Store(CITY, settings.data_dir).prepare()
    start_journal(settings)
    code: int = options.run(settings, options)
    return code


def import_files(settings: Settings, options: Any) -> int:
    """Take archives into the history, each reported when it is done."""
    importer = Importer(settings.data_dir, options.source, utc_now(), _ProgressLine(), city=CITY)
    reports: list[FileReport] = []
    try:
        for path in options.files:
            reports.append(importer.take_file(path))
            _tell(reports[-1])
        for report in importer.take_waiting():
            _tell(report)
    finally:
        importer.finish()
    days = layout.days(settings.data_dir, options.source)
    if len(days) > settings.history_retention_days:
        expired = retention.expired_days(
            settings.data_dir, options.source, settings.history_retention_days
        )
        sys.stdout.write(
            f"kept now: {len(days)} {plural('day', len(days))}; the oldest up to {expired[-1]} "
            f"({len(expired)}) go within the hour unless TRAFFIC_HISTORY_RETENTION_DAYS is raised\n"
        )
    return 0 if all(report.succeeded() for report in reports) else 1


def keep_up_now(settings: Settings, _options: Any) -> int:
    """Do now what the worker does every hour."""
    keep_up(
        CITY,
        settings.data_dir,
        utc_now(),
        settings.history_retention_days,
        map_days=DayMap(settings.dask_scheduler),
    )
    return 0


def rebuild(settings: Settings, options: Any) -> int:
    """Make the roll-ups again from the raw days, which are compacted first but all kept."""
    map_days = DayMap(settings.dask_scheduler)
    keep_up(CITY, settings.data_dir, utc_now(), None, map_days=map_days)
    wanted = layout.sources(settings.data_dir) if options.source is None else [options.source]
    for source in wanted:
        with layout.exclusive(settings.data_dir):
            networks = KnownNetworks(CITY, settings.data_dir, source=source)
            days = Rollups(settings.data_dir, source, networks, map_days).rebuild(_report_day)
        sys.stdout.write(f"{source}: a usual week of {days} {plural('day', days)}\n")
    return 0


def fetch(settings: Settings, options: Any) -> int:
    """Have some days here, from the object storage."""
    bucket = open_bucket(settings)
    if bucket is None:
        raise ConfigurationError("TRAFFIC_STORAGE_URL: there is nothing to fetch from without it")
    count = (options.last - options.first).days + 1
    if count < 1:
        raise ConfigurationError(f"{options.last} is before {options.first}")
    days = [options.first + timedelta(days=number) for number in range(count)]
    origin = Origin(CITY.name, LAYOUT_VERSION)
    found = fetch_days(bucket, settings.data_dir, origin, options.source, days)
    there = len({path.parent for path in found})
    sys.stdout.write(f"{there} of {count} {plural('day', count)} are here now\n")
    return 0 if there else 1


def _tell(report: FileReport) -> None:
    sys.stdout.write("\n".join(report.lines()) + "\n")
    sys.stdout.flush()


class _ProgressLine:
    """Says how far a file is, every few seconds."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _PROGRESS_EVERY_SECONDS

    def __call__(self, path: Path, share: float, records: int) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _PROGRESS_EVERY_SECONDS
            sys.stderr.write(
                f"{path.name}: {share:4.0%}, {records:,} {plural('record', records)}\n"
            )
            sys.stderr.flush()


def _report_day(day: date, count: int, of: int) -> None:
    sys.stderr.write(f"{count:4d}/{of} {day}\n")
    sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.history", description="Look after the history of the traffic."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    take = commands.add_parser(
        "import",
        help="take archives of the feed",
        description="Take archives of the feed into the history: JSON (a list of records, API 1 "
        "and 2, GeoJSON), JSON lines, CSV, Parquet; gzip too. What the history holds already "
        "stays as it is: the same file twice adds nothing, and the order of the files does not "
        "matter. The worker may run meanwhile.",
    )
    take.add_argument("files", nargs="+", type=Path, metavar="FILE")
    take.add_argument(
        "--source", choices=("live", "demo"), default="live", help="of which feed; default: live"
    )
    take.set_defaults(run=import_files)
    upkeep = commands.add_parser(
        "upkeep", help="compact finished days and drop old ones now, as the worker does hourly"
    )
    upkeep.set_defaults(run=keep_up_now)
    again = commands.add_parser("rebuild", help="make the usual week again from the raw days")
    again.add_argument("--source", choices=("live", "demo"), help="default: all")
    again.set_defaults(run=rebuild)
    some = commands.add_parser(
        "fetch",
        help="bring some days from the object storage",
        description="Have the files of some UTC days here, with their networks, as they are in "
        "TRAFFIC_STORAGE_URL: for a machine that follows no history.",
    )
    some.add_argument("first", type=day_option, metavar="FIRST", help="YYYY-MM-DD")
    some.add_argument("last", type=day_option, metavar="LAST", help="YYYY-MM-DD")
    some.add_argument("--source", choices=("live", "demo"), default="live", help="default: live")
    some.set_defaults(run=fetch)
    for command in (take, upkeep, again, some):
        command.add_argument("--data-dir", type=Path, help="default: TRAFFIC_DATA_DIR")
    return parser


if __name__ == "__main__":
    run_command(main)
