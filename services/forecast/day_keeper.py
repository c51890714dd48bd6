"""Keeps today's curve of congestion up to date: after each round of the worker, one small file.

What was observed comes from the history once an hour, and at a start, so that a restart loses
nothing; each snapshot in between adds its own. What is usual and forecast is told of hours to come
as it is known now; an hour that has begun keeps what was known before it, so that traffic is not
compared with itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple, TypeVar

from services.base.clock import Clock
from services.base.errors import ForecastUnavailable
from services.base.files import FileStamp, stamp_of
from services.city.city import City
from services.city.day_types import coming_day
from services.forecast.network_levels import forecast_levels
from services.forecast.week_forecasts import CachedWeekForecasts, WeekOnNetwork
from services.history.day_levels import observed_levels, usual_levels
from services.history.hour_of_week import HOURS_PER_DAY, hour_of_week
from services.history.rollups import ZONES, path_of
from services.observe.observer import journal_error
from services.traffic.day_curve import (
    DayCurve,
    Forecast,
    Spread,
    hours_of_day,
    latest_level,
    quarter_means,
)
from services.traffic.indicators import congestion_level, travel_time_s
from services.traffic.network import Network
from services.traffic.snapshot import Snapshot, Source, feed_of
from services.traffic.store import Store, watched_references
from services.traffic.usual_hour import hour_start
from services.traffic.zone_ratios import zone_times

T = TypeVar("T")


class _Edition(NamedTuple):
    """What all of a curve but its last snapshots is made of."""

    source: Source
    day: date
    hour: datetime
    network_version: str
    reference_version: str | None
    rollups: FileStamp | None


class _Expected(NamedTuple):
    """What is known of each hour of a day before it."""

    usual: Sequence[Spread | None]
    forecast: Sequence[Forecast | None]
    week: WeekOnNetwork | None


class DayKeeper:
    """Writes the curve of the feed that is shown.

    Parameters
    ----------
    store : Store
        The worker's.
    week : CachedWeekForecasts
    clock : Clock
        Says which day it is.
    """

    def __init__(self, city: City, store: Store, week: CachedWeekForecasts, clock: Clock) -> None:
        self._city = city
        self._store = store
        self._week = week
        self._clock = clock
        self._references = watched_references(store)
        self._network: Network | None = None
        self._edition: _Edition | None = None
        self._levels: dict[int, float] = {}
        self._expected = _Expected([], [], None)
        self._written: DayCurve | None = None

    def follow(self, shown: Snapshot | None) -> None:
        """Bring the curve up to what is shown. Never raises: a curve must not stop the news."""
        if shown is None:
            return
        try:
            self._follow(shown)
        except Exception as error:  # the next round comes whatever this one met
            # What was half renewed is renewed again.
            self._edition = None
            journal_error("today's curve not written", error)

    def _follow(self, shown: Snapshot) -> None:
        network, now = self._network_of(shown), self._clock()
        day = self._city.local(now).date()
        edition = _Edition(
            feed_of(shown.source),
            day,
            hour_start(now),
            network.version,
            None if network.reference is None else network.reference.version,
            stamp_of(path_of(self._store.data_dir, feed_of(shown.source), ZONES)),
        )
        if edition != self._edition:
            self._renew(network, edition)
            self._edition = edition
        if self._city.local(shown.observed_at).date() == day:
            ratio = float(zone_times(network, travel_time_s(network, shown)).speed_ratios()[-1])
            # Of one with too few known segments it is not told.
            if ratio > 0.0:
                self._levels[int(shown.observed_at.timestamp())] = congestion_level(ratio)
        curve = self._curve(edition)
        if curve != self._written:
            self._store.write_day(curve)
            self._written = curve

    def _network_of(self, shown: Snapshot) -> Network:
        if self._network is None or self._network.version != shown.network_version:
            self._network = self._store.network_of(shown)
        self._network = self._network.with_reference(self._references[shown.source].value())
        return self._network

    def _renew(self, network: Network, edition: _Edition) -> None:
        """Read the history again; what was told of hours that have begun stays."""
        data_dir, source = self._store.data_dir, edition.source
        hours = [hour_of_week(self._city, at) for at in hours_of_day(self._city, edition.day)]
        # A public holiday is forecast as a Sunday, and erred on as one.
        like = coming_day(self._city, edition.day.weekday(), edition.day).like_weekday
        hours_like = [like * HOURS_PER_DAY + hour % HOURS_PER_DAY for hour in hours]
        usual = usual_levels(data_dir, source, network, [*hours, *hours_like])
        usual_like = usual[len(hours) :]
        week = self._week_on(network, source)
        forecast: Sequence[Forecast | None] = [None] * len(hours)
        if week is not None:
            forecast = forecast_levels(week, hours_like, usual_like)
        usual_now, forecast_now = usual[: len(hours)], forecast
        before = self._store.day(source)
        if before is not None and before.day == edition.day:
            begun = sum(at <= edition.hour for at in hours_of_day(self._city, edition.day))
            usual_now = _kept(before.usual[:begun], usual_now)
            forecast_now = _kept(before.forecast[:begun], forecast_now)
        self._expected = _Expected(usual_now, forecast_now, week)
        self._levels = observed_levels(data_dir, source, network, edition.day)

    def _week_on(self, network: Network, source: Source) -> WeekOnNetwork | None:
        try:
            return self._week.on(network, source)
        except ForecastUnavailable:
            return None

    def _curve(self, edition: _Edition) -> DayCurve:
        hours = hours_of_day(self._city, edition.day)
        usual, forecast, week = self._expected
        return DayCurve(
            source=edition.source,
            day=edition.day,
            start=hours[0],
            observed=tuple(quarter_means(hours[0], len(hours), self._levels)),
            latest=latest_level(self._levels),
            usual=tuple(usual),
            forecast=tuple(forecast),
            model_version=None if week is None else week.table.model_version,
            is_simulated=week is not None and week.table.is_simulated,
        )


def _kept(before: Sequence[T | None], now: Sequence[T | None]) -> list[T | None]:
    """What is known now, but first of some hours what was known before, if anything."""
    first = [a if a is not None else b for a, b in zip(before, now, strict=False)]
    return [*first, *now[len(first) :]]
