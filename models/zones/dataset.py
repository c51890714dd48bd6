"""From the history to what a forecaster learns: the status of each zone at each time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.errors import HistoryTooShort
from models.zones.features import Cells
from services.city.city import City
from services.forecast.zone_forecasts import TrainedOn, table_shape
from services.history import layout
from services.history.by_day import IN_PROCESS, DayMap
from services.history.day_counts import zone_times_by_day
from services.history.history import History
from services.history.networks import KnownNetworks
from services.traffic.indicators import zone_status_codes
from services.traffic.snapshot import Source


@dataclass(frozen=True)
class ZoneHistory:
    """What each zone was at each observed time.

    Attributes
    ----------
    source : {"live", "archive", "demo"}
    frame : DataFrame
        observed_at (aware, UTC); date, day (0 is Monday) and hour, all local to
        the city; zone, an index into ``City.zone_choices``; status, an index into
        ``indicators.ZONE_STATUSES``.
    """

    city: City
    source: Source
    frame: pd.DataFrame

    def dates(self) -> list[date]:
        """The local days observed, in order."""
        return sorted(self.frame["date"].unique())

    def on(self, days: list[date]) -> ZoneHistory:
        """The part observed on some local days."""
        return replace(self, frame=self.frame[self.frame["date"].isin(days)])

    def cells(self) -> Cells:
        """The zone, day and hour of each row."""
        return Cells(*(self.frame[name].to_numpy(np.int64) for name in ("zone", "day", "hour")))

    def statuses(self) -> NDArray[np.int64]:
        """The status of each row, as an index into ``indicators.ZONE_STATUSES``."""
        return self.frame["status"].to_numpy(np.int64)

    def counts(self) -> NDArray[np.float64]:
        """How often each status was seen, shape (zones, days, hours, statuses)."""
        cells = self.cells()
        counts = np.zeros(table_shape(self.city))
        np.add.at(counts, (cells.zone, cells.day, cells.hour, self.statuses()), 1.0)
        return counts

    def description(self) -> TrainedOn:
        """Where this history comes from and how long it is."""
        days = self.dates()
        snapshots = self.frame["observed_at"].nunique()
        return TrainedOn(self.source, days[0], days[-1], len(days), int(snapshots))


def load_zone_history(
    city: City, data_dir: Path, source: Source, map_days: DayMap = IN_PROCESS
) -> ZoneHistory:
    """Read the history of one source and turn it into statuses of zones.

    Raises
    ------
    HistoryTooShort
        When it holds nothing.
    StorageError
        When it cannot be read now.
    """
    history = History(data_dir, source, KnownNetworks(city, data_dir, source=source))
    found = zone_times_by_day(history, layout.days(data_dir, source), map_days)
    parts = [zone_statuses(city, epoch_s, times.speed_ratios()) for _, epoch_s, times in found]
    if not any(len(part) for part in parts):
        raise HistoryTooShort(f"no history of source {source!r} in {data_dir}")
    return ZoneHistory(city, source, pd.concat(parts, ignore_index=True))


def zone_statuses(
    city: City, epoch_s: NDArray[np.int64], ratio: NDArray[np.float64]
) -> pd.DataFrame:
    """The frame of :class:`ZoneHistory`.

    Parameters
    ----------
    epoch_s : array of int, shape (times,)
        Seconds since 1970 UTC.
    ratio : array, shape (times, zones)
        Speed ratios; those that are NaN are left out.
    """
    time, zone = np.nonzero(~np.isnan(ratio))
    observed_at = pd.DatetimeIndex(epoch_s[time].astype("datetime64[s]"), tz="UTC")
    local = observed_at.tz_convert(city.time_zone)
    return pd.DataFrame(
        {
            "observed_at": observed_at,
            "date": local.date,
            "day": local.day_of_week,
            "hour": local.hour,
            "zone": zone,
            "status": zone_status_codes(ratio[time, zone]),
        }
    )
