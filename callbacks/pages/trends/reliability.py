"""The view of reliability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dash.development.base_component import Component

from callbacks.pages.trends.names import own_words
from callbacks.pages.trends.page_view import Asked, PageView, whole_weeks
from components.trends.reliability import build_reliability
from services.base.texts import Texts
from services.plain.trends.reliability import ReliabilityAnswer, ReliabilityQuery


def _query(asked: Asked) -> ReliabilityQuery:
    period = asked.period()
    return ReliabilityQuery(asked.place, period.first, period.last)


def _build(texts: Texts, answer: ReliabilityAnswer, asked: Asked) -> Sequence[Component]:
    names = {one.place: own_words(asked.network, one.place, texts) for one in answer.places}
    return build_reliability(texts, answer, names)


VIEW: Final = PageView("fiabilite", ("lieu", "du", "au"), _query, _build, whole_weeks)
