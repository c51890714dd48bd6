"""The view of what lost time costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dash.development.base_component import Component

from callbacks.pages.trends.names import own_words
from callbacks.pages.trends.page_view import Asked, PageView, whole_weeks
from components.trends.cost import build_cost
from services.base.texts import Texts
from services.plain.trends.cost import CostAnswer, CostQuery


def _query(asked: Asked) -> CostQuery:
    return CostQuery(asked.place, asked.period())


def _build(texts: Texts, answer: CostAnswer, asked: Asked) -> Sequence[Component]:
    return build_cost(texts, answer, own_words(asked.network, asked.place, texts))


VIEW: Final = PageView("cout", ("lieu", "du", "au", "jours"), _query, _build, whole_weeks)
