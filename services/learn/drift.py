"""Drift of the inputs: how far the speed ratios of the last days lie from the usual ones.

The measure is the Wasserstein distance (Earth mover's, Villani 2009; scipy's
``wasserstein_distance``) between two distributions of a zone's speed ratio, at
the same hours of the week. It is in units of the ratio: 0.05 means that traffic
moved by five points of free flow on average. A test such as Kolmogorov-Smirnov's
would not do: with hundreds of observations a day that depend on one another it
calls every difference significant, and says nothing of its size.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from services.city.city import City
from services.forecast.observed_counts import ZONE_BIN_CENTRES
from services.history import layout
from services.history.hour_of_week import HOURS_PER_DAY, HOURS_PER_WEEK
from services.learn.observations import observed_zones
from services.operations.database import Operations
from services.operations.tables import DriftMeasure
from services.traffic.snapshot import Source

log = logging.getLogger(__name__)

# Three days show a change soon, and one odd day does not make it alone.
RECENT_DAYS: Final = 3
# A slot of the usual week seen less often than two hours of a feed every 3 minutes, or eight of one
# every 15, shows a day and not a habit.
MIN_USUAL_COUNT: Final = 8

HOUR_CLASSES: Final[Mapping[str, tuple[int, ...]]] = {
    "night": (22, 23, 0, 1, 2, 3, 4, 5),
    "morning_peak": (7, 8, 9),
    "evening_peak": (16, 17, 18),
    "day": (6, 10, 11, 12, 13, 14, 15, 19, 20, 21),
}
"""The hours of each class, local to the city: drift at night and in a rush hour differ."""


def measure_drift(
    city: City, data_dir: Path, source: Source, operations: Operations, now: datetime
) -> list[DriftMeasure]:
    """Measure the drift up to yesterday, once a day.

    Parameters
    ----------
    now : datetime
        Aware.

    Returns
    -------
    list of DriftMeasure
        What was measured and recorded now; empty if yesterday has been measured
        already, or too little is known yet.

    Raises
    ------
    StorageError
    """
    yesterday = city.local(now).date() - timedelta(days=1)
    query = select(DriftMeasure.day).where(
        DriftMeasure.source == source, DriftMeasure.day == yesterday
    )
    with operations.begin() as session:
        if session.scalars(query).first() is not None:
            return []
    # UTC days: an hour or two off the local ones, which three days do not feel.
    recent = [yesterday - timedelta(days=back) for back in range(RECENT_DAYS)]
    if not set(recent) <= set(layout.days(data_dir, source)):
        return []
    observed = observed_zones(city, data_dir, source, recent[-1], recent[0])
    usual = observed.usual.counted_before(recent[-1])
    seen = sum(observed.counts[day] for day in recent if day in observed.counts)
    found = [
        DriftMeasure(
            source=source, day=yesterday, zone=zone, hour_class=hour_class, distance=distance
        )
        for zone, hour_class, distance in distances(city, np.asarray(seen), usual)
    ]
    with operations.begin() as session:
        session.add_all(found)
    if found:
        log.info("drift of source %s measured up to %s", source, yesterday)
    return found


def distances(
    city: City, seen: NDArray[np.int64], usual: NDArray[np.int64]
) -> Iterator[tuple[str, str, float]]:
    """Distance of what was seen from the usual, by zone and class of hours.

    Only hours of the week that both know are compared, each weighted by how often
    it was seen: a weekend is compared with weekends.

    Parameters
    ----------
    seen, usual : array of int, shape (HOURS_PER_WEEK, zones, ZONE_BINS)
        Speed ratios counted in bins of ``services.history.ratio_histogram``.

    Yields
    ------
    tuple
        Zone, class of hours, distance in units of the ratio.
    """
    # It takes seconds to import: the worker's first observation need not wait for it.
    from scipy.stats import wasserstein_distance  # noqa: PLC0415

    hour_of_day = np.arange(HOURS_PER_WEEK) % HOURS_PER_DAY
    for code, zone in enumerate(city.zone_choices):
        known = usual[:, code].sum(axis=1) >= MIN_USUAL_COUNT
        known &= seen[:, code].sum(axis=1) > 0
        for name, hours in HOUR_CLASSES.items():
            slots = known & np.isin(hour_of_day, hours)
            if not slots.any():
                continue
            now, before = seen[slots, code], usual[slots, code]
            shares = before / before.sum(axis=1, keepdims=True)
            expected = (shares * now.sum(axis=1, keepdims=True)).sum(axis=0)
            distance = wasserstein_distance(
                ZONE_BIN_CENTRES, ZONE_BIN_CENTRES, now.sum(axis=0), expected
            )
            yield zone, name, float(distance)
