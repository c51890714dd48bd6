"""The bar below the map: now or a forecast, of which day and hour."""

from __future__ import annotations

from typing import Final

import dash_bootstrap_components as dbc
from dash import dcc, html

from components.aria import aria
from components.forecast_card import HOURS, Choice
from services.base.texts import Texts, formats

NOW_ID: Final = "map-now"
FORECAST_ID: Final = "map-forecast"
CHOICE_ID: Final = "map-time-choice"
DAY_ID: Final = "map-day"
HOUR_ID: Final = "map-hour"
HOUR_TEXT_ID: Final = "map-hour-text"
BANNER_ID: Final = "map-banner"
BANNER_TEXT_ID: Final = "map-banner-text"
BANNER_NOTE_ID: Final = "map-banner-note"
PROBLEM_ID: Final = "map-forecast-problem"
REQUEST_STORE_ID: Final = "map-forecast-request"
ANSWER_STORE_ID: Final = "map-forecast-answer"


def build_time_bar(texts: Texts, choice: Choice) -> html.Div:
    """The bar, which shows now; day and hour start with the coming hour.

    What says which moment the map shows is written by ``assets/map_forecast.js``.
    """
    wording = texts["map_forecast"]
    return html.Div(
        [
            dcc.Store(id=REQUEST_STORE_ID),
            dcc.Store(id=ANSWER_STORE_ID),
            html.P(
                [html.Span(id=BANNER_TEXT_ID), html.Span(id=BANNER_NOTE_ID)],
                id=BANNER_ID,
                className="map-banner",
                hidden=True,
            ),
            html.P(id=PROBLEM_ID, className="map-banner map-banner--problem", role="status"),
            html.Div(
                [
                    _toggle(NOW_ID, wording["now"], pressed="true"),
                    _toggle(FORECAST_ID, wording["forecast"], pressed="false"),
                ],
                className="time-modes",
                role="group",
                **aria(label=wording["label"]),
            ),
            html.Div(_choice(texts, choice), id=CHOICE_ID, className="time-choice", hidden=True),
        ],
        className="time-bar",
    )


def _toggle(id_: str, word: str, *, pressed: str) -> html.Button:
    return html.Button(word, id=id_, className="time-mode", **aria(pressed=pressed))


def _choice(texts: Texts, choice: Choice) -> list[dbc.Select | dbc.Input | html.Label | html.Span]:
    wording = texts["map_forecast"]
    days = [{"value": day, "label": formats(texts).weekday(day)} for day in choice.days]
    return [
        html.Label(wording["choose_day"], htmlFor=DAY_ID, className="visually-hidden"),
        dbc.Select(id=DAY_ID, options=days, value=choice.day, size="sm", className="time-day"),
        html.Label(wording["choose_hour"], htmlFor=HOUR_ID, className="visually-hidden"),
        # The browser's own slider: arrows, Home and End work on it, and fingers drag it.
        dbc.Input(
            id=HOUR_ID, type="range", min=0, max=HOURS - 1, step=1, value=choice.hour,
            class_name="time-hour",
        ),
        html.Span(
            wording["hour"].format(hour=choice.hour),
            id=HOUR_TEXT_ID,
            className="time-hour-text",
            **aria(hidden="true"),
        ),
    ]  # fmt: skip
