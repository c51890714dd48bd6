"""The view of the bottlenecks of a period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dash import ClientsideFunction, Dash, Input, Output, State, no_update
from dash.development.base_component import Component

from callbacks.http.dash_requests import text_of
from callbacks.http.language import requested_language
from callbacks.pages.trends.page_view import Asked, PageView, asked_of, asker_of, whole_weeks
from components.trends import bottlenecks
from components.trends.page import ADDRESS_ID, ASKER_ID
from services.base.errors import InvalidRequest
from services.base.texts import Texts, load_texts
from services.plain.trends.asking import Done
from services.plain.trends.bottlenecks import BottlenecksAnswer, BottlenecksQuery
from services.roles.assembly import Services
from services.trends.places import WHOLE

# It was answered before, for there is a table: it is kept, or made again meanwhile, for which no
# thread of the pages waits for longer.
_WAIT_SECONDS: Final = 0.5


def _query(asked: Asked) -> BottlenecksQuery:
    place = WHOLE if asked.place == WHOLE else asked.route
    return BottlenecksQuery(place=place, period=asked.period())


def _build(texts: Texts, answer: BottlenecksAnswer, asked: Asked) -> Sequence[Component]:
    chosen = asked.parts.get("tete")
    return bottlenecks.build_bottlenecks(texts, answer, chosen)


def _react(app: Dash, services: Services) -> None:
    app.clientside_callback(
        ClientsideFunction("trends_tables", "choose"),
        Output(bottlenecks.GRID_ID, "id"),
        Input(bottlenecks.GRID_ID, "selectedRows"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output(bottlenecks.DETAIL_ID, "children"),
        Input(bottlenecks.GRID_ID, "selectedRows"),
        State(ADDRESS_ID, "search"),
        State(ASKER_ID, "data"),
        prevent_initial_call=True,
    )
    def show_chosen(rows: Any, search: str | None, asker: str | None) -> Any:
        head, asker = _head(rows), asker_of(asker)
        try:
            asked = asked_of(services, text_of("search", search))
            query = None if asked is None else _query(asked)
        except InvalidRequest:  # said above, where the table would be
            return no_update
        if not head or query is None:
            return no_update
        outcome = services.trends.ask(query, _WAIT_SECONDS, asker)
        if not isinstance(outcome, Done):
            return no_update
        row = bottlenecks.row_of(outcome.answer, head)
        return bottlenecks.build_detail(load_texts(requested_language()), outcome.answer, row)


def _head(rows: Any) -> str:
    """The head of the queue in the row that is chosen; empty where none is."""
    first = rows[0] if isinstance(rows, list) and rows else None
    return str(first.get("head", "")) if isinstance(first, dict) else ""


VIEW: Final = PageView(
    name="bouchons",
    controls=("lieu", "du", "au", "jours"),
    query=_query,
    build=_build,
    defaults=whole_weeks,
    react=_react,
)
