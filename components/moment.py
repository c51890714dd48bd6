"""The one moment that the page shows: its control, the strip of hours, and what answers it.

Now, within the hour, or the hour of a day. ``assets/moment.js`` owns which; each part is built by
itself, so that the page's layout may place them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import dash_bootstrap_components as dbc
from dash import dcc, html

from components.aria import aria, data
from services.base.texts import Texts, formats

HOUR_ID: Final = "forecast-hour"
DAY_ID: Final = "forecast-day"
ZONE_ID: Final = "forecast-zone"
STRIP_ID: Final = "forecast-strip"
CARD_ID: Final = "forecast"
TITLE_ID: Final = "forecast-title"
ANSWER_ID: Final = "forecast-answer"
NOTE_ID: Final = "forecast-note"
# What is asked of the server, where the browser has no table to look in, and its answer.
QUESTION_STORE_ID: Final = "forecast-question"
ANSWERED_STORE_ID: Final = "forecast-answered"
ROADS_QUESTION_STORE_ID: Final = "map-forecast-request"
ROADS_ANSWER_STORE_ID: Final = "map-forecast-answer"
BANNER_ID: Final = "map-banner"
SHARE_ID: Final = "share"
MESSAGE_ID: Final = "page-message"
HOURS: Final = 24
# Minutes ahead that a button asks for; none for now.
_NOW: Final = "0"


@dataclass(frozen=True)
class Choice:
    """What the selectors offer, and the zone and day that they start with."""

    zone: str
    today: str
    days: Sequence[str]
    zones: Sequence[str]


def build_moment_control(texts: Texts, choice: Choice, lead_minutes: Sequence[int]) -> html.Div:
    """Now, within the hour, or an hour: the page starts with now."""
    return html.Div(
        [_leads(texts, lead_minutes), _selectors(texts, choice)], className="moment-control"
    )


def build_hours_strip(texts: Texts) -> html.Div:
    """The 24 hours of the day and zone chosen, one stop of the tabulator: arrows go on from there.

    What they say is written by ``assets/forecast.js``. Height and letter say the status as well
    as colour; the letter is drawn inside its bar by the style sheet.
    """
    return html.Div(
        [
            html.Button(
                str(hour),
                id=f"strip-hour-{hour}",
                className="strip-button",
                tabIndex=-1,
                **data(hour=hour),
            )
            for hour in range(HOURS)
        ],
        id=STRIP_ID,
        className="strip",
        role="group",
        hidden=True,
        **aria(label=texts["forecast"]["strip"]),
    )


def build_answer(texts: Texts, choice: Choice) -> html.Div:
    """The sentence that says what is observed or forecast of a zone, and what that rests on."""
    return html.Div(
        [
            html.H2(
                texts["moment"]["title"].format(zone=texts["zone_in_title"][choice.zone]),
                id=TITLE_ID,
                className="card-title",
            ),
            html.Div(
                texts["glance"]["no_value"],
                id=ANSWER_ID,
                className="answer-region",
                **aria(live="polite"),
            ),
            html.P(id=NOTE_ID, className="note"),
            *(
                dcc.Store(id=id_)
                for id_ in (
                    QUESTION_STORE_ID,
                    ANSWERED_STORE_ID,
                    ROADS_QUESTION_STORE_ID,
                    ROADS_ANSWER_STORE_ID,
                )
            ),
        ],
        className="moment-answer",
    )


def build_banner() -> html.P:
    """What the map says of a moment that is not now, so that nobody takes it for the traffic."""
    return html.P(id=BANNER_ID, className="map-banner", role="status", hidden=True)


def build_share(texts: Texts) -> html.Button:
    """The button that hands on the address of what is shown."""
    return html.Button(texts["moment"]["share"], id=SHARE_ID, className="share-button")


def build_message(texts: Texts) -> html.Div:
    """Where the page says what it has to say once; it stays until it is closed."""
    return html.Div(
        html.Div(
            [
                html.P(id=f"{MESSAGE_ID}-text"),
                html.Button(
                    "×",
                    id=f"{MESSAGE_ID}-close",
                    className="message-close",
                    **aria(label=texts["road"]["close"]),
                ),
            ],
            id=MESSAGE_ID,
            className="page-message",
            hidden=True,
        ),
        role="status",
    )


def hour_options(texts: Texts) -> list[dict[str, str]]:
    """0 h to 23 h."""
    wording: str = texts["moment"]["hour"]
    return [{"value": str(hour), "label": wording.format(hour=hour)} for hour in range(HOURS)]


def day_options(texts: Texts, days: Sequence[str], today: str) -> list[dict[str, str]]:
    """The seven days from today on, today and tomorrow named as such."""
    wording = texts["moment"]
    start = days.index(today)
    labels = {0: wording["today"], 1: wording["tomorrow"]}
    return [
        {
            "value": day,
            "label": labels.get(ahead, "{day}").format(day=formats(texts).weekday(day)),
        }
        for ahead, day in enumerate((*days[start:], *days[:start]))
    ]


def zone_options(texts: Texts, zones: Sequence[str]) -> list[dict[str, str]]:
    """The zones, in the order given."""
    return [{"value": zone, "label": texts["zone"][zone]} for zone in zones]


def _leads(texts: Texts, lead_minutes: Sequence[int]) -> html.Div:
    wording, last = texts["moment"], lead_minutes[-1]
    # The unit is said of each, and seen once.
    unit = html.Span(f"\u00a0{wording['minutes']}")
    spoken = html.Span(f"\u00a0{wording['minutes']}", className="visually-hidden")
    return html.Div(
        [
            _moment_button(_NOW, wording["now"], pressed="true"),
            *(
                _moment_button(str(m), [f"+{m}", unit if m == last else spoken], pressed="false")
                for m in lead_minutes
            ),
        ],
        className="moment-leads",
        role="group",
        **aria(label=wording["label"]),
    )


def _moment_button(ahead: str, content: Any, *, pressed: str) -> html.Button:
    return html.Button(
        content,
        id=f"moment-{ahead}",
        className="moment-button",
        **data(ahead=ahead),
        **aria(pressed=pressed),
    )


def _selectors(texts: Texts, choice: Choice) -> html.Div:
    wording = texts["moment"]
    days = day_options(texts, choice.days, choice.today)
    zones = zone_options(texts, choice.zones)
    hour = [
        html.Label(wording["choose_hour"], htmlFor=HOUR_ID),
        # None is chosen while the page shows now: whichever is chosen is a change.
        _select(HOUR_ID, hour_options(texts), "", placeholder=wording["no_hour"]),
    ]
    # The days and zones explain themselves; their labels are for screen readers.
    day = [
        html.Label(wording["choose_day"], htmlFor=DAY_ID, className="visually-hidden"),
        _select(DAY_ID, days, choice.today),
    ]
    zone = [
        html.Label(wording["choose_zone"], htmlFor=ZONE_ID, className="visually-hidden"),
        _select(ZONE_ID, zones, choice.zone),
    ]
    return html.Div(
        [html.Div(hour, className="selector-hour"), html.Div(day), html.Div(zone)],
        className="selectors",
    )


def _select(
    id_: str, options: list[dict[str, str]], value: str, placeholder: str | None = None
) -> dbc.Select:
    # A plain <select>: phones show their own wheel, and every screen reader knows it.
    return dbc.Select(id=id_, options=options, value=value, placeholder=placeholder, size="sm")
