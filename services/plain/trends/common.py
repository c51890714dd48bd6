"""What questions to the archive have in common."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, Literal, get_args

import msgspec

DaysKept = Literal["tous", "ouvres", "we"]
"""All days; working days, without public holidays; Saturdays, Sundays and public holidays."""
DAYS_KEPT: Final[tuple[DaysKept, ...]] = get_args(DaysKept)
MAX_PERIOD_DAYS: Final = 800
USUAL_REACH: Final = timedelta(weeks=20)
"""How far back the days may lie that what is usual is made of."""
# Around each a year may be counted in either direction, and told in any time zone.
FIRST_DAY: Final = date(1970, 1, 1)
LAST_DAY: Final = date(2199, 12, 31)


def day_of(text: str) -> date | None:
    """A day as addresses have it; None where it is none that may be asked about.

    >>> day_of("2026-11-24")
    datetime.date(2026, 11, 24)
    >>> day_of("9999-12-31"), day_of("20261124")
    (None, None)
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # Python reads 20261124 and 2026-W48-2 as well: each day has one address.
    return day if FIRST_DAY <= day <= LAST_DAY and day.isoformat() == text else None


class Period(msgspec.Struct, frozen=True):
    """Days in the city, both included."""

    first: date
    last: date
    days: DaysKept = "tous"
