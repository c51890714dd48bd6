"""What questions to the archive have in common."""

from __future__ import annotations

from datetime import date
from typing import Final, Literal, get_args

import msgspec

DaysKept = Literal["tous", "ouvres", "we"]
"""All days; working days, without public holidays; Saturdays, Sundays and public holidays."""
DAYS_KEPT: Final[tuple[DaysKept, ...]] = get_args(DaysKept)
MAX_PERIOD_DAYS: Final = 800


class Period(msgspec.Struct, frozen=True):
    """Days in the city, both included."""

    first: date
    last: date
    days: DaysKept = "tous"
