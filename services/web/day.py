"""Today's curve of congestion as the web role tells it: the worker's file and the next hour."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from typing import Any, Final, Literal, NamedTuple

import orjson

from services.base.watched import Watched
from services.city.city import City
from services.forecast.nowcast_files import CachedNowcasts
from services.forecast.nowcasts import LeadForecast, NowcastTable
from services.traffic.day_curve import HOUR, QUARTER, DayCurve, Forecast
from services.traffic.indicators import congestion_level
from services.traffic.snapshot import FEEDS, Source, feed_of
from services.traffic.store import Store
from services.web.latest import TrafficView

Band = Literal["learner", "history", "simulation"]
"""Where a band comes from: the learner's quantiles of the network; the network's own levels at that
hour of the week; the errors of the shipped model on simulated traffic."""

_VERSION_BYTES: Final = 6
_DECIMALS: Final = 4


class AheadPoint(NamedTuple):
    """A level that is forecast: of a moment, or of the time up to ``until``."""

    at: datetime
    until: datetime
    middle: float
    low: float
    high: float
    band: Band

    @property
    def centre(self) -> datetime:
        """Where it stands on an axis of time."""
        return self.at + (self.until - self.at) / 2


class CurveRow(NamedTuple):
    """A value of the curve, of the time from ``at`` to ``until``."""

    kind: Literal["observed", "usual", "forecast"]
    at: datetime
    until: datetime
    level: float
    low: float | None = None
    high: float | None = None
    band: Band | None = None


ROW_NAMES: Final = ("kind", "from", "to", "level", "p10", "p90", "band")
"""Of the members of a row, as API and table tell them."""


@dataclass(frozen=True, eq=False)
class DayView:
    """A curve, and the next hour of the same network where the learner tells one."""

    city: City
    curve: DayCurve
    nowcast: NowcastTable | None

    @cached_property
    def version(self) -> str:
        """Changes with any of the content."""
        nowcast = self.nowcast.snapshot_version if self.nowcast else ""
        parts = f"{self.curve.version} {nowcast}".encode()
        return hashlib.blake2b(parts, digest_size=_VERSION_BYTES).hexdigest()

    @cached_property
    def ahead(self) -> tuple[AheadPoint, ...]:
        """What is forecast of the rest of the day: the next hour first, then hour by hour."""
        points = list(self._next_hour())
        latest = self.curve.latest
        since = points[-1].at if points else latest.at if latest else self.curve.start
        for place, found in enumerate(self.curve.forecast):
            at = self.curve.hour(place)
            if found is not None and at + HOUR / 2 > since:
                points.append(_point_of_hour(at, found))
        return tuple(points)

    def _next_hour(self) -> Iterator[AheadPoint]:
        if self.nowcast is None:
            return
        for lead in self.nowcast.zone(self.city.whole_network) or ():
            at = self.nowcast.observed_at + timedelta(minutes=lead.minutes)
            if at < self.curve.end:
                yield _point_of_lead(at, lead)


class LatestDay:
    """Gives the curve that goes with what is shown, read again when it changed."""

    def __init__(self, city: City, store: Store, nowcasts: CachedNowcasts) -> None:
        self._city = city
        self._nowcasts = nowcasts
        self._curves = {source: _watched(store, source) for source in FEEDS}
        self._last: DayView | None = None

    def view(self, traffic: TrafficView | None, now: datetime) -> DayView | None:
        """The curve of today beside a snapshot; None while there is none of today.

        Parameters
        ----------
        now : datetime
            Aware.
        """
        if traffic is None:
            return None
        curve = self._curves[feed_of(traffic.snapshot.source)].value(wait=False)
        if curve is None or curve.day != self._today(now):
            return None
        nowcast = self._nowcasts.current(traffic.network.version, now)
        if nowcast is not None and feed_of(nowcast.source) != curve.source:
            nowcast = None
        last = self._last
        if last is None or last.curve is not curve or last.nowcast is not nowcast:
            self._last = last = DayView(self._city, curve, nowcast)
        return last

    def _today(self, now: datetime) -> date:
        return self._city.local(now).date()


def encode_page(view: DayView) -> bytes:
    """The curve for the page, as a document of its own."""
    return orjson.dumps(page_content(view))


def page_content(view: DayView) -> dict[str, Any]:
    """The curve for the page: levels in whole percent, times in seconds since 1970 UTC.

    ``observed`` is of each quarter of an hour and ``usual`` of each hour from ``start`` on, the
    latter as P10, P50 and P90; ``ahead`` is the centre, P10, P50 and P90 of each point.
    """
    curve = view.curve
    return {
        "version": view.version,
        "day": curve.day.isoformat(),
        "start": _seconds(curve.start),
        "end": _seconds(curve.end),
        "observed": [None if level is None else _percent(level) for level in curve.observed],
        "latest": curve.latest and [_seconds(curve.latest.at), _percent(curve.latest.level)],
        "usual": [usual and [_percent(level) for level in usual] for usual in curve.usual],
        "ahead": [
            [_seconds(point.centre), *map(_percent, (point.low, point.middle, point.high))]
            for point in view.ahead
        ],
    }


def api_content(view: DayView) -> dict[str, Any]:
    """What the API answers."""
    curve = view.curve
    kinds: dict[str, list[dict[str, Any]]] = {"observed": [], "usual": [], "forecast": []}
    for row in curve_rows(view):
        told = zip(ROW_NAMES[1:], row[1:], strict=True)
        kinds[row.kind].append({name: value for name, value in told if value is not None})
    return {
        "source": curve.source,
        "day": curve.day,
        "version": view.version,
        "observed_at": curve.latest and curve.latest.at,
        "level": curve.latest and curve.latest.level,
        "model_version": curve.model_version,
        "simulated": curve.is_simulated,
        **kinds,
    }


def curve_rows(view: DayView) -> Iterator[CurveRow]:
    """Every value of a curve as a row of one table."""
    curve = view.curve
    for place, level in enumerate(curve.observed):
        if level is not None:
            at = curve.quarter(place)
            yield CurveRow("observed", at, at + QUARTER, level)
    for place, usual in enumerate(curve.usual):
        if usual is not None:
            at = curve.hour(place)
            yield CurveRow("usual", at, at + HOUR, usual.middle, usual.low, usual.high)
    for point in view.ahead:
        yield CurveRow("forecast", *point)


def _point_of_hour(at: datetime, found: Forecast) -> AheadPoint:
    band: Band = "history" if found.is_band_observed else "simulation"
    return AheadPoint(at, at + HOUR, found.middle, found.low, found.high, band)


def _point_of_lead(at: datetime, lead: LeadForecast) -> AheadPoint:
    # The fastest is the least congested.
    low, middle, high = (
        round(congestion_level(ratio), _DECIMALS) for ratio in (lead.p90, lead.p50, lead.p10)
    )
    return AheadPoint(at, at, middle, low, high, "learner")


def _watched(store: Store, source: Source) -> Watched[DayCurve]:
    return Watched(
        f"the curve of the day of the {source} feed",
        partial(store.day_stamp, source),
        lambda _last: store.day(source),
    )


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _percent(level: float) -> int:
    return round(100 * level)
