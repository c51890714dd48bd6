"""The forecast by the hour: the question, its answer, and the 24 hours of the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from components.aria import aria
from services.base.texts import Texts, chance, formats
from services.plain.forecast import Basis, Forecast

CARD_ID: Final = "forecast"
TITLE_ID: Final = "forecast-title"
HOUR_ID: Final = "forecast-hour"
DAY_ID: Final = "forecast-day"
ZONE_ID: Final = "forecast-zone"
ANSWER_ID: Final = "forecast-answer"
STRIP_ID: Final = "forecast-strip"
NOTE_ID: Final = "forecast-note"
ON_MAP_ID: Final = "forecast-on-map"
STRIP_STORE_ID: Final = "forecast-strip-columns"
# What is asked of the server, where the browser has no table to look in.
QUESTION_STORE_ID: Final = "forecast-question"
HOURS: Final = 24
# Of each button; the letter is drawn inside its bar by the style sheet.
STRIP_PROPERTIES: Final = ("className", "data-letter", "aria-label", "aria-pressed")
_LEANING: Final = " strip-button--leaning"


@dataclass(frozen=True)
class DayForecast:
    """What the page shows of one zone and day.

    Attributes
    ----------
    zone, day : str
        As the zones and days are named in the API.
    day_type : str
        What kind of day it is; :func:`day_note` says what follows from it.
    hour : int
        The chosen one.
    hours : sequence of Forecast
        All 24.
    basis : Basis
        What the forecast of the chosen hour rests on.
    """

    zone: str
    day: str
    day_type: str
    hour: int
    hours: Sequence[Forecast]
    basis: Basis


@dataclass(frozen=True)
class Choice:
    """The hour, day and zone that the selectors start with, and what they offer."""

    hour: int
    day: str
    zone: str
    today: str
    days: Sequence[str]
    zones: Sequence[str]


def build_card(texts: Texts, choice: Choice, forecast: DayForecast | None) -> html.Section:
    """The card with its first answer, so that none has to be waited for.

    Parameters
    ----------
    forecast : DayForecast or None
        None when no model can be read.
    """
    return html.Section(
        [
            html.H2(title(texts, choice.zone), id=TITLE_ID, className="card-title"),
            _selectors(texts, choice),
            html.Div(
                build_unavailable(texts) if forecast is None else build_answer(texts, forecast),
                id=ANSWER_ID,
                className="answer-region",
                **aria(live="polite"),
            ),
            dcc.Store(id=QUESTION_STORE_ID),
            dcc.Store(id=STRIP_STORE_ID),
            _strip(texts, forecast),
            html.P(
                "" if forecast is None else basis_note(texts, forecast.basis),
                id=NOTE_ID,
                className="note",
            ),
            html.Button(texts["map_forecast"]["from_card"], id=ON_MAP_ID, className="on-map"),
        ],
        id=CARD_ID,
        className="card-panel forecast",
        tabIndex=-1,
        **aria(labelledby=TITLE_ID),
    )


def title(texts: Texts, zone: str) -> str:
    """The card's title, which names the zone."""
    wording: str = texts["forecast"]["title"]
    return wording.format(zone=texts["zone_in_title"][zone])


def basis_note(texts: Texts, basis: Basis) -> str:
    """What a forecast rests on, as ``assets/wording.js`` says it too."""
    kind: str = basis.origin
    if kind == "initial" and basis.observed_share > 0.0:
        kind = "initial_observed"
    told = texts["basis"][kind].format(
        share=chance(texts, basis.observed_share),
        days=formats(texts).quantity(basis.trained_days, "day", is_long=True),
    )
    return str(texts["basis_note"][kind].format(basis=told))


def status_words(texts: Texts, forecast: Forecast) -> str:
    """The likeliest status, or that it is no more than the likeliest."""
    words = texts["zone_status" if forecast.is_firm else "zone_status_leaning"]
    return str(words[forecast.status])


def day_note(texts: Texts, day_type: str) -> str:
    """What is to be known of a day that is no ordinary one; empty for all others."""
    return str(texts["day_note"].get(day_type, ""))


def build_answer(texts: Texts, forecast: DayForecast) -> list[Component]:
    """The sentence that answers, its probability and those of the other statuses."""
    wording = texts["forecast"]
    chosen = forecast.hours[forecast.hour]
    about_day = day_note(texts, forecast.day_type)
    day = formats(texts).weekday(forecast.day)
    each = [
        html.Span(
            wording["each_status"].format(
                status=texts["zone_status"][status], percent=chance(texts, probability)
            ),
            className=f"probability probability--{status}",
        )
        for status, probability in chosen.probabilities.items()
    ]
    return [
        html.P(
            [
                # In bold only where one status is at least as likely as the others together.
                (html.Strong if chosen.is_firm else html.Span)(
                    wording["answer"].format(status=status_words(texts, chosen)),
                    className=f"answer answer--{chosen.status}",
                ),
                " ",
                html.Span(
                    wording["probability"].format(
                        percent=chance(texts, chosen.probabilities[chosen.status])
                    ),
                    className="answer-probability",
                ),
                " ",
                html.Span(
                    wording["context"].format(day=day, hour=forecast.hour),
                    # The selectors say it to the eye, this to who only hears the answer.
                    className="visually-hidden",
                ),
            ],
            className="answer-line",
        ),
        html.P(each, className="probabilities"),
        *([html.P(about_day, className="answer-day")] if about_day else []),
    ]


def build_unavailable(texts: Texts) -> list[Component]:
    """What is said when no model can be read."""
    return [html.P(texts["forecast"]["unavailable"], className="answer-problem")]


def build_invalid(texts: Texts, parameter: str) -> list[Component]:
    """What is said when an hour, day or zone does not exist."""
    return [html.P(texts["invalid"][parameter], className="answer-problem")]


def strip_columns(texts: Texts, forecast: DayForecast | None) -> list[list[str]]:
    """What the 24 buttons say, by property: as many lists as :data:`STRIP_PROPERTIES`.

    Strings only, so that the buttons stay, and the focus with them. Height and
    letter say the status as well as colour. Empty without a forecast.
    """
    if forecast is None:
        return []
    wording: str = texts["forecast"]["strip_hour"]
    hours = forecast.hours
    return [
        [
            f"strip-button strip-button--{item.status}{'' if item.is_firm else _LEANING}"
            for item in hours
        ],
        [texts["zone_status_letter"][item.status] for item in hours],
        [
            wording.format(
                hour=hour,
                status=status_words(texts, item),
                percent=chance(texts, item.probabilities[item.status]),
            )
            for hour, item in enumerate(hours)
        ],
        ["true" if hour == forecast.hour else "false" for hour in range(len(hours))],
    ]


def hour_options(texts: Texts) -> list[dict[str, str]]:
    """0h to 23h."""
    wording: str = texts["forecast"]["hour"]
    return [{"value": str(hour), "label": wording.format(hour=hour)} for hour in range(HOURS)]


def day_options(texts: Texts, days: Sequence[str], today: str) -> list[dict[str, str]]:
    """The seven days from today on, today and tomorrow named as such."""
    wording = texts["forecast"]
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


def _selectors(texts: Texts, choice: Choice) -> html.Div:
    wording = texts["forecast"]
    days = day_options(texts, choice.days, choice.today)
    zones = zone_options(texts, choice.zones)
    hour = [
        html.Label(wording["choose_hour"], htmlFor=HOUR_ID),
        _select(HOUR_ID, hour_options(texts), str(choice.hour)),
    ]
    # The days and zones explain themselves; their labels are for screen readers.
    day = [
        html.Label(wording["choose_day"], htmlFor=DAY_ID, className="visually-hidden"),
        _select(DAY_ID, days, choice.day),
    ]
    zone = [
        html.Label(wording["choose_zone"], htmlFor=ZONE_ID, className="visually-hidden"),
        _select(ZONE_ID, zones, choice.zone),
    ]
    return html.Div(
        [html.Div(hour, className="selector-hour"), html.Div(day), html.Div(zone)],
        className="selectors",
    )


def _select(id_: str, options: list[dict[str, str]], value: str) -> dbc.Select:
    # A plain <select>: phones show their own wheel, and every screen reader knows it.
    return dbc.Select(id=id_, options=options, value=value, size="sm")


def _strip(texts: Texts, forecast: DayForecast | None) -> html.Div:
    columns = strip_columns(texts, forecast)
    return html.Div(
        [_strip_button(hour, [column[hour] for column in columns]) for hour in range(HOURS)],
        id=STRIP_ID,
        className="strip",
        role="group",
        hidden=forecast is None,
        **aria(label=texts["forecast"]["strip"]),
    )


def _strip_button(hour: int, values: Sequence[str]) -> html.Button:
    properties: dict[str, Any] = dict(zip(STRIP_PROPERTIES, values, strict=False))
    properties["data-hour"] = str(hour)
    return html.Button(str(hour), id=f"strip-hour-{hour}", **properties)
