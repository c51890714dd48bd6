"""The page: one address says what is shown, one callback reads it and asks the archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

import dash
from dash import ClientsideFunction, Dash, Input, Output, State, no_update

from callbacks.http.language import requested_language
from callbacks.pages.subpage import Pages, add_page_apart
from callbacks.pages.trends import curve
from callbacks.pages.trends.page_view import Asked, PageView
from components.subpage import Subpage
from components.trends import controls, page
from services.base.errors import InvalidRequest
from services.base.texts import Texts, load_texts
from services.plain.trends.asking import Away, Busy, Done, Failed, Outcome, Queued, Running
from services.roles.assembly import Services
from services.traffic.stretch_wording import stretch_words
from services.trends.places import corridor_of, keys_of, stretch_of

PATH: Final = "/tendances"
SECTION: Final = "trends"
# In the order of their links.
VIEWS: Final[tuple[PageView, ...]] = (curve.VIEW,)
_SCRIPTS: Final = ("trends_address.js",)
_WAIT_SECONDS: Final = 0.25


def register(pages: Pages, services: Services) -> None:
    """Add the page."""
    views = {view.name: view for view in VIEWS}

    def layout(texts: Texts) -> Subpage:
        shown_controls = {view.name: tuple(view.controls) for view in VIEWS}
        return page.build_page(texts, shown_controls, place_options(services, texts))

    app = add_page_apart(pages, PATH, SECTION, layout, _SCRIPTS)
    _keep_address(app)

    @app.callback(
        Output(page.RESULT_ID, "children"),
        Output(page.STATE_ID, "children"),
        Output(page.POLL_ID, "disabled"),
        Output(page.STOP_ID, "hidden"),
        Input(page.ADDRESS_ID, "search"),
        Input(page.POLL_ID, "n_intervals"),
        Input(page.STOP_ID, "n_clicks"),
    )
    def show(
        search: str | None, _ticks: int | None, _stops: int | None
    ) -> tuple[Any, Any, bool, bool]:
        texts = load_texts(requested_language())
        asked = asked_of(services, search or "")
        if asked is None:
            return page.build_problem(texts, "no_network"), "", True, True
        view = views.get(asked.parts.get("vue", VIEWS[0].name))
        try:
            if view is None:
                raise InvalidRequest("vue", asked.parts["vue"], "one of " + ", ".join(views))
            query = view.query(asked)
        except InvalidRequest as error:
            problem = page.build_invalid(texts, error.parameter, str(error.value))
            return problem, "", True, True
        if dash.ctx.triggered_id == page.STOP_ID:
            services.trends.stop(query)
            return page.build_problem(texts, "stopped"), "", True, True
        outcome = services.trends.ask(query, _WAIT_SECONDS)
        return shown(texts, view, asked, outcome)


def shown(
    texts: Texts, view: PageView, asked: Asked, outcome: Outcome[Any]
) -> tuple[Any, Any, bool, bool]:
    """What the outcome of a question looks like: result, state, and whether that is the end."""
    if isinstance(outcome, Done):
        return list(view.build(texts, outcome.answer, asked)), "", True, True
    if isinstance(outcome, Running | Queued | Busy):
        # What was shown before stays until there is something else.
        return no_update, page.build_state(texts, outcome), False, isinstance(outcome, Busy)
    reason = outcome.reason if isinstance(outcome, Failed) else "away"
    # Who is away may come back: it is asked again.
    return page.build_problem(texts, reason), "", not isinstance(outcome, Away), True


def asked_of(services: Services, search: str) -> Asked | None:
    """What an address asks for; None where no network is known yet."""
    view = services.traffic.view()
    if view is None:
        return None
    parts = dict(parse_qsl(search.removeprefix("?"), max_num_fields=controls.MOST_PARTS))
    return Asked(parts, view.network, services.today())


def place_options(services: Services, texts: Texts) -> Sequence[Mapping[str, str]]:
    """The places that the page offers, with their names."""
    view = services.traffic.view()
    if view is None:
        return []
    network, found = view.network, []
    for kind, keys in keys_of(network).items():
        for key in keys:
            label = place_words(network, key, texts)
            found.append({"value": key, "label": f"{texts['trends_place'][kind]} {label}".strip()})
    return found


def place_words(network: Any, key: str, texts: Texts) -> str:
    """What a place is called."""
    kind, _, name = key.partition(":")
    if (corridor := corridor_of(network, key)) is not None:
        way = corridor.way
        side = texts["corridors"].get(way.side) if way.side else None
        return f"{way.name}, {side}" if side else f"{way.name} → {way.towards}"
    if (stretch := stretch_of(network, key)) is not None:
        return stretch_words(stretch, texts)
    return str(texts["zone"].get(name, name)) if kind == "zone" else ""


def _keep_address(app: Dash) -> None:
    """Controls write the address, and the address sets the controls."""
    app.clientside_callback(
        ClientsideFunction("trends", "address"),
        Output(page.ADDRESS_ID, "search"),
        *(Output(controls.id_of(name), "value") for name in controls.CONTROLS),
        Output(page.FORM_ID, "data-view"),
        Input(page.ADDRESS_ID, "search"),
        *(Input(controls.id_of(name), "value") for name in controls.CONTROLS),
        State(page.FORM_ID, "data-view"),
    )
