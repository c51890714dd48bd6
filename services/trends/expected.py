"""What is forecast of a place for the rest of today.

The congestion of the whole network is that of the map's curve (``services.traffic.day_curve``),
which each hour keeps as it was known before it began. Of all else the forecast of the week is
measured as an observed day is: each segment takes its expected time
(``services.forecast.network_levels``: means add up, quantiles do not), and is congested in as many
of a hundred observations as the model gives that a chance.

The band is as wide as what is usual at the same time of the same weekday, P10 to P90 around their
median, laid around the forecast, as that of the network is; where nothing is usual yet there is
none. It knows nothing of today.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.base.errors import ForecastUnavailable, StorageError
from services.city.day_types import day_type, weekday_like
from services.forecast.champions import SHIPPED_ARTIFACTS
from services.forecast.network_levels import expected_travel_time_s
from services.forecast.segment_statuses import FORECAST_STATUSES
from services.forecast.week_forecasts import CachedWeekForecasts, WeekOnNetwork
from services.plain.trends.curve import Band, BandFrom, Expected, Measure
from services.traffic.day_curve import hours_of_day
from services.traffic.status import Status
from services.traffic.store import Store
from services.trends.archive import Archive
from services.trends.day_grid import DayGrid
from services.trends.measures import MEASURED, told
from services.trends.places import WHOLE

_HOUR_S: Final = 3_600
_QUARTERS_PER_HOUR: Final = 4
_MS_TO_KMH: Final = 3.6
# So many observations stand for what is likely.
_HUNDRED: Final = 100


@dataclass(frozen=True, eq=False)
class _Lines:
    """By quarters of an hour, NaN where not known; the rest as of :class:`Expected`."""

    low: NDArray[np.float64]
    middle: NDArray[np.float64]
    high: NDArray[np.float64]
    band: BandFrom
    is_simulated: bool


def expected_today(
    archive: Archive, today: DayGrid, measure: Measure, usual: Band | None
) -> Expected | None:
    """What is forecast of the quarters after the last one that was observed.

    Parameters
    ----------
    today : DayGrid
        The day asked about, by quarters of an hour; nothing is forecast of any other than today.
    usual : Band or None
        By the same quarters.
    """
    if today.day != archive.today:
        return None
    is_level = today.place.key == WHOLE and measure == "congestion"
    lines = _of_network(archive, today) if is_level else None
    lines = lines or _of_week(archive, today, measure, usual)
    if lines is None:
        return None
    ahead = np.arange(len(today.snapshots)) > np.flatnonzero(today.snapshots > 0).max(initial=-1)
    middle, low, high = (
        told(np.where(ahead, line, np.nan)) for line in (lines.middle, lines.low, lines.high)
    )
    return Expected(middle, low, high, lines.band, lines.is_simulated)


def _of_network(archive: Archive, today: DayGrid) -> _Lines | None:
    try:
        curve = Store(archive.city, archive.data_dir).day(archive.source)
    except StorageError:
        return None
    if curve is None or curve.day != today.day or not any(curve.forecast):
        return None
    hours = [(one.low, one.middle, one.high) if one else (np.nan,) * 3 for one in curve.forecast]
    is_observed = all(one.is_band_observed for one in curve.forecast if one)
    low, middle, high = (by_quarter(np.array(line)) for line in zip(*hours, strict=True))
    return _Lines(
        low,
        middle,
        high,
        band="history" if is_observed else "simulation",
        is_simulated=curve.is_simulated,
    )


def _of_week(
    archive: Archive, today: DayGrid, measure: Measure, usual: Band | None
) -> _Lines | None:
    try:
        weeks = CachedWeekForecasts(archive.data_dir, SHIPPED_ARTIFACTS)
        week = weeks.on(archive.network, archive.source)
    except ForecastUnavailable:
        return None
    middle = by_quarter(MEASURED[measure](expected_grid(archive, week, today)))
    if np.isnan(middle).all():
        return None
    is_simulated = week.table.is_simulated
    if usual is None:
        nothing = np.full(len(middle), np.nan)
        return _Lines(nothing, middle, nothing, "nothing", is_simulated)
    low, median, high = (
        np.array([np.nan if value is None else value for value in line])
        for line in (usual.low, usual.middle, usual.high)
    )
    low, high = (np.maximum(middle + bound - median, 0.0) for bound in (low, high))
    return _Lines(low, middle, high, "usual", is_simulated)


def expected_grid(archive: Archive, week: WeekOnNetwork, today: DayGrid) -> DayGrid:
    """A day as it is forecast, by hours, as if each had a hundred observations."""
    city, place = archive.city, today.place
    hours = hours_of_day(city, today.day)
    weekday = weekday_like(today.day.weekday(), day_type(city, today.day))
    said = [week.at(weekday, city.local(at).hour) for at in hours]
    times_s = np.array(
        [expected_travel_time_s(place.network, one.quantiles)[place.segments] for one in said]
    )
    chances = np.array([np.nan_to_num(one.probabilities[place.segments]) for one in said])
    counts = np.rint(_HUNDRED * chances).astype(np.uint8)
    known = np.where(np.isnan(times_s), 0, _HUNDRED).astype(np.uint8)
    return DayGrid(
        place=place,
        day=today.day,
        start=today.start,
        step_s=_HOUR_S,
        speed_kmh=(place.length_m * _MS_TO_KMH / times_s).astype(np.float32),
        known=known,
        heavy=counts[..., FORECAST_STATUSES.index(Status.HEAVY)],
        congested=counts[..., FORECAST_STATUSES.index(Status.CONGESTED)],
        closed=np.zeros_like(known),
        snapshots=np.full(len(hours), _HUNDRED),
    )


def by_quarter(of_hours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of hours, in a straight line from the middle of one to that of the next.

    >>> by_quarter(np.array([0.0, 1.0])).tolist()
    [0.0, 0.0, 0.125, 0.375, 0.625, 0.875, 1.0, 1.0]
    """
    hours = np.arange(len(of_hours)) + 0.5
    quarters = (np.arange(_QUARTERS_PER_HOUR * len(of_hours)) + 0.5) / _QUARTERS_PER_HOUR
    return np.interp(quarters, hours, of_hours)
