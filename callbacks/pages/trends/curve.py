"""The view of a day's curve."""

from __future__ import annotations

from typing import Final

from callbacks.pages.trends.page_view import Asked, PageView
from components.trends.curve import build_curve
from services.plain.trends.curve import MEASURES, CurveQuery


def _query(asked: Asked) -> CurveQuery:
    return CurveQuery(
        place=asked.place,
        day=asked.day("jour", asked.today),
        measure=asked.choice("mesure", MEASURES, MEASURES[0]),
        other_day=asked.maybe_day("jour2"),
        period=asked.maybe_period(),
    )


VIEW: Final = PageView(
    name="courbe",
    controls=("lieu", "jour", "mesure", "jour2", "du", "au", "jours"),
    query=_query,
    build=lambda texts, answer, asked: build_curve(texts, answer, _query(asked)),
)
