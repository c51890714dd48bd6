"""Rows of an archive into the days they belong to: what is there stays, what is new is added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.history import compaction, day_files, layout, rows
from services.history.networks import KnownNetworks, SegmentNumbers
from services.history.rollups import Rollups
from services.observe.archives.checks import NOT_STATED, CheckedRows
from services.observe.archives.places import Places
from services.traffic.snapshot import Source
from services.traffic.status import Status

_KEY_COLUMNS: Final = ("observed_at", "segment", "network_version")
_FIRST_DAY: Final = date(1970, 1, 1)


@dataclass
class DayTaken:
    """What an archive brought for one UTC day, in observations."""

    taken: int = 0
    already_there: int = 0
    unknown: int = 0

    def observations(self) -> int:
        """All that the archive holds of the day, each once."""
        return self.taken + self.already_there


@dataclass
class Taken:
    """What became of the rows that passed the checks."""

    by_day: dict[date, DayTaken] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)


def days_of(
    batches: Sequence[CheckedRows], places: Places
) -> tuple[dict[date, pa.Table], Counter[str]]:
    """Checked rows as kept rows by UTC day, and those whose segment could not be placed."""
    joined = {
        name: np.concatenate([getattr(batch, name) for batch in batches])
        for name in ("time_s", "segment", "status", "speed_kmh", "reliability_pct", "probes")
    }
    placed = places.version_code[joined["segment"]] >= 0
    unplaced = Counter(places.reasons[number] for number in joined["segment"][~placed].tolist())
    joined = {name: values[placed] for name, values in joined.items()}
    day_of_row = joined["time_s"] // rows.SECONDS_PER_DAY
    tables = {}
    for day_number in np.unique(day_of_row).tolist():
        of_day = day_of_row == day_number
        part = {name: values[of_day] for name, values in joined.items()}
        tables[_FIRST_DAY + timedelta(days=day_number)] = _table(part, places)
    return tables, unplaced


def take(
    data_dir: Path, source: Source, days: dict[date, pa.Table], networks: KnownNetworks
) -> Taken:
    """Add the rows of some days that are not in the history yet.

    One day at a time and each at once: killed in between, whole days are there
    or not, and the same archive brings the others.

    Raises
    ------
    StorageError
    """
    result = Taken()
    numbers = SegmentNumbers(networks)
    with layout.exclusive(data_dir):
        fresh = {}
        for day, table in days.items():
            once = compaction.first_of_each(table, numbers)
            result.skipped["repeated in the file"] += len(table) - len(once)
            there = day_files.read_day(data_dir, source, day, _KEY_COLUMNS)
            known = compaction.row_keys(there, numbers)
            is_new = ~np.isin(compaction.row_keys(once, numbers), known)
            unknown = int((once["status"].to_numpy() == Status.UNKNOWN).sum())
            taken = int(is_new.sum())
            result.by_day[day] = DayTaken(taken, len(once) - taken, unknown)
            if taken:
                fresh[day] = once.filter(pa.array(is_new))
        if fresh:
            counted = KnownNetworks(networks.city, data_dir, source=source)
            Rollups(data_dir, source, counted).forget(fresh)
        for day, table in fresh.items():
            compaction.fold_day(data_dir, source, day, numbers, more=table)
    return result


def _table(part: dict[str, NDArray[np.generic]], places: Places) -> pa.Table:
    segment = part["segment"].astype(np.int64)
    speed_kmh, probes = part["speed_kmh"].astype(np.int16), part["probes"].astype(np.int16)
    content = {
        "observed_at": pa.array(part["time_s"]).cast(rows.COLUMNS.field("observed_at").type),
        "segment": pa.array(places.index[segment]),
        "status": pa.array(part["status"]),
        "speed_kmh": pa.array(speed_kmh, mask=speed_kmh == NOT_STATED),
        "reliability_pct": pa.array(part["reliability_pct"]),
        "probes": pa.array(probes, mask=probes == NOT_STATED),
        "network_version": pa.DictionaryArray.from_arrays(
            places.version_code[segment].astype(np.int32), pa.array(places.versions, pa.string())
        ),
    }
    return rows.kept(pa.table(content))
