"""The history's own housekeeping: compact, let old days go, keep usual week and free flow renewed.

Once an hour by the worker, or ``python -m services.history upkeep``. Each step
leaves the history whole, so that it may be killed anywhere and simply run again.
"""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from services.base.errors import TrafficError
from services.base.files import remove_abandoned, remove_set_aside
from services.city.city import City
from services.history import compaction, day_files, layout, retention
from services.history.by_day import IN_PROCESS, DayMap
from services.history.history import History
from services.history.hour_speeds import remove_hour_speeds
from services.history.networks import KnownNetworks, SegmentNumbers
from services.history.quarters import remove_quarters, renew_quarters
from services.history.reference import renew_reference
from services.history.rollups import Rollups
from services.traffic.snapshot import Source

log = logging.getLogger(__name__)

# An hour of a feed that speaks every 3 minutes. The running day is folded too: many small
# files are what takes long when a usual week or a replay of today is asked for.
FOLD_TODAY_FROM_FILES: Final = 20


def keep_up(
    city: City,
    data_dir: Path,
    now: datetime,
    retention_days: int | None,
    *,
    map_days: DayMap = IN_PROCESS,
) -> None:
    """Look after the history of every source; never raises for a disk, but journals.

    Parameters
    ----------
    now : datetime
        Aware.
    retention_days : int or None
        How many days of each source are kept; None keeps all this time.
    """
    for source in layout.sources(data_dir):
        try:
            with layout.exclusive(data_dir):
                keep_up_source(city, data_dir, source, now, retention_days, map_days=map_days)
        except (TrafficError, OSError) as error:
            log.error("upkeep of the %s history: %s", source, error)
    remove_abandoned(data_dir)
    remove_set_aside(data_dir, now)
    try:
        with layout.exclusive(data_dir):
            retention.remove_unused_networks(city, data_dir, now)
    except (TrafficError, OSError) as error:
        log.error("upkeep of the networks: %s", error)


def keep_up_source(
    city: City,
    data_dir: Path,
    source: Source,
    now: datetime,
    retention_days: int | None,
    *,
    map_days: DayMap = IN_PROCESS,
) -> None:
    """Look after one source; the caller holds ``layout.exclusive``.

    Raises
    ------
    StorageError
    """
    networks = KnownNetworks(city, data_dir, source=source)
    expired = retention.expired_days(data_dir, source, retention_days)
    today = now.astimezone(UTC).date()
    ripe = [
        day
        for day in layout.days(data_dir, source)
        if day not in expired and _is_ripe(data_dir, source, day, today)
    ]
    usual = Rollups(data_dir, source, networks, map_days)
    usual.forget([*expired, *ripe])
    retention.remove_days(data_dir, source, expired)
    remove_hour_speeds(data_dir, source, expired)
    remove_quarters(data_dir, source, expired)
    numbers = SegmentNumbers(networks)
    for day in ripe:
        folded = compaction.fold_day(data_dir, source, day, numbers)
        if folded is not None:
            log.info(
                "history: %s of source %s compacted, %d observations in %d bytes",
                day,
                source,
                folded.rows,
                folded.bytes,
            )
    if renew_reference(data_dir, source, networks, today, map_days):
        renewed = KnownNetworks(city, data_dir, source=source)
        usual = Rollups(data_dir, source, renewed, map_days)
    usual.update()
    renew_quarters(History(data_dir, source, networks), map_days)


def _is_ripe(data_dir: Path, source: Source, day: date, today: date) -> bool:
    found = day_files.day_files(data_dir, source, day)
    if day < today:
        return found.needs_compaction()
    return len(found.snapshots) + len(found.taken_in) >= FOLD_TODAY_FROM_FILES
