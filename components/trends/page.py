"""The page around the views: their links, the controls, what is under way and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from dash import dcc, html

from components.aria import aria, data
from components.subpage import CARD, Skip, Subpage
from components.trends.controls import Control, build_controls
from components.trends.coverage import build_line, build_timer
from services.base.texts import Texts, formats
from services.plain.trends.asking import Busy, Queued, Running

ADDRESS_ID: Final = "trends-address"
HEADING_ID: Final = "trends-heading"
FORM_ID: Final = "trends-controls"
VIEWS_ID: Final = "trends-views"
RESULT_ID: Final = "trends-result"
STATE_ID: Final = "trends-state"
STOP_ID: Final = "trends-stop"
ASKER_ID: Final = "trends-asker"
POLL_ID: Final = "trends-poll"
ASKING_ID: Final = "trends-asking"
TODAY_ID: Final = "trends-today"
UNANSWERED_ID: Final = "trends-unanswered"
AGAIN_ID: Final = "trends-again"
POLL_MS: Final = 1_000


def section_of(view: str) -> str:
    """The section of the texts of a view."""
    return f"trends_{view.replace('-', '_')}"


def build_page(
    texts: Texts,
    views: Mapping[str, Sequence[Control]],
    in_force: Mapping[str, Mapping[Control, str]],
    places: Sequence[Mapping[str, str]],
    *,
    today: date,
    asker: str,
    is_simulated: bool,
    guide_url: str,
) -> Subpage:
    """The page before anything is asked.

    Parameters
    ----------
    views : mapping
        The controls of each view, in the order of their links.
    in_force : mapping
        Of each view, what its controls show where the address is silent.
    today : date
        In the city.
    asker : str
        Tells this page from others.
    is_simulated : bool
        Whether what is kept was made up.
    guide_url : str
        Of the page that says how all of it is used.
    """
    wording = texts["trends"]
    simulated = html.P(texts["trends"]["simulated"], className="trends-simulated")
    return Subpage(
        [
            *([simulated] if is_simulated else []),
            html.Nav(
                [
                    html.A(
                        texts[section_of(view)]["link"],
                        href=f"?vue={view}",
                        className="trends-view",
                        **data(view=view),
                    )
                    for view in views
                ],
                id=VIEWS_ID,
                className="trends-views",
                **aria(label=wording["views"]),
            ),
            # Folded on phones, by assets/trends_address.js.
            html.Details(
                [
                    html.Summary(wording["settings"]),
                    build_controls(texts, views, in_force, places, FORM_ID, today=today),
                ],
                className="trends-settings",
                open=True,
            ),
            build_line(),
            html.H2(id=HEADING_ID, className="trends-heading", tabIndex=-1, **aria(live="polite")),
            html.Div(
                [
                    html.Div(id=STATE_ID, role="status", className="trends-state"),
                    html.Button(wording["stop"], id=STOP_ID, className="trends-stop", hidden=True),
                ],
                className="trends-progress",
            ),
            _unanswered(texts),
            html.Div(id=RESULT_ID, className="trends-result subpage-main"),
            html.P(html.A(texts["guide"]["link"], href=guide_url), className="trends-guide"),
        ],
        unseen=[
            dcc.Location(id=ADDRESS_ID, refresh=False),
            dcc.Store(id=ASKER_ID, data=asker),
            dcc.Interval(id=POLL_ID, interval=POLL_MS, disabled=True),
            dcc.Store(id=ASKING_ID),
            dcc.Store(id=TODAY_ID),
            *build_timer(),
        ],
        content_class="subpage-main trends-main",
        skips=[Skip(wording["skip"], HEADING_ID)],
    )


def build_state(texts: Texts, outcome: Running | Queued | Busy) -> str:
    """What a question that has no answer yet is waiting for."""
    wording = texts["trends"]
    if isinstance(outcome, Queued):
        return str(wording["queued"]).format(place=outcome.place)
    if isinstance(outcome, Busy):
        return str(wording["busy"])
    if not outcome.of:
        return str(wording["begun"])
    written = formats(texts)
    return str(wording["running"]).format(
        done=written.number(outcome.done), of=written.number(outcome.of)
    )


def build_problem(texts: Texts, reason: str) -> html.Div:
    """Why there is nothing to show, by a key of the texts ``trends_problem``."""
    problems = texts["trends_problem"]
    return _notice(str(problems.get(reason, problems["failed"])))


def build_invalid(texts: Texts, parameter: str, value: str) -> html.Div:
    """What of the address makes no sense."""
    wording = texts["trends_problem"]
    label = texts["trends_control"].get(parameter, parameter)
    return _notice(str(wording["invalid"]).format(parameter=label, value=value[:60]))


def build_routes(texts: Texts, links: Sequence[tuple[str, str]]) -> html.Div:
    """That a route has to be chosen, and those that there are, as links."""
    return html.Div(
        [
            html.P(texts["trends_problem"]["route_needed"]),
            html.Ul(
                [html.Li(html.A(words, href=href)) for words, href in links],
                className="trends-routes",
            ),
        ],
        className=f"{CARD} trends-problem",
    )


def _unanswered(texts: Texts) -> html.Div:
    """What is said while the server does not answer; hidden until then."""
    wording = texts["trends_problem"]
    return html.Div(
        [
            html.P(wording["unanswered"]),
            html.Button(wording["again"], id=AGAIN_ID, className="trends-stop"),
        ],
        id=UNANSWERED_ID,
        className="connection trends-unanswered",
        role="alert",
        hidden=True,
    )


def _notice(words: str) -> html.Div:
    return html.Div(html.P(words), className=f"{CARD} trends-problem", role="alert")
