"""What is said of the forecast of an hour: the sentence that answers, and the hours of the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from dash import html
from dash.development.base_component import Component

from services.base.texts import Texts, chance, formats
from services.plain.forecast import Basis, Forecast

STRIP_PROPERTIES: Final = ("className", "data-letter", "aria-label")
"""Of each button of the strip."""
_LEANING: Final = " strip-button--leaning"


@dataclass(frozen=True)
class DayForecast:
    """What the page shows of one zone and day.

    Attributes
    ----------
    zone : str
        As the API names it.
    date : date
        The next one of the day of the week that was asked for.
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
    date: date
    day_type: str
    hour: int
    hours: Sequence[Forecast]
    basis: Basis


def title(texts: Texts, zone: str) -> str:
    """The title of an answer, which names the zone."""
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
    context = texts["moment"]["when_hour"].format(
        date=formats(texts).long_day(forecast.date, texts["calendar"]["first_day"]),
        hour=texts["moment"]["hour"].format(hour=forecast.hour),
    )
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
                html.Span(context, className="answer-when"),
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


def strip_columns(texts: Texts, forecast: DayForecast) -> list[list[str]]:
    """What the 24 buttons say, by property: as many lists as :data:`STRIP_PROPERTIES`."""
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
                hour=texts["moment"]["hour"].format(hour=hour),
                status=status_words(texts, item),
                percent=chance(texts, item.probabilities[item.status]),
            )
            for hour, item in enumerate(hours)
        ],
    ]
