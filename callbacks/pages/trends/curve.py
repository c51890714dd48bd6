"""The view of a day's curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dash.development.base_component import Component

from callbacks.pages.trends.page_view import Asked, PageView
from components.trends.curve import build_curve
from services.base.texts import Texts
from services.plain.trends.address import PATH
from services.plain.trends.curve import MEASURES, CurveAnswer, CurveQuery


def _query(asked: Asked) -> CurveQuery:
    return CurveQuery(
        place=asked.place,
        day=asked.day("jour", asked.today),
        measure=asked.choice("mesure", MEASURES, MEASURES[0]),
        other_day=asked.maybe_day("jour2"),
        period=asked.maybe_period(),
    )


def _build(texts: Texts, answer: CurveAnswer, asked: Asked) -> Sequence[Component]:
    return build_curve(texts, answer, _query(asked))


NAME: Final = "courbe"
ADDRESS: Final = f"{PATH}/?vue={NAME}"
VIEW: Final = PageView(
    name=NAME,
    controls=("lieu", "jour", "mesure", "jour2", "du", "au", "jours"),
    query=_query,
    build=_build,
)
