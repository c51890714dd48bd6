"""The page ``/qualite``: how right the forecasts were, and what was decided about the models."""

from __future__ import annotations

import logging
from typing import Any, Final

from dash import Input, Output, State, no_update
from dash.development.base_component import Component
from flask import has_request_context

from callbacks.http.language import requested_language
from callbacks.pages.subpage import Pages, add_page
from components import quality as cards
from components.subpage import Subpage
from services.base.errors import ForecastUnavailable, StorageError
from services.base.texts import Texts, load_texts
from services.city.city import City
from services.operations.tables import Decision
from services.roles.assembly import Services
from services.traffic.snapshot import Source

log = logging.getLogger(__name__)

PATH: Final = "/qualite"
# Scores change once an hour.
REFRESH_SECONDS: Final = 300
_UNREACHABLE: Final = "unreachable"


def register(pages: Pages, services: Services) -> None:
    """Add the page."""

    def layout(texts: Texts) -> Subpage:
        # Dash asks once beforehand for the ids alone: a database is not waited for at the start.
        content, shown = current_content(services, texts) if has_request_context() else ([], "")
        return cards.build_quality_page(content, shown, refresh_seconds=REFRESH_SECONDS)

    page = add_page(pages, PATH, "quality", layout)

    @page.callback(
        Output(cards.CONTENT_ID, "children"),
        Output(cards.SHOWN_STORE_ID, "data"),
        Input(cards.REFRESH_ID, "n_intervals"),
        State(cards.SHOWN_STORE_ID, "data"),
        prevent_initial_call=True,
    )
    def refresh(_ticks: int | None, shown: str | None) -> tuple[Any, Any]:
        content, mark = current_content(services, load_texts(requested_language()))
        # An opened table stays open while there is no news.
        return (no_update, no_update) if mark == shown else (content, mark)


def current_content(services: Services, texts: Texts) -> tuple[list[Component], str]:
    """What the panel shows now, and a mark that changes with it."""
    try:
        quality = current_quality(services)
    except StorageError:
        return cards.build_unreachable(texts), _UNREACHABLE
    return cards.build_quality(texts, quality), repr(quality)


def current_quality(services: Services) -> cards.Quality:
    """The quality of the forecasts as plain data.

    Raises
    ------
    StorageError
        When the database of the scores cannot be read.
    """
    view = services.traffic.view()
    preferred: Source = "live"
    if view is not None and view.snapshot.source == "demo":
        preferred = "demo"
    report = services.quality.report(preferred)
    today = services.today()
    if report is None:
        return cards.Quality(today, today, preferred == "demo", [], _model_in_use(services), [])
    return cards.Quality(
        first_day=report.first_day,
        last_day=report.yesterday,
        is_simulated=report.source == "demo",
        leads=report.leads,
        model=_model_in_use(services),
        decisions=[_decision(item, services.city) for item in report.decisions],
    )


def _model_in_use(services: Services) -> cards.ModelInUse | None:
    try:
        table = services.forecasts.table()
    except ForecastUnavailable as error:
        log.warning("forecast unavailable: %s", error)
        return None
    learned = table.trained_on
    return cards.ModelInUse(
        version=table.model_version,
        is_simulated=table.is_simulated,
        days=learned.days,
        first_day=learned.first_day,
        last_day=learned.last_day,
    )


def _decision(decision: Decision, city: City) -> cards.DecisionMade:
    recorded = decision.figures
    names = {"challenger": "challenger_rps", "champion": "champion_rps", "average": "average_rps"}
    is_complete = all(isinstance(recorded.get(key), float) for key in names.values())
    return cards.DecisionMade(
        kind=decision.kind,
        version=decision.version,
        action=decision.action,
        reason=decision.reason,
        day=city.local(decision.decided_at).date(),
        scores={name: recorded[key] for name, key in names.items()} if is_complete else None,
        evaluated_days=days if isinstance(days := recorded.get("judged_days"), int) else 0,
    )
