"""The view that is a report to be printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dash.development.base_component import Component

from callbacks.pages.trends.exports import source_words
from callbacks.pages.trends.names import period_words, place_words
from callbacks.pages.trends.page_view import Asked, PageView, whole_weeks
from components.trends.report import ReportFrame, build_report
from services.base.texts import Texts
from services.plain.trends.report import ReportAnswer, ReportQuery


def _query(asked: Asked) -> ReportQuery:
    return ReportQuery(asked.place, asked.period())


def _build(texts: Texts, answer: ReportAnswer, asked: Asked) -> Sequence[Component]:
    network = asked.network
    frame = ReportFrame(
        place=place_words(network, asked.place, texts),
        period=period_words(texts, asked.period()),
        source=source_words(texts, asked),
        dataset_url=network.city.dataset_url,
        licence_url=network.city.licence_url,
        network_version=network.version,
        is_simulated=asked.is_simulated,
        local=network.city.local,
    )
    return build_report(texts, answer, frame)


VIEW: Final = PageView("rapport", ("lieu", "du", "au"), _query, _build, whole_weeks)
