"""The hour of the week in a city: what traffic repeats itself by.

Hour 0 is Monday 0 h to 1 h, hour 167 Sunday 23 h to midnight. The hour that
comes twice in October counts twice, the one that never comes in March not at all.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.city.city import City

HOURS_PER_DAY: Final = 24
HOURS_PER_WEEK: Final = 168
_SECONDS_PER_HOUR: Final = 3_600


def hour_of_week(city: City, moment: datetime) -> int:
    """The hour of the week of an aware time.

    Examples
    --------
    >>> from datetime import UTC
    >>> from services.city.rennes import RENNES
    >>> hour_of_week(RENNES, datetime(2026, 11, 23, 7, 40, tzinfo=UTC))
    8
    """
    local = city.local(moment)
    return local.weekday() * HOURS_PER_DAY + local.hour


def hours_of_week(city: City, epoch_seconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """The hour of the week of many times, seconds since 1970 UTC, shape (times,)."""
    # Offsets of a city are whole hours: each hour is looked up once, whatever its times.
    hours = epoch_seconds // _SECONDS_PER_HOUR
    first = int(hours.min()) if len(hours) else 0
    last = int(hours.max()) if len(hours) else -1
    starts = np.arange(first, last + 1) * _SECONDS_PER_HOUR
    of_hour = [hour_of_week(city, datetime.fromtimestamp(start, UTC)) for start in starts.tolist()]
    found: NDArray[np.int64] = np.array(of_hour, np.int64)[hours - first]
    return found
