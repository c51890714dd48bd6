"""From the history to what a forecaster learns: the status of each zone at each time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.errors import HistoryTooShort
from models.zones.features import Cells
from services.base.clock import PARIS
from services.forecast.zone_forecasts import DAY_NAMES, DAYS, TABLE_SHAPE, TrainedOn
from services.history import layout
from services.history.networks import KnownNetworks
from services.history.zone_times import zone_times_by_day
from services.traffic.indicators import zone_status_codes
from services.traffic.snapshot import Source

# One day in six to stop the training by, one in six to judge it by.
_HELD_OUT_SHARE: Final = 6
# Of each weekday: one to learn from, one to stop by, one to judge by.
MINIMUM_OF_EACH_WEEKDAY: Final = 3


@dataclass(frozen=True)
class ZoneHistory:
    """What each zone was at each observed time.

    Attributes
    ----------
    source : {"live", "archive", "demo"}
    frame : DataFrame
        observed_at (aware, UTC); date, day (0 is Monday) and hour, all local to
        Rennes; zone, an index into ``zones.ZONE_CHOICES``; status, an index into
        ``indicators.ZONE_STATUSES``.
    """

    source: Source
    frame: pd.DataFrame

    def dates(self) -> list[date]:
        """The local days observed, in order."""
        return sorted(self.frame["date"].unique())

    def on(self, days: list[date]) -> ZoneHistory:
        """The part observed on some local days."""
        return ZoneHistory(self.source, self.frame[self.frame["date"].isin(days)])

    def cells(self) -> Cells:
        """The zone, day and hour of each row."""
        return Cells(*(self.frame[name].to_numpy(np.int64) for name in ("zone", "day", "hour")))

    def statuses(self) -> NDArray[np.int64]:
        """The status of each row, as an index into ``indicators.ZONE_STATUSES``."""
        return self.frame["status"].to_numpy(np.int64)

    def counts(self) -> NDArray[np.float64]:
        """How often each status was seen, shape (zones, days, hours, statuses)."""
        cells = self.cells()
        counts = np.zeros(TABLE_SHAPE)
        np.add.at(counts, (cells.zone, cells.day, cells.hour, self.statuses()), 1.0)
        return counts

    def description(self) -> TrainedOn:
        """Where this history comes from and how long it is."""
        days = self.dates()
        snapshots = self.frame["observed_at"].nunique()
        return TrainedOn(self.source, days[0], days[-1], len(days), int(snapshots))


@dataclass(frozen=True)
class DaySplit:
    """Whole days, each in one part only, so that nothing of a judged day was ever seen."""

    train: list[date]
    validation: list[date]
    test: list[date]


def load_zone_history(data_dir: Path, source: Source) -> ZoneHistory:
    """Read the history of one source and turn it into statuses of zones.

    Raises
    ------
    HistoryTooShort
        When it holds nothing.
    StorageError
        When it cannot be read now.
    """
    days = layout.days(data_dir, source)
    found = zone_times_by_day(data_dir, source, days, KnownNetworks(data_dir))
    parts = [zone_statuses(epoch_s, times.speed_ratios()) for _, epoch_s, times in found]
    if not any(len(part) for part in parts):
        raise HistoryTooShort(f"no history of source {source!r} in {data_dir}")
    return ZoneHistory(source, pd.concat(parts, ignore_index=True))


def zone_statuses(epoch_s: NDArray[np.int64], ratio: NDArray[np.float64]) -> pd.DataFrame:
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
    local = observed_at.tz_convert(PARIS)
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


def split_days(days: list[date], seed: int) -> DaySplit:
    """Share whole days out at random, each weekday alike.

    Raises
    ------
    HistoryTooShort
        With fewer than three of some weekday.
    """
    generator = np.random.default_rng(seed)
    parts: tuple[list[date], list[date], list[date]] = ([], [], [])
    for weekday in range(DAYS):
        same = [day for day in sorted(days) if day.weekday() == weekday]
        if len(same) < MINIMUM_OF_EACH_WEEKDAY:
            raise HistoryTooShort(
                f"{len(same)} {DAY_NAMES[weekday]}s in the history: training needs "
                f"{MINIMUM_OF_EACH_WEEKDAY} of each weekday"
            )
        held = max(1, len(same) // _HELD_OUT_SHARE)
        shuffled = [same[place] for place in generator.permutation(len(same))]
        for part, chosen in zip(
            parts, (shuffled[2 * held :], shuffled[:held], shuffled[held : 2 * held]), strict=True
        ):
            part.extend(chosen)
    return DaySplit(*(sorted(part) for part in parts))


def split_with_newest_judged(days: list[date], judged: list[date], seed: int) -> DaySplit:
    """Judge by some given days, and share out the others: each weekday alike, at random.

    Raises
    ------
    HistoryTooShort
        With fewer than two others of some weekday: one to learn from, one to stop by.
    """
    generator = np.random.default_rng(seed)
    train: list[date] = []
    validation: list[date] = []
    for weekday in range(DAYS):
        same = [day for day in sorted(set(days) - set(judged)) if day.weekday() == weekday]
        if len(same) < MINIMUM_OF_EACH_WEEKDAY - 1:
            raise HistoryTooShort(
                f"{len(same)} {DAY_NAMES[weekday]}s to learn from: a challenger needs "
                f"{MINIMUM_OF_EACH_WEEKDAY - 1} of each weekday beside the days it is judged by"
            )
        held = max(1, len(same) // _HELD_OUT_SHARE)
        shuffled = [same[place] for place in generator.permutation(len(same))]
        validation.extend(shuffled[:held])
        train.extend(shuffled[held:])
    return DaySplit(sorted(train), sorted(validation), sorted(judged))
