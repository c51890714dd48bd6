"""Reference speeds out of the history: renewed by the upkeep when another day is over."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from services.city.city import City
from services.history import compaction, day_files
from services.history.by_day import IN_PROCESS, DayMap
from services.history.day_counts import COUNTED_COLUMNS, rows_by_network
from services.history.history import History
from services.history.hour_of_week import HOURS_PER_DAY, hours_of_week
from services.history.hour_speeds import (
    HourSpeeds,
    hour_speeds,
    hours_of_day,
    read_hour_speeds,
    write_hour_speeds,
)
from services.history.networks import KnownNetworks
from services.traffic.network import places_of
from services.traffic.reference_speed import (
    REFERENCE_DAYS,
    ReferenceSpeeds,
    is_free_flowing,
    reference_speeds,
)
from services.traffic.snapshot import Source
from services.traffic.store import Store

log = logging.getLogger(__name__)


def renew_reference(
    data_dir: Path,
    source: Source,
    networks: KnownNetworks,
    today: date,
    map_days: DayMap = IN_PROCESS,
) -> bool:
    """Measure the reference speeds of a source anew, unless they are of these very days.

    They are those of the last eight weeks up to the newest day that is over. The caller holds
    ``layout.exclusive``.

    Returns
    -------
    bool
        Whether others than before are there now.

    Raises
    ------
    StorageError
    """
    store = Store(networks.city, data_dir, heals=True)
    before = store.reference(source)
    over = {
        day: mark
        for day, mark in compaction.compacted_days(data_dir, source, networks).items()
        if day < today
    }
    first = max(over, default=today) - timedelta(days=REFERENCE_DAYS - 1)
    marks = {day: mark for day, mark in over.items() if day >= first}
    made_of = {day.isoformat(): mark for day, mark in marks.items()}
    if made_of == ({} if before is None else before.made_of):
        return False
    by_day = _speeds_by_day(History(data_dir, source, networks), marks, map_days)
    reference = measured(networks.city, by_day, made_of)
    store.write_reference(source, reference)
    log.info(
        "reference speeds of source %s: %d of %d segments measured on %d days",
        source,
        reference.is_enough.sum(),
        len(reference.segment_ids),
        len(made_of),
    )
    return before is None or before.version != reference.version


def measured(
    city: City, by_day: dict[date, HourSpeeds], made_of: dict[str, str]
) -> ReferenceSpeeds:
    """The reference speeds that some UTC days amount to."""
    segment_ids = tuple(dict.fromkeys(key for item in by_day.values() for key in item.segment_ids))
    epoch_s = [hours_of_day(day) for day in by_day]
    hours = hours_of_week(city, np.concatenate([np.empty(0, np.int64), *epoch_s]))
    speed_kmh = np.full((len(hours), len(segment_ids)), np.nan, np.float32)
    by_day_kmh = speed_kmh.reshape(len(by_day), HOURS_PER_DAY, len(segment_ids))
    for place, item in enumerate(by_day.values()):
        columns = places_of(item.segment_ids, segment_ids)
        by_day_kmh[place][:, columns] = item.speed_kmh()
    counted = ~np.isnan(speed_kmh) & is_free_flowing(hours)[:, np.newaxis]
    return ReferenceSpeeds(
        segment_ids=segment_ids,
        speed_kmh=reference_speeds(hours, speed_kmh),
        hours=counted.sum(axis=0),
        days=counted.reshape(by_day_kmh.shape).any(axis=1).sum(axis=0),
        made_of=made_of,
    )


def _speeds_by_day(
    history: History, marks: dict[date, str], map_days: DayMap
) -> dict[date, HourSpeeds]:
    """Days by hours, from their files or from their rows, of which those are made."""
    place = history.data_dir, history.source
    found = {day: read_hour_speeds(*place, day, mark) for day, mark in marks.items()}
    lacking = [day for day, speeds in found.items() if speeds is None]
    for day, speeds in zip(lacking, map_days(_speeds_of_day, history, lacking), strict=True):
        write_hour_speeds(*place, day, speeds, marks[day])
        found[day] = speeds
    return {day: speeds for day, speeds in found.items() if speeds is not None}


def _speeds_of_day(history: History, day: date) -> HourSpeeds:
    table = day_files.read_day(history.data_dir, history.source, day, COUNTED_COLUMNS)
    parts = list(rows_by_network(table, history.networks))
    return hour_speeds(history.networks.city, day, parts)
