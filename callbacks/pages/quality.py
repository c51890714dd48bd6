"""The page ``/qualite``: how right the forecasts were, and what was decided about the models."""

from __future__ import annotations

from typing import Any, Final

from dash import Input, Output, State, no_update
from dash.development.base_component import Component

from callbacks.http.language import requested_language
from callbacks.pages.subpage import Pages, add_page
from components import quality as cards
from components.subpage import Subpage
from services.base.errors import StorageError
from services.base.texts import Texts, load_texts
from services.city.city import City
from services.forecast.champions import SHIPPED_ARTIFACTS
from services.learn.models_in_use import models_in_use
from services.learn.summary import QualityRecord, headline
from services.operations.tables import KINDS, Decision, Kind
from services.plain.quality import ModelInUse
from services.roles.assembly import Services
from services.traffic.snapshot import Source

PATH: Final = "/qualite"
# Scores change once an hour.
REFRESH_SECONDS: Final = 300


def register(pages: Pages, services: Services) -> None:
    """Add the page."""

    def layout(texts: Texts) -> Subpage:
        content, shown = current_content(services, texts)
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
    """What the page shows now, and a mark that changes with it."""
    shown = services.shown_source()
    try:
        record = services.quality.record(shown)
    except StorageError:
        models = known_models(services, None)
        return cards.build_unreachable(texts, models), repr(models)
    quality = quality_of(services, record, shown)
    return cards.build_quality(texts, quality), repr(quality)


def quality_of(services: Services, record: QualityRecord | None, shown: Source) -> cards.Quality:
    """What is on record as plain data; None before the first record."""
    models = known_models(services, record)
    if record is None:
        today = services.today()
        return cards.Quality(today, today, today, shown == "demo", [], None, models)
    report = record.report
    return cards.Quality(
        first_day=report.first_day,
        last_day=report.yesterday,
        history_from=report.history_from,
        is_simulated=report.source == "demo",
        leads=report.leads,
        headline=headline(report.leads),
        models=models,
    )


def known_models(services: Services, record: QualityRecord | None) -> list[cards.KnownModel]:
    """Every kind of model, with what is on record of it."""
    in_use = {
        model.kind: model for model in models_in_use(services.settings.data_dir, SHIPPED_ARTIFACTS)
    }
    return [_known_model(services.city, kind, in_use.get(kind), record) for kind in KINDS]


def _known_model(
    city: City, kind: Kind, model: ModelInUse | None, record: QualityRecord | None
) -> cards.KnownModel:
    change = None if record is None else record.in_use_since.get(kind)
    is_of_model = change is not None and model is not None and change.version == model.version
    return cards.KnownModel(
        kind=kind,
        model=model,
        since=city.local(change.decided_at).date() if change and is_of_model else None,
        scored=None
        if record is None
        else headline(lead for lead in record.report.leads if lead.kind == kind),
        decisions=[]
        if record is None
        else [_decision(item, city) for item in record.decisions if item.kind == kind],
    )


def _decision(decision: Decision, city: City) -> cards.DecisionMade:
    recorded = decision.figures
    names = {"challenger": "challenger_rps", "champion": "champion_rps", "average": "average_rps"}
    is_complete = all(isinstance(recorded.get(key), float) for key in names.values())
    return cards.DecisionMade(
        version=decision.version,
        action=decision.action,
        reason=decision.reason,
        day=city.local(decision.decided_at).date(),
        scores={name: recorded[key] for name, key in names.items()} if is_complete else None,
        evaluated_days=days if isinstance(days := recorded.get("judged_days"), int) else 0,
    )
