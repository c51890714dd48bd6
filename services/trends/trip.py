"""How long a route takes by when one leaves it: driven, usual, and forecast.

All drives are through time (:mod:`services.trends.driving`), by quarters of an hour.

usual
    Of the drives on the days like the one asked for (:func:`services.trends.periods.usual_days`),
    those that left within a quarter of an hour of the same time by the clock: their median, P10
    and P90, with at least ``MIN_USUAL_DAYS`` days.
forecast
    What was measured until now, then the nowcast, each quarter by the lead time nearest to its
    middle, then the forecast of the week, between the middles of whole hours in a straight line.
    Each segment takes its expected time (``services.forecast.network_levels``): of times on a way
    means add up, medians do not.
once in ten times
    The forecast × (P90 ÷ mean of the drives above), with at least :data:`MIN_HIGH_DAYS` days: how
    much such days differ, as whole drives. Without them the drive on which every segment is at the
    P10 of its speed: as if all were slow on the same days, which is the most that it can be.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.base.errors import ForecastUnavailable, InvalidRequest
from services.city.day_types import day_type, weekday_like
from services.forecast.champions import SHIPPED_ARTIFACTS
from services.forecast.network_levels import expected_travel_time_s
from services.forecast.nowcast_files import current_file, read_nowcast
from services.forecast.nowcasts import LEAD_MINUTES, NowcastTable
from services.forecast.week_forecasts import CachedWeekForecasts, WeekOnNetwork
from services.plain.trends.trip import DAYS_AHEAD, TripAnswer, TripNow, TripQuery
from services.traffic.network import Network
from services.traffic.zone_ratios import travel_times_s
from services.trends.along import route_place
from services.trends.archive import Archive, Report
from services.trends.day_grid import DayGrid
from services.trends.driving import Drives, SpeedField, drive, speed_field
from services.trends.measures import told
from services.trends.periods import MIN_USUAL_DAYS, is_holiday, usual_days
from services.trends.places import Place

MIN_HIGH_DAYS: Final = 5
HIGH_QUANTILE: Final = 0.9

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_QUARTER_S: Final = 900
_QUARTERS_PER_HOUR: Final = 4
# By the clock, the hour that comes twice in October once.
_CLOCK_QUARTERS: Final = 96
# Nobody is on the way for longer.
_BEYOND: Final = 12
_MINUTE_S: Final = 60


def answer_trip(archive: Archive, query: TripQuery, report: Report) -> TripAnswer:
    """Answer.

    Raises
    ------
    UnknownPlace, InvalidRequest, StorageError
    """
    place = route_place(archive, query.place)
    if query.day > archive.today + DAYS_AHEAD * _DAY:
        raise InvalidRequest("jour", query.day.isoformat(), f"at most {DAYS_AHEAD} days from today")
    days = [query.day, *usual_days(archive.city, query.day, archive.today)]
    asked, *before = _two_days_each(archive, place, days, report)
    usual = _Usual([_by_clock(one) for one in before if one.is_observed])
    driven = drive(asked.field(), asked.departures_s)
    forecast = _forecast(archive, asked) if query.day >= archive.today else None
    return _answer(archive, asked, usual, driven, forecast)


@dataclass(frozen=True, eq=False)
class _TwoDays:
    """A day in the city and the first hours of the next, in which its last drives end."""

    first: DayGrid
    second: DayGrid

    @property
    def place(self) -> Place:
        return self.first.place

    @property
    def is_observed(self) -> bool:
        return self.first.is_observed

    @property
    def departures_s(self) -> NDArray[np.float64]:
        """The quarters of the day, seconds since it began."""
        return _QUARTER_S * np.arange(len(self.first.snapshots), dtype=np.float64)

    @property
    def clock(self) -> NDArray[np.int64]:
        """The same by the city's clock, 0 to 95."""
        return np.floor(self.first.local_hours * _QUARTERS_PER_HOUR + 1e-6).astype(np.int64)

    @property
    def times_s(self) -> NDArray[np.float64]:
        return np.concatenate([self.first.times_s, self.second.times_s[:_BEYOND]])

    @property
    def is_closed(self) -> NDArray[np.bool_]:
        return np.concatenate([self.first.closed_cells, self.second.closed_cells[:_BEYOND]])

    @property
    def epoch_s(self) -> NDArray[np.int64]:
        """When each quarter begins, seconds since 1970 UTC."""
        return np.concatenate([self.first.epoch_s, self.second.epoch_s[:_BEYOND]])

    @property
    def last_seen(self) -> int:
        """The last quarter of which anything was kept; -1 without any."""
        seen = np.concatenate([self.first.snapshots, self.second.snapshots[:_BEYOND]]) > 0
        return int(np.flatnonzero(seen).max(initial=-1))

    def field(self) -> SpeedField:
        """What was measured."""
        return self.field_of(self.times_s)

    def field_of(self, times_s: NDArray[np.float64]) -> SpeedField:
        """Other times on the same way; nothing is closed that these tell of."""
        is_closed = self.is_closed & np.isnan(times_s)
        return speed_field(times_s, is_closed, self.place.free_s, self.place.length_m, _QUARTER_S)


def _two_days_each(
    archive: Archive, place: Place, days: Sequence[date], report: Report
) -> Iterator[_TwoDays]:
    both = [one for day in days for one in (day, day + _DAY)]
    grids = archive.days(place, both, report)
    for first in grids:
        yield _TwoDays(first, next(grids))


def _by_clock(day: _TwoDays) -> NDArray[np.float64]:
    """The drives of a day by quarters of the clock, seconds, shape (96,)."""
    found = np.full(_CLOCK_QUARTERS, np.nan)
    found[day.clock] = drive(day.field(), day.departures_s).duration_s
    return found


class _Usual:
    """The drives of some days, each by quarters of the clock."""

    def __init__(self, drives_s: Sequence[NDArray[np.float64]]) -> None:
        self.days = len(drives_s)
        drives = np.array(drives_s).reshape(self.days, _CLOCK_QUARTERS)
        beside = np.pad(drives, ((0, 0), (1, 1)), constant_values=np.nan)
        # Of each quarter its own drives, and those of a quarter earlier and later.
        near = np.stack([beside[:, shift : shift + _CLOCK_QUARTERS] for shift in range(3)])
        self._seen_days = (~np.isnan(near).all(axis=0)).sum(axis=0)
        with warnings.catch_warnings():
            # Of quarters at which nobody ever drove there is none.
            warnings.simplefilter("ignore", RuntimeWarning)
            together = near.reshape(-1, _CLOCK_QUARTERS)
            self._low_s, self._middle_s, self._high_s = (
                np.nanquantile(together, (1 - HIGH_QUANTILE, 0.5, HIGH_QUANTILE), axis=0)
                if self.days
                else np.full((3, _CLOCK_QUARTERS), np.nan)
            )
            mean_s = np.nanmean(together, axis=0) if self.days else np.full(_CLOCK_QUARTERS, np.nan)
        is_spread = self._seen_days >= MIN_HIGH_DAYS
        self.high_share = np.where(is_spread, self._high_s / mean_s, np.nan)
        """P90 ÷ mean by quarters of the clock; NaN of too few days."""

    def told(self, values_s: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(self._seen_days >= MIN_USUAL_DAYS, values_s, np.nan)

    @property
    def low_s(self) -> NDArray[np.float64]:
        return self.told(self._low_s)

    @property
    def middle_s(self) -> NDArray[np.float64]:
        return self.told(self._middle_s)

    @property
    def high_s(self) -> NDArray[np.float64]:
        return self.told(self._high_s)


@dataclass(frozen=True, eq=False)
class _Forecast:
    """The way as it is expected, and with all of it slow; measured until now."""

    expected: SpeedField
    slow: SpeedField
    has_nowcast: bool
    is_simulated: bool


def _forecast(archive: Archive, asked: _TwoDays) -> _Forecast | None:
    try:
        shipped = CachedWeekForecasts(archive.data_dir, SHIPPED_ARTIFACTS)
        week = shipped.on(archive.network, archive.source)
    except ForecastUnavailable:
        return None
    nowcast = _nowcast(archive)
    columns, seen = asked.place.segments, asked.last_seen
    fields = []
    for is_slow in (False, True):
        times_s = _week_times_s(archive, week, asked.epoch_s, is_slow=is_slow)[:, columns]
        if nowcast is not None:
            _lay_over(times_s, nowcast, archive.network, asked, is_slow=is_slow)
        times_s[: seen + 1] = asked.times_s[: seen + 1]
        fields.append(asked.field_of(times_s))
    expected, slow = fields
    return _Forecast(expected, slow, nowcast is not None, week.table.is_simulated)


def _nowcast(archive: Archive) -> NowcastTable | None:
    try:
        table = read_nowcast(archive.city, current_file(archive.data_dir))
    except ForecastUnavailable:
        return None
    if table is None or table.source != archive.source:
        return None
    return table if table.is_current(archive.network.version, archive.clock()) else None


def _week_times_s(
    archive: Archive, week: WeekOnNetwork, epoch_s: NDArray[np.int64], *, is_slow: bool
) -> NDArray[np.float64]:
    """Seconds that each segment of the network takes by quarters, shape (quarters, segments)."""
    start = datetime.fromtimestamp(int(epoch_s[0]), UTC) - _HOUR
    count = len(epoch_s) // _QUARTERS_PER_HOUR + 3
    starts = [start + place * _HOUR for place in range(count)]
    by_hour = np.stack([_hour_times_s(archive, week, moment, is_slow=is_slow) for moment in starts])
    middle = (epoch_s + _QUARTER_S / 2 - start.timestamp()) / _HOUR.total_seconds() - 0.5
    before = np.floor(middle).astype(np.int64)
    share = (middle - before)[:, np.newaxis]
    found: NDArray[np.float64] = by_hour[before] * (1 - share) + by_hour[before + 1] * share
    return found


def _hour_times_s(
    archive: Archive, week: WeekOnNetwork, moment: datetime, *, is_slow: bool
) -> NDArray[np.float64]:
    local = archive.city.local(moment)
    weekday = weekday_like(local.weekday(), day_type(archive.city, local.date()))
    return _times_s(archive.network, week.at(weekday, local.hour).quantiles, is_slow=is_slow)


def _times_s(
    network: Network, quantiles: dict[str, NDArray[np.float64]], *, is_slow: bool
) -> NDArray[np.float64]:
    if is_slow:
        return travel_times_s(network, quantiles["p10"] * network.speed_limit_kmh)
    return expected_travel_time_s(network, quantiles)


def _lay_over(
    times_s: NDArray[np.float64],
    nowcast: NowcastTable,
    network: Network,
    asked: _TwoDays,
    *,
    is_slow: bool,
) -> None:
    """Put the nowcast where it tells of a quarter."""
    middle_s = asked.epoch_s + _QUARTER_S / 2 - nowcast.observed_at.timestamp()
    first = LEAD_MINUTES[0] * _MINUTE_S
    lead = np.rint(middle_s / first).astype(np.int64) - 1
    for place in range(len(LEAD_MINUTES)):
        told_s = _times_s(network, nowcast.speed_ratios(place), is_slow=is_slow)
        told_s = told_s[asked.place.segments]
        rows = np.flatnonzero(lead == place)
        times_s[rows] = np.where(np.isnan(told_s), times_s[rows], told_s)


def _answer(
    archive: Archive, asked: _TwoDays, usual: _Usual, driven: Drives, forecast: _Forecast | None
) -> TripAnswer:
    departures_s, clock = asked.departures_s, asked.clock
    nothing = np.full(len(departures_s), np.nan)
    expected_s, high_s, now, has_spread = nothing, nothing, None, False
    is_closed = driven.is_closed
    if forecast is not None:
        # Who left long ago has arrived: what is not measured of them stays unknown.
        is_ahead = np.arange(len(departures_s)) > asked.last_seen - _BEYOND
        ahead = drive(forecast.expected, departures_s)
        is_open = np.isnan(driven.duration_s) & is_ahead
        expected_s = np.where(is_open, ahead.duration_s, np.nan)
        is_closed = is_closed | (ahead.is_closed & is_open)
        spread = usual.high_share[clock]
        has_spread = bool((~np.isnan(spread[~np.isnan(expected_s)])).any())
        slow_s = drive(forecast.slow, departures_s).duration_s
        high_s = _high_s(expected_s, spread, slow_s)
        now = _now(archive, asked, usual, forecast)
    free_s = float(asked.place.free_s.sum())
    return TripAnswer(
        start=asked.first.start,
        step_s=_QUARTER_S,
        local_hours=np.round(asked.first.local_hours, 4).tolist(),
        length_m=float(asked.place.length_m.sum()),
        free_s=None if np.isnan(free_s) else free_s,
        driven_s=told(driven.duration_s),
        usual_s=told(usual.middle_s[clock]),
        usual_low_s=told(usual.low_s[clock]),
        usual_high_s=told(usual.high_s[clock]),
        forecast_s=told(expected_s),
        high_s=told(high_s),
        closed=np.flatnonzero(is_closed).tolist(),
        now=now,
        usual_days=usual.days,
        high_from=None if forecast is None else ("days" if has_spread else "segments"),
        has_nowcast=forecast is not None and forecast.has_nowcast,
        is_simulated=forecast is not None and forecast.is_simulated,
        is_holiday=is_holiday(archive.city, asked.first.day),
    )


def _high_s(
    expected_s: NDArray[np.float64], spread: NDArray[np.float64], slow_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What is exceeded once in ten times; no less than what is expected."""
    high_s = np.where(np.isnan(spread), slow_s, expected_s * spread)
    return np.where(np.isnan(expected_s), np.nan, np.fmax(high_s, expected_s))


def _now(archive: Archive, asked: _TwoDays, usual: _Usual, forecast: _Forecast) -> TripNow | None:
    """Who leaves now; None on another day than today, and where that cannot be told."""
    at = archive.clock()
    if asked.first.day != archive.today or asked.last_seen < 0:
        return None
    departure_s = np.array([at.timestamp() - asked.first.start.timestamp()])
    expected_s = drive(forecast.expected, departure_s).duration_s
    if np.isnan(expected_s[0]):
        return None
    local = archive.city.local(at)
    hour = local.hour + local.minute / 60
    quarter = [int(hour * _QUARTERS_PER_HOUR)]
    slow_s = drive(forecast.slow, departure_s).duration_s
    [high_s] = told(_high_s(expected_s, usual.high_share[quarter], slow_s))
    [usual_s] = told(usual.middle_s[quarter])
    return TripNow(at, round(hour, 4), float(expected_s[0]), high_s, usual_s)
