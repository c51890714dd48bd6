"""The page: one address says what is shown, one callback reads it and asks the archive."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple, Protocol

import dash
from dash import ClientsideFunction, Dash, Input, Output, State, no_update
from dash.development.base_component import Component

from callbacks.http import trends_exports
from callbacks.http.dash_requests import text_of
from callbacks.http.language import requested_language
from callbacks.pages.subpage import Pages, add_page_apart
from callbacks.pages.trends import (
    before_after,
    bottlenecks,
    cost,
    coverage,
    curve,
    days,
    reliability,
    replay,
    report,
    scan,
    trip,
    week,
)
from callbacks.pages.trends.asking import Asking
from callbacks.pages.trends.exports import exports_row
from callbacks.pages.trends.names import place_options, route_words
from callbacks.pages.trends.page_view import (
    Asked,
    PageView,
    RouteNeeded,
    asked_of,
    asker_of,
    new_asker,
)
from components.subpage import Subpage
from components.trends import controls, page
from services.base.errors import InvalidRequest
from services.base.texts import Texts, load_texts
from services.plain.trends.address import PATH
from services.plain.trends.asking import Away, Busy, Done, Failed, Outcome, Query, Queued, Running
from services.roles.assembly import Services

SECTION: Final = "trends"
GUIDE_PATH: Final = "/mode-d-emploi"
# In the order of their links, the one that plays a day last.
VIEWS: Final[tuple[PageView, ...]] = (
    curve.VIEW,
    week.VIEW,
    days.VIEW,
    scan.VIEW,
    trip.VIEW,
    bottlenecks.VIEW,
    reliability.VIEW,
    before_after.VIEW,
    cost.VIEW,
    report.VIEW,
)
_SCRIPTS: Final = (
    "trends_address.js",
    "trends_asking.js",
    "trends_export.js",
    "trends_figures.js",
    "trends_scan.js",
    "trends_tables.js",
    "trends_today.js",
    *replay.SCRIPTS,
)
_WAIT_SECONDS: Final = 0.25
_ASKING: Final = Asking(page.ASKING_ID, page.POLL_ID)
# Who has no place, or is away, has none in the next second either.
_AWAY_MS: Final = 5_000


class Asks(Protocol):
    """Whom the page asks: ``services.web.trends_client``."""

    def ask(self, query: Query[Any], wait_s: float, asker: str) -> Outcome[Any]:
        """How a question stands."""

    def stop(self, query: Query[Any], asker: str) -> None:
        """An asker does not want its answer any more."""


class Shown(NamedTuple):
    """What the callback of the page gives, in the order of its outputs.

    Attributes
    ----------
    heading, result, state
        Children of these elements.
    is_over : bool
        Whether it need not be asked again.
    is_unstoppable : bool
        Whether there is nothing to stop.
    pause_ms : int
        Until it is asked again, if it is.
    """

    heading: Any
    result: Any
    state: Any
    is_over: bool
    is_unstoppable: bool
    pause_ms: int = page.POLL_MS


def register(pages: Pages, services: Services) -> None:
    """Add the page; where nobody answers questions it says that and nothing leads there."""
    main, is_on = pages.main, services.settings.trends
    offered = (
        *(replay.beside_map(one, main, services) if one is scan.VIEW else one for one in VIEWS),
        replay.make_view(main, services),
    )

    def layout(texts: Texts) -> Subpage:
        today, view = services.today(), services.traffic.view()
        return page.build_page(
            texts,
            {one.name: tuple(one.controls) for one in offered},
            _in_force(offered, today),
            [] if view is None else place_options(view.network, texts),
            today=today,
            # A page that was closed asks no more; another of the same visitor is another asker.
            asker=new_asker(),
            is_simulated=services.shown_source() == "demo",
            guide_url=pages.address(GUIDE_PATH),
        )

    app = add_page_apart(pages, PATH, SECTION, layout, _SCRIPTS, is_offered=is_on)
    _keep_address(app)
    _follow_days(app, offered, services.today)
    names = [view.name for view in offered]
    coverage.register(app, services.trends, names, services.today)
    replay.register(app)
    _ASKING.register(app)
    for one in VIEWS:
        if one.react is not None:
            one.react(app, services)

    def question(search: str) -> Query[Any] | None:
        asked = asked_of(services, search)
        return None if asked is None else view_of(offered, asked).taken_away(asked)

    trends_exports.register(pages.main.server, services, PATH, question)

    @app.callback(
        Output(page.HEADING_ID, "children"),
        Output(page.RESULT_ID, "children"),
        Output(page.STATE_ID, "children"),
        Output(page.POLL_ID, "disabled"),
        Output(page.STOP_ID, "hidden"),
        Output(page.POLL_ID, "interval"),
        _ASKING.output,
        Input(page.ADDRESS_ID, "search"),
        Input(page.POLL_ID, "n_intervals"),
        Input(page.STOP_ID, "n_clicks"),
        State(page.ASKER_ID, "data"),
        running=_ASKING.running,
    )
    def show(
        search: str | None, _ticks: int | None, _stops: int | None, asker: str | None
    ) -> tuple[Any, ...]:
        return *found(search, asker), _ASKING.answered

    def found(search: str | None, asker: str | None) -> Shown:
        texts, asker = load_texts(requested_language()), asker_of(asker)
        if not is_on:
            return Shown("", page.build_problem(texts, "switched_off"), "", True, True)
        try:
            asked = asked_of(services, text_of("search", search))
        except InvalidRequest as error:
            problem = page.build_invalid(texts, error.parameter, str(error.value))
            return Shown("", problem, "", True, True)
        is_stopped = dash.ctx.triggered_id == page.STOP_ID
        return answered(services.trends, texts, offered, asked, asker=asker, is_stopped=is_stopped)


def answered(
    archive: Asks,
    texts: Texts,
    views: Sequence[PageView],
    asked: Asked | None,
    *,
    asker: str = "",
    is_stopped: bool = False,
) -> Shown:
    """What is shown of what an address asks.

    Parameters
    ----------
    archive : Asks
    views : sequence of PageView
    asked : Asked or None
        None while no network is known.
    asker : str
        Tells this page from others that ask the same.
    is_stopped : bool
        Whether its visitor does not want the answer any more.
    """
    if asked is None:
        # It comes with the first data: the page asks again.
        return Shown("", page.build_problem(texts, "no_network"), "", False, True, _AWAY_MS)
    try:
        view = view_of(views, asked)
        query, heading = view.query(asked), view.heading(texts, asked)
    except RouteNeeded:
        name, routes = view.name, route_words(asked.network, texts)
        links = [(words, f"?vue={name}&lieu={key}") for key, words in routes]
        return Shown("", page.build_routes(texts, links), "", True, True)
    except InvalidRequest as error:
        problem = page.build_invalid(texts, error.parameter, str(error.value))
        return Shown("", problem, "", True, True)
    if query is None:
        return Shown(heading, with_exports(texts, view, asked, heading, None), "", True, True)
    if is_stopped:
        archive.stop(query, asker)
        return Shown(heading, page.build_problem(texts, "stopped"), "", True, True)
    return shown(texts, view, asked, heading, archive.ask(query, _WAIT_SECONDS, asker))


def shown(texts: Texts, view: PageView, asked: Asked, heading: str, outcome: Outcome[Any]) -> Shown:
    """What the outcome of a question looks like."""
    if isinstance(outcome, Done):
        result = with_exports(texts, view, asked, heading, outcome.answer)
        return Shown(heading, result, "", True, True)
    if isinstance(outcome, Running | Queued | Busy):
        # What was shown before stays until there is something else, below its own heading.
        state = page.build_state(texts, outcome)
        is_busy = isinstance(outcome, Busy)
        pause_ms = _AWAY_MS if is_busy else page.POLL_MS
        return Shown(no_update, no_update, state, False, is_busy, pause_ms)
    reason = outcome.reason if isinstance(outcome, Failed) else "away"
    # Who is away may come back: it is asked again.
    is_over = not isinstance(outcome, Away)
    return Shown(heading, page.build_problem(texts, reason), "", is_over, True, _AWAY_MS)


def with_exports(
    texts: Texts, view: PageView, asked: Asked, heading: str, answer: Any
) -> list[Component]:
    """A view, and the row by which it is taken away."""
    shown_of_it = view.build(texts, answer, asked)
    return [*shown_of_it, exports_row(texts, view, asked, heading)]


def view_of(views: Sequence[PageView], asked: Asked) -> PageView:
    """The view that an address names, or the first one.

    Raises
    ------
    InvalidRequest
    """
    name = asked.parts.get("vue", views[0].name)
    found = next((view for view in views if view.name == name), None)
    if found is None:
        raise InvalidRequest("vue", name, "one of " + ", ".join(view.name for view in views))
    return found


def _in_force(
    views: Sequence[PageView], today: date
) -> Mapping[str, Mapping[controls.Control, str]]:
    return {view.name: view.in_force(today) for view in views}


def _follow_days(app: Dash, views: Sequence[PageView], today: Callable[[], date]) -> None:
    """Once a page has seen another day begin, what is in force on it is that day's."""

    @app.callback(
        Output(page.FORM_ID, "data-defaults"),
        Output(page.FORM_ID, "data-today"),
        Input(page.TODAY_ID, "data"),
        prevent_initial_call=True,
    )
    def follow(_day: object) -> tuple[str, str]:
        day = today()
        return controls.in_force_text(_in_force(views, day)), day.isoformat()


def _keep_address(app: Dash) -> None:
    """Controls write the address, and the address sets the controls."""
    app.clientside_callback(
        ClientsideFunction("trends", "address"),
        Output(page.ADDRESS_ID, "search"),
        *(Output(controls.id_of(name), "value") for name in controls.CONTROLS),
        Output(page.FORM_ID, "data-view"),
        Input(page.ADDRESS_ID, "search"),
        Input(page.FORM_ID, "data-defaults"),
        *(Input(controls.id_of(name), "value") for name in controls.CONTROLS),
        State(page.FORM_ID, "data-view"),
        State(controls.id_of("lieu"), "options"),
    )
    app.clientside_callback(
        ClientsideFunction("trends", "title"),
        Output(page.HEADING_ID, "title"),
        Input(page.HEADING_ID, "children"),
        State(page.FORM_ID, "data-title"),
    )
