"""How much the archive holds: since when, how many days, and when there will be enough."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

import msgspec

from services.plain.trends.asking import Query

NEEDED_DAYS: Final[Mapping[str, int]] = {
    "courbe": 22,
    "trajet": 22,
    "fiabilite": 16,
    "avant-apres": 56,
    "semaine": 8,
    "bouchons": 2,
    "cout": 2,
    "rapport": 2,
}
"""Days until a view can tell all that it tells, by its name: today and three days of its name
before it; half of the four weeks that reliability is of at first, the first day, which began in
the middle, and today; four weeks before and as many after; a week, or a day, before today."""


class Coverage(msgspec.Struct, frozen=True):
    """What was observed of a source until today.

    Parameters
    ----------
    today : date
        In the city, as the others are.
    first_day, last_day : date or None
        The first and the last day of which anything was observed; None before any was.
    days : int
        On how many something was.
    share : float
        Of the quarters of an hour from the first to the last one that were observed, 0 to 1.
    """

    today: date
    first_day: date | None = None
    last_day: date | None = None
    days: int = 0
    share: float = 0.0

    def enough_on(self, days: int) -> date | None:
        """The day on which so many are there, if each from now on is observed; None: they are.

        Examples
        --------
        >>> held = Coverage(date(2026, 11, 30), date(2026, 11, 26), date(2026, 11, 30), 5, 1.0)
        >>> held.enough_on(5), held.enough_on(8)
        (None, datetime.date(2026, 12, 3))
        """
        missing = days - self.days
        if missing <= 0:
            return None
        # Today is one of those that are there, or will be.
        counts_today = self.last_day == self.today
        return self.today + timedelta(days=missing if counts_today else missing - 1)


class CoverageQuery(Query[Coverage], frozen=True, tag="archive"):
    """How much there is."""
