"""From the history to what a week is learned from: each segment's speed ratios, counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.errors import HistoryTooShort
from models.training_command import Report
from services.city.city import City, StatusThresholds
from services.forecast.zone_forecasts import TrainedOn
from services.history import layout
from services.history.by_day import IN_PROCESS, DayMap
from services.history.history import History
from services.history.hour_of_week import HOURS_PER_WEEK, hours_of_week
from services.history.networks import KnownNetworks
from services.history.ratio_histogram import RATIO_BIN_PCT, RATIO_BINS
from services.history.window import newest_network, replay
from services.traffic.network import Network
from services.traffic.snapshot import Source
from services.traffic.status import Status, has_speed

# Of a ratio in percent: not measured, or closed. The highest ratio told is 2.54.
NOT_KNOWN: Final = 255
_REPORTED_EVERY_DAYS: Final = 14


@dataclass(frozen=True)
class DayRatios:
    """What every segment did on one local day.

    Attributes
    ----------
    hours : array of int, shape (times,)
        Hour of the week of each time.
    ratio_pct : array of uint8, shape (times, segments)
        Speed ÷ limit in percent; :data:`NOT_KNOWN` where nothing was measured or
        the road was closed.
    bins : array of uint8, shape (times, segments)
        The same in bins of ``RATIO_BIN_PCT`` percent, on the side of the thresholds
        on which the feed's own status puts it.
    """

    day: date
    hours: NDArray[np.int64]
    ratio_pct: NDArray[np.uint8]
    bins: NDArray[np.uint8]


@dataclass(frozen=True)
class SegmentHistory:
    """The days of one source, on the network that it ends with."""

    source: Source
    network: Network
    days: tuple[DayRatios, ...]

    def dates(self) -> list[date]:
        """The local days observed, in order."""
        return [item.day for item in self.days]

    def on(self, days: Sequence[date]) -> SegmentHistory:
        """The part observed on some local days."""
        chosen = set(days)
        return SegmentHistory(
            self.source, self.network, tuple(item for item in self.days if item.day in chosen)
        )

    def counts(self) -> NDArray[np.uint16]:
        """How often each ratio was seen, shape (HOURS_PER_WEEK, segments, RATIO_BINS)."""
        segments = len(self.network)
        counts = np.zeros((HOURS_PER_WEEK, segments * RATIO_BINS), np.uint16)
        start_of_segment = np.arange(segments) * RATIO_BINS
        for item in self.days:
            for hour in np.unique(item.hours):
                bins = item.bins[item.hours == hour]
                cells = (start_of_segment + bins)[bins != NOT_KNOWN]
                seen = np.bincount(cells, minlength=counts.shape[1])
                counts[hour] += seen.astype(np.uint16)
        return counts.reshape(HOURS_PER_WEEK, segments, RATIO_BINS)

    def days_observed(self) -> NDArray[np.uint8]:
        """On how many days each segment was measured at each hour, (HOURS_PER_WEEK, segments)."""
        found = np.zeros((HOURS_PER_WEEK, len(self.network)), np.int64)
        for item in self.days:
            for hour in np.unique(item.hours):
                found[hour] += (item.bins[item.hours == hour] != NOT_KNOWN).any(axis=0)
        return np.minimum(found, np.iinfo(np.uint8).max).astype(np.uint8)

    def description(self) -> TrainedOn:
        """Where this history comes from and how long it is."""
        dates = self.dates()
        snapshots = sum(len(item.hours) for item in self.days)
        return TrainedOn(self.source, dates[0], dates[-1], len(dates), snapshots)


def load_segment_history(
    city: City,
    data_dir: Path,
    source: Source,
    report: Report,
    *,
    newest_days: int | None = None,
    until: date | None = None,
    map_days: DayMap = IN_PROCESS,
) -> SegmentHistory:
    """Read the history of one source, on the network of its last observations.

    Parameters
    ----------
    source : {"live", "archive", "demo"}
    newest_days : int, optional
        Read no more days than this.
    until : date, optional
        The last day to read; default: the last there is.

    Raises
    ------
    HistoryTooShort
        When it holds nothing.
    StorageError
        When it cannot be read.
    """
    # Named in UTC; the local day that begins before midnight in UTC has its own name too.
    dates = [day for day in layout.days(data_dir, source) if until is None or day <= until]
    dates = dates[-(newest_days or len(dates)) :]
    network = newest_network(city, data_dir, source)
    if network is None:
        raise HistoryTooShort(f"no history of source {source!r} in {data_dir}")
    history = History(data_dir, source, KnownNetworks(city, data_dir, source=source))
    days = []
    of_days = map_days(_day_ratios, history, dates, network.version)
    for count, ratios in enumerate(of_days, start=1):
        if len(ratios.hours):
            days.append(ratios)
        if count % _REPORTED_EVERY_DAYS == 0:
            report(f"read {count} of {len(dates)} days")
    if not days:
        raise HistoryTooShort(f"no history of source {source!r} in {data_dir}")
    return SegmentHistory(source, network, tuple(days))


def status_bins(thresholds: StatusThresholds) -> tuple[int, int]:
    """How many bins are congested, and how many not free: thresholds are bounds of bins.

    Examples
    --------
    >>> status_bins(StatusThresholds(congested_up_to=0.30, free_from=0.70))
    (6, 14)
    """
    congested, not_free = (
        round(ratio * 100) // RATIO_BIN_PCT
        for ratio in (thresholds.congested_up_to, thresholds.free_from)
    )
    return congested, not_free


def ratios_of(
    thresholds: StatusThresholds,
    status: NDArray[np.uint8],
    speed_kmh: NDArray[np.floating],
    limit_kmh: NDArray[np.float64],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Speed ratios in percent, and their bins, where a speed was measured on an open road.

    The feed rounds: about one ratio in a hundred lies on the other side of a threshold
    than its status. The status decides, because it is what is forecast.

    Parameters
    ----------
    status, speed_kmh : arrays, shape (times, segments)
    limit_kmh : array, shape (segments,)
    """
    known = np.isfinite(speed_kmh) & has_speed(status)
    percent = np.where(known, 100.0 * speed_kmh / limit_kmh, 0.0)
    congested, not_free = status_bins(thresholds)
    bins = np.minimum(percent // RATIO_BIN_PCT, RATIO_BINS - 1)
    lowest = np.select(
        [status == Status.FREE_FLOW, status == Status.HEAVY], [not_free, congested], 0
    )
    highest = np.select(
        [status == Status.CONGESTED, status == Status.HEAVY],
        [congested - 1, not_free - 1],
        RATIO_BINS - 1,
    )
    bins = np.where(known, np.clip(bins, lowest, highest), NOT_KNOWN)
    percent = np.where(known, np.minimum(np.rint(percent), NOT_KNOWN - 1), NOT_KNOWN)
    return percent.astype(np.uint8), bins.astype(np.uint8)


def _day_ratios(history: History, day: date, network_version: str) -> DayRatios:
    network = history.networks.sure(network_version)
    seen = replay(history.data_dir, history.source, day, network, values=("status", "speed_kmh"))
    ratio_pct, bins = ratios_of(
        network.city.thresholds,
        seen.values["status"],
        seen.values["speed_kmh"],
        network.speed_limit_kmh,
    )
    return DayRatios(day, hours_of_week(network.city, seen.epoch_s), ratio_pct, bins)
