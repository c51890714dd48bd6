"""The view of the days of a period."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from callbacks.pages.trends.names import period_words
from callbacks.pages.trends.page_view import Asked, PageView
from components.trends.days import build_days
from services.plain.trends.common import Period
from services.plain.trends.curve import MEASURES
from services.plain.trends.days import DaysQuery

# Half a year: what fits on a page, and shows holidays beside what is usual.
_DAYS: Final = 182
_FROM: Final = "07:00"
_TO: Final = "20:00"


def _query(asked: Asked) -> DaysQuery:
    return DaysQuery(
        place=asked.place,
        period=_period(asked),
        measure=asked.choice("mesure", MEASURES, MEASURES[0]),
        from_hour=asked.hour("h1", 7.0),
        # Midnight is the end of the day.
        to_hour=asked.hour("h2", 20.0) or 24.0,
    )


def _period(asked: Asked) -> Period:
    first, last = asked.maybe_day("du"), asked.maybe_day("au") or asked.today
    return Period(first or last - timedelta(days=_DAYS - 1), last)


def _defaults(today: date) -> Mapping[str, str]:
    first = today - timedelta(days=_DAYS - 1)
    return {"du": first.isoformat(), "au": today.isoformat(), "h1": _FROM, "h2": _TO}


VIEW: Final = PageView(
    name="calendrier",
    controls=("lieu", "du", "au", "mesure", "h1", "h2"),
    query=_query,
    build=lambda texts, answer, asked: build_days(texts, answer, asked.place),
    defaults=_defaults,
    when=lambda texts, asked: period_words(texts, _period(asked)),
)
