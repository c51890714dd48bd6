"""The reference speed of each segment: what its traffic drives when nothing slows it, as measured.

Definition
----------
1. Space-mean speed of each hour: the harmonic mean of what is known of it, speeds above the limit
   counting as the limit (``services.history.hour_speeds``), for so do travel times.
2. Typical speed of each free-flowing hour of the week: the harmonic mean over eight weeks. All
   hours flow freely but Monday to Friday 6 to 9 h and 16 to 19 h.
3. The 85th percentile of these typical speeds.

Means, and not what single probes drove: of one or two cars in an hour some are lucky, and their
85th percentile is what nobody drives on average. In the simulation at 3 h the 85th percentile of
single hours reads 6 % congested, that of typical hours 1 % (docs/simulation.md).

With fewer hours than :data:`MIN_HOURS`, or days than :data:`MIN_DAYS`, a segment has none: so has
one that was closed for eight weeks: what it had before may be of another road. Free flow is then
that of its class and limit (``Network.free_flow_kmh``).

Sources
-------
FHWA, Urban Congestion Reports: free-flow speed is the 85th percentile of off-peak speeds (weekdays
9 to 16 h and 19 to 22 h, weekends 6 to 22 h). INRIX: reference speed, the 85th percentile of all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.base.errors import StorageError
from services.base.parquet_file import ParquetForm, numbers, texts
from services.city.city import City

REFERENCE_DAYS: Final = 56
QUANTILE: Final = 0.85
# Fewer tell of the days on which they were, and not of the road.
MIN_HOURS: Final = 20
MIN_DAYS: Final = 3

_WORKING_DAYS: Final = 5
_HOURS_PER_DAY: Final = 24
_HOURS_PER_WEEK: Final = 168
_RUSH_HOURS: Final = (6, 7, 8, 16, 17, 18)
_VERSION_BYTES: Final = 6
_FORM: Final = ParquetForm(b"traffic_reference", "a file of reference speeds", StorageError)


@dataclass(frozen=True, eq=False)
class ReferenceSpeeds:
    """What was measured of some segments; arrays have shape (segments,).

    Attributes
    ----------
    segment_ids : tuple of str
        By which any network finds them.
    speed_kmh : array of float
        NaN where nothing was measured.
    hours, days : array of int
        In how many free-flowing hours, and on how many days, it was.
    made_of : mapping
        Each UTC day that was looked at, as an ISO date, and a mark that changes with its rows.
    """

    segment_ids: tuple[str, ...]
    speed_kmh: NDArray[np.floating]
    hours: NDArray[np.integer]
    days: NDArray[np.integer]
    made_of: Mapping[str, str]

    @cached_property
    def is_enough(self) -> NDArray[np.bool_]:
        """Where enough was measured to speak of the road."""
        return (self.hours >= MIN_HOURS) & (self.days >= MIN_DAYS)

    @property
    def since(self) -> date | None:
        """The first UTC day looked at."""
        return min(map(date.fromisoformat, self.made_of), default=None)

    @property
    def until(self) -> date | None:
        """The last one."""
        return max(map(date.fromisoformat, self.made_of), default=None)

    @cached_property
    def version(self) -> str:
        """A fingerprint of the speeds and of which are enough."""
        digest = hashlib.blake2b(digest_size=_VERSION_BYTES)
        digest.update("\n".join(self.segment_ids).encode())
        digest.update(self.speed_kmh.astype(np.float32).tobytes())
        digest.update(self.is_enough.tobytes())
        return digest.hexdigest()


def is_free_flowing(hours_of_week: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which hours of the week, 0 for Monday 0 h, are outside the rush."""
    day, hour = np.divmod(hours_of_week, _HOURS_PER_DAY)
    return ~((day < _WORKING_DAYS) & np.isin(hour, _RUSH_HOURS))


def reference_speeds(
    hours_of_week: NDArray[np.int64], speed_kmh: NDArray[np.floating]
) -> NDArray[np.float64]:
    """The reference speed of each segment, km/h, shape (segments,); NaN where nothing is known.

    Parameters
    ----------
    hours_of_week : array of int, shape (hours,)
        Of each hour observed, in any order and as often as it was.
    speed_kmh : array, shape (hours, segments)
        Space-mean speeds; NaN where not known.
    """
    slowness = np.zeros((_HOURS_PER_WEEK, speed_kmh.shape[1]))
    seen = np.zeros_like(slowness)
    for place in np.flatnonzero(is_free_flowing(hours_of_week)):
        known = ~np.isnan(speed_kmh[place])
        slowness[hours_of_week[place], known] += 1.0 / speed_kmh[place, known]
        seen[hours_of_week[place]] += known
    typical_kmh = np.divide(seen, slowness, out=np.full_like(slowness, np.nan), where=seen > 0)
    return _quantile(typical_kmh)


def _quantile(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each column, between the two nearest values; NaN where it holds nothing else."""
    # Those that are not known come last.
    in_order = np.sort(values, axis=0)
    known = (~np.isnan(values)).sum(axis=0)
    place = QUANTILE * np.maximum(known - 1, 0)
    below = place.astype(np.int64)
    above = np.minimum(below + 1, np.maximum(known - 1, 0))
    column = np.arange(values.shape[1])
    low, high = in_order[below, column], in_order[above, column]
    found: NDArray[np.float64] = low + (high - low) * (place - below)
    return found


def encode_reference(city: City, reference: ReferenceSpeeds) -> bytes:
    """Reference speeds as one Parquet file: a row for each segment."""
    header = {"city": city.name, "made_of": dict(reference.made_of)}
    columns = {
        "segment_id": pa.array(reference.segment_ids, pa.string()),
        "speed_kmh": pa.array(reference.speed_kmh.astype(np.float32)),
        "hours": pa.array(reference.hours.astype(np.uint16)),
        "days": pa.array(reference.days.astype(np.uint8)),
    }
    return _FORM.encode(pa.table(columns), header)


def decode_reference(city: City, document: bytes) -> ReferenceSpeeds:
    """Read back :func:`encode_reference`.

    Raises
    ------
    StorageError
        When the document is not such a file, or another city's.
    """
    with _FORM.decoded(document) as (table, header):
        if header["city"] != city.name:
            raise ValueError(f"of {str(header['city'])[:40]!r}")
        made_of = {
            date.fromisoformat(day).isoformat(): str(mark)
            for day, mark in dict(header["made_of"]).items()
        }
        found = ReferenceSpeeds(
            segment_ids=texts(table.column("segment_id")),
            speed_kmh=numbers(table.column("speed_kmh")),
            hours=numbers(table.column("hours")),
            days=numbers(table.column("days")),
            made_of=made_of,
        )
        is_speed = np.isfinite(found.speed_kmh) & (found.speed_kmh > 0)
        if not (np.isnan(found.speed_kmh) | is_speed).all():
            raise ValueError("a speed that none is")
        return found
