"""The view of the hours of a week."""

from __future__ import annotations

from typing import Final

from callbacks.pages.trends.page_view import Asked, PageView, whole_weeks
from components.trends.week import build_week
from services.plain.trends.curve import MEASURES
from services.plain.trends.week import STATISTICS, WeekQuery


def _query(asked: Asked) -> WeekQuery:
    return WeekQuery(
        place=asked.place,
        period=asked.period(),
        measure=asked.choice("mesure", MEASURES, MEASURES[0]),
        statistic=asked.choice("chiffre", STATISTICS, STATISTICS[0]),
    )


VIEW: Final = PageView(
    name="semaine",
    controls=("lieu", "du", "au", "jours", "mesure", "chiffre"),
    query=_query,
    build=lambda texts, answer, _asked: build_week(texts, answer),
    defaults=whole_weeks,
)
