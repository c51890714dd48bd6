"""How much the archive holds, in the frame of all views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final, Protocol

from dash import Dash, Input, Output, no_update

from callbacks.http.dash_requests import text_of
from callbacks.http.language import requested_language
from callbacks.pages.trends.asking import Asking
from callbacks.pages.trends.page_view import parts_of
from components.trends.coverage import ASKING_ID, LINE_ID, LOOK_MS, TIMER_ID, coverage_words
from components.trends.page import ADDRESS_ID
from services.base.errors import InvalidRequest
from services.base.texts import Texts, load_texts
from services.plain.trends.asking import Done, Failed, Outcome
from services.plain.trends.coverage import Coverage, CoverageQuery

# As ``services.trends.archive.NoHistory`` has it, which no serving process imports.
_NOTHING_YET: Final = "no_history"
_ASKING: Final = Asking(ASKING_ID, TIMER_ID)


class AsksCoverage(Protocol):
    """Whom the line is asked of: ``services.web.trends_client``."""

    def ask(self, query: CoverageQuery) -> Outcome[Coverage]:
        """How a question stands."""


def register(
    app: Dash, archive: AsksCoverage, views: Sequence[str], today: Callable[[], date]
) -> None:
    """Tell it as soon as it is known, and again of another view.

    Parameters
    ----------
    views : sequence of str
        Their names, the one first that is shown where the address names none.
    today : callable
        The day in the city.
    """
    _ASKING.register(app)

    @app.callback(
        Output(LINE_ID, "children"),
        Output(TIMER_ID, "disabled"),
        Output(TIMER_ID, "interval"),
        _ASKING.output,
        Input(ADDRESS_ID, "search"),
        Input(TIMER_ID, "n_intervals"),
        running=_ASKING.running,
    )
    def tell(search: str | None, _ticks: int | None) -> tuple[Any, ...]:
        try:
            view = parts_of(text_of("search", search)).get("vue", views[0])
        except InvalidRequest:  # said below
            view = views[0]
        texts, outcome = load_texts(requested_language()), archive.ask(CoverageQuery())
        return *told(texts, outcome, view, today()), LOOK_MS, _ASKING.answered


def told(texts: Texts, outcome: Outcome[Coverage], view: str, today: date) -> tuple[Any, bool]:
    """What the line says, and whether it need not be asked again."""
    if isinstance(outcome, Done):
        return coverage_words(texts, outcome.answer, view), True
    if isinstance(outcome, Failed) and outcome.reason == _NOTHING_YET:
        return coverage_words(texts, Coverage(today), view), True
    # What failed is told below, of the view itself.
    return no_update, isinstance(outcome, Failed)
