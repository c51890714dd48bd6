"""Where the history keeps what, who may rewrite it, and how a bad file is put aside.

history/source=live/date=2026-11-23/064300.parquet   one file a snapshot, named by its time (UTC)
history/source=live/date=2026-11-22/day.parquet      a whole day, sorted by segment, then time
history/rollups/source=live/segments.parquet         what a week usually looks like, see rollups
history/hour_speeds/source=live/date=2026-11-22.parquet   mean speeds of a day, see hour_speeds
history/quarters/source=live/date=2026-11-22.parquet   a day by quarters of an hour, see quarters
history/history.lock                                 held by whoever rewrites more than one file

Live and simulated observations never share a partition, so that nothing is
learned from both by mistake.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from services.base.errors import StorageError
from services.plain.sources import SOURCES, Source

log = logging.getLogger(__name__)

DAY_FILE: Final = "day.parquet"
LOCK_FILE: Final = "history.lock"
# Rebuilding the roll-ups of a year takes minutes; who waits longer is told instead.
LOCK_PATIENCE_SECONDS: Final = 1_800.0
_SNAPSHOT_NAME: Final = "%H%M%S"


def root(data_dir: Path) -> Path:
    """The directory of the whole history."""
    return data_dir / "history"


def partition(data_dir: Path, source: Source, day: date) -> Path:
    """The directory of one UTC day of a source."""
    return root(data_dir) / f"source={source}" / f"date={day:%Y-%m-%d}"


def day_file(data_dir: Path, source: Source, day: date) -> Path:
    """The file of a whole UTC day."""
    return partition(data_dir, source, day) / DAY_FILE


def snapshot_file(data_dir: Path, source: Source, observed_at: datetime) -> Path:
    """The file of one snapshot, by its observation time (aware, UTC)."""
    directory = partition(data_dir, source, observed_at.date())
    return directory / f"{observed_at:{_SNAPSHOT_NAME}}.parquet"


def second_of_day(path: Path) -> int | None:
    """The UTC second of the day that a snapshot's file is named by; None for another name."""
    try:
        moment = datetime.strptime(path.stem, _SNAPSHOT_NAME)
    except ValueError:
        return None
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def rollup_dir(data_dir: Path, source: Source) -> Path:
    """The directory of a source's roll-ups."""
    return root(data_dir) / "rollups" / f"source={source}"


def hour_speeds_file(data_dir: Path, source: Source, day: date) -> Path:
    """The file of the hourly speeds of a UTC day."""
    return root(data_dir) / "hour_speeds" / f"source={source}" / f"date={day:%Y-%m-%d}.parquet"


def quarters_file(data_dir: Path, source: Source, day: date) -> Path:
    """The file of the quarters of an hour of a UTC day."""
    return root(data_dir) / "quarters" / f"source={source}" / f"date={day:%Y-%m-%d}.parquet"


def days(data_dir: Path, source: Source) -> list[date]:
    """The UTC days that a source has a partition of, in order."""
    found = []
    for path in (root(data_dir) / f"source={source}").glob("date=*"):
        with contextlib.suppress(ValueError):
            found.append(date.fromisoformat(path.name.removeprefix("date=")))
    return sorted(found)


def sources(data_dir: Path) -> list[Source]:
    """The sources that have a history."""
    return [source for source in SOURCES if (root(data_dir) / f"source={source}").is_dir()]


@contextlib.contextmanager
def exclusive(data_dir: Path) -> Iterator[None]:
    """Hold the right to rewrite the history: the worker's upkeep, an import, a rebuild.

    Appending a snapshot needs no lock: it makes one file and touches no other.
    The lock goes with the process that holds it, even when that is killed.

    Raises
    ------
    StorageError
        When the lock cannot be had.
    """
    path = root(data_dir) / LOCK_FILE
    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _acquire(lock)
    except Timeout:
        raise StorageError(f"{path} is held by another process") from None
    except OSError as error:
        raise StorageError(f"cannot lock {path}: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


def _acquire(lock: FileLock) -> None:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        log.info("another process rewrites the history: waiting for it")
        lock.acquire(timeout=LOCK_PATIENCE_SECONDS)
