"""Today's curve of congestion: what was observed, what is usual and what is forecast.

The level is that of ``services.traffic.indicators.congestion_level`` of the whole network. The
worker writes the curve of a source as one small file after each snapshot, so that no page waits for
a history to be read.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Final, NamedTuple

import msgspec

from services.base.errors import StorageError
from services.city.city import City
from services.traffic.snapshot import Source

HOUR: Final = timedelta(hours=1)
QUARTER: Final = timedelta(minutes=15)
_QUARTERS_PER_HOUR: Final = HOUR // QUARTER
_DECIMALS: Final = 4
_VERSION_BYTES: Final = 6


class Level(NamedTuple):
    """A congestion level (0.5: a trip takes half as long again) and when it was observed (UTC)."""

    at: datetime
    level: float


class Spread(NamedTuple):
    """A congestion level, and what it lies between four times in five (P10, P50, P90)."""

    low: float
    middle: float
    high: float


class Forecast(NamedTuple):
    """A level that is forecast, in its band, and whether that was observed on this network."""

    low: float
    middle: float
    high: float
    is_band_observed: bool


@dataclass(frozen=True)
class DayCurve:
    """A day in the city, from midnight to midnight: 23 to 25 hours.

    Attributes
    ----------
    source : {"live", "demo"}
        Whose feed.
    day : date
        In the city.
    start : datetime
        Its midnight, aware, UTC.
    observed : tuple of float or None
        The mean level of each quarter of an hour; None where nothing was observed, or not yet.
    latest : Level or None
        The last one observed.
    usual : tuple of Spread or None
        Of each hour, as seen at that hour of the week; None where too little was seen.
    forecast : tuple of Forecast or None
        Of each hour, as it was forecast before it began; None without a model. Its band is that of
        ``services.forecast.network_levels``.
    model_version : str or None
        Of the forecast of hours to come.
    is_simulated : bool
        Whether that model learned from simulated traffic.
    """

    source: Source
    day: date
    start: datetime
    observed: tuple[float | None, ...]
    latest: Level | None
    usual: tuple[Spread | None, ...]
    forecast: tuple[Forecast | None, ...]
    model_version: str | None = None
    is_simulated: bool = False

    @cached_property
    def version(self) -> str:
        """Changes with any of the content."""
        return hashlib.blake2b(encode_day(self), digest_size=_VERSION_BYTES).hexdigest()

    def hour(self, place: int) -> datetime:
        """When an hour of the curve begins, aware, UTC."""
        return self.start + place * HOUR

    def quarter(self, place: int) -> datetime:
        """When a quarter of an hour of the curve begins, aware, UTC."""
        return self.start + place * QUARTER

    @property
    def end(self) -> datetime:
        """The next midnight, aware, UTC."""
        return self.hour(len(self.usual))


def hours_of_day(city: City, day: date) -> list[datetime]:
    """When each hour of a day in a city begins, aware, UTC: 23 to 25 of them."""
    start = city.midnight(day)
    count = (city.midnight(day + timedelta(days=1)) - start) // HOUR
    return [start + place * HOUR for place in range(count)]


def quarter_means(start: datetime, hours: int, levels: Mapping[int, float]) -> list[float | None]:
    """The mean level of each quarter of an hour of a day.

    Parameters
    ----------
    levels : mapping
        By observation time, seconds since 1970 UTC; those of other days are left out.
    """
    found: list[list[float]] = [[] for _ in range(hours * _QUARTERS_PER_HOUR)]
    for epoch_s, level in levels.items():
        place = math.floor((epoch_s - start.timestamp()) / QUARTER.total_seconds())
        if 0 <= place < len(found):
            found[place].append(level)
    return [_rounded(sum(of) / len(of)) if of else None for of in found]


def latest_level(levels: Mapping[int, float]) -> Level | None:
    """The last level of a mapping as of :func:`quarter_means`."""
    if not levels:
        return None
    epoch_s = max(levels)
    return Level(datetime.fromtimestamp(epoch_s, UTC), _rounded(levels[epoch_s]))


def make_spread(low: float, middle: float, high: float) -> Spread | None:
    """A spread of levels, none of them below free flow; None where the middle is not known."""
    if math.isnan(middle):
        return None
    return Spread(_rounded(low), _rounded(middle), _rounded(high))


def encode_day(curve: DayCurve) -> bytes:
    """The curve as JSON: what the data directory keeps."""
    return msgspec.json.encode(curve)


def decode_day(city: City, document: bytes) -> DayCurve:
    """Read back :func:`encode_day`.

    Raises
    ------
    StorageError
        When the document is not such a curve, or is of no day in the city.
    """
    try:
        curve = msgspec.json.decode(document, type=DayCurve)
        hours = hours_of_day(city, curve.day)
    # What is nested without end is a RecursionError.
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError) as error:
        raise StorageError(f"not a curve of a day: {error}") from error
    lengths = len(curve.usual), len(curve.forecast), len(curve.observed)
    if curve.start != hours[0] or lengths != (
        len(hours),
        len(hours),
        len(hours) * _QUARTERS_PER_HOUR,
    ):
        raise StorageError("not a curve of a day: its hours are not those of the day")
    if curve.latest is not None and curve.latest.at.tzinfo is None:
        raise StorageError("not a curve of a day: a time without zone")
    return curve


def _rounded(level: float) -> float:
    # Sums of equal times may differ in their last digit.
    return round(max(0.0, level), _DECIMALS)
