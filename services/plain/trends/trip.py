"""How long a route takes by when one leaves: as driven, usually, and as forecast."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal

import msgspec

from services.plain.trends.asking import Query
from services.plain.trends.common import USUAL_REACH

DAYS_AHEAD: Final = 7
"""How many days to come can be asked for: the forecast is of an ordinary week."""

TripKind = Literal["driven", "forecast", "usual"]
"""What a time is: measured, forecast, or what is usual where there is neither."""


class TripNow(msgspec.Struct, frozen=True):
    """Who leaves now.

    Parameters
    ----------
    at : datetime
        Aware, UTC.
    local_hour : float
        The same by the city's clock.
    duration_s : float
    high_s : float or None
        What it takes longer than once in ten times.
    usual_s : float or None
    """

    at: datetime
    local_hour: float
    duration_s: float
    high_s: float | None
    usual_s: float | None


class TripAnswer(msgspec.Struct, frozen=True):
    """A day by departures; what has a value a departure is None where it cannot be told.

    Parameters
    ----------
    start : datetime
        Midnight in the city, aware, UTC.
    step_s : int
        Between two departures.
    local_hours : sequence of float
        Of each departure by the city's clock, 0 to 24.
    length_m, free_s : float
        Of the route; what it takes in free flow, None where that is not known.
    driven_s : sequence of float or None
        Seconds, by driving through what was measured.
    usual_s, usual_low_s, usual_high_s : sequence of float or None
        Median, P10 and P90 of the drives of the days like this one before it
        (``services.trends.periods``).
    forecast_s, high_s : sequence of float or None
        Seconds by driving through what is forecast, and what is exceeded once in ten times.
    closed : sequence of int
        Departures that met a closed segment.
    now : TripNow or None
        Of today, where that can be told.
    usual_days : int
        How many days what is usual is made of.
    high_from : {"days", "segments"} or None
        Whether P90 is told by how much the days of that weekday differed, or by all segments being
        as slow as each is once in ten times; None without a forecast.
    has_nowcast : bool
        Whether the next hour is that of the nowcast.
    is_simulated : bool
        Whether the model of the week learned from simulated traffic.
    is_holiday : bool
        Whether the day is a public holiday, which is like Sundays.
    """

    start: datetime
    step_s: int
    local_hours: Sequence[float]
    length_m: float
    free_s: float | None
    driven_s: Sequence[float | None]
    usual_s: Sequence[float | None]
    usual_low_s: Sequence[float | None]
    usual_high_s: Sequence[float | None]
    forecast_s: Sequence[float | None]
    high_s: Sequence[float | None]
    closed: Sequence[int]
    now: TripNow | None
    usual_days: int
    high_from: Literal["days", "segments"] | None
    has_nowcast: bool
    is_simulated: bool
    is_holiday: bool = False


class TripQuery(Query[TripAnswer], frozen=True, tag="trajet"):
    """The departures of a day that is over, of today or of the next days.

    Parameters
    ----------
    place : str
        Key of a corridor or a stretch.
    """

    place: str
    day: date

    def days(self) -> tuple[date, date] | None:
        """The day, and as far back as what is usual goes."""
        return self.day - USUAL_REACH, self.day + timedelta(days=1)


class Departure(msgspec.Struct, frozen=True):
    """One departure, told by the best that is known of it.

    Parameters
    ----------
    local_hour : float
    kind : TripKind
    duration_s : float
    usual_s : float or None
    high_s : float or None
        What it takes longer than once in ten times; of what was driven None.
    """

    local_hour: float
    kind: TripKind
    duration_s: float
    usual_s: float | None
    high_s: float | None


def departures(answer: TripAnswer) -> list[Departure | None]:
    """Each departure of an answer; None of those of which nothing can be told."""
    return [_departure(answer, place) for place in range(len(answer.local_hours))]


def best_departure(
    answer: TripAnswer, from_hour: float, to_hour: float
) -> tuple[Departure, Departure] | None:
    """The quickest departure within some hours of the clock, both included, and the slowest.

    Of equal ones the earlier; those that began already are left out today. None where none of them
    can be told.
    """
    after = answer.now.local_hour if answer.now is not None else 0.0
    inside = [
        one
        for one in departures(answer)
        if one is not None and max(from_hour, after) <= one.local_hour <= to_hour
    ]
    if not inside:
        return None
    return (
        min(inside, key=lambda one: one.duration_s),
        max(inside, key=lambda one: one.duration_s),
    )


def _departure(answer: TripAnswer, place: int) -> Departure | None:
    usual_s = answer.usual_s[place]
    told: tuple[tuple[TripKind, float | None, float | None], ...] = (
        ("driven", answer.driven_s[place], None),
        ("forecast", answer.forecast_s[place], answer.high_s[place]),
        # Who met a closed road did not drive as usual.
        ("usual", None if place in answer.closed else usual_s, answer.usual_high_s[place]),
    )
    for kind, duration_s, high_s in told:
        if duration_s is not None:
            return Departure(answer.local_hours[place], kind, duration_s, usual_s, high_s)
    return None
