"""The forecast by the hour: a look-up for the hour, day and zone that were chosen."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

from dash import ClientsideFunction, Dash, Input, Output, State
from dash.development.base_component import Component

from callbacks.live.refresh import NAMESPACE
from components import forecast_words, moment
from components.forecast_words import DayForecast
from components.page import LANGUAGE_STORE_ID
from services.base.errors import ForecastUnavailable, InvalidRequest
from services.base.texts import Texts, checked_language, load_texts
from services.forecast.asked_hour import asked_hour
from services.roles.assembly import Services

log = logging.getLogger(__name__)


class CardUpdate(NamedTuple):
    """New content of the answer's parts; None where one stays as it is."""

    title: str | None
    answer: list[Component]
    note: str | None
    strip: list[list[str]] | None


def register(app: Dash, services: Services) -> None:
    """Register the choice of an hour, by the selectors or by the strip."""
    choice = [
        (moment.HOUR_ID, "value"),
        (moment.DAY_ID, "value"),
        (moment.ZONE_ID, "value"),
    ]
    # What is chosen is answered by the browser out of the table it has; without one it asks the
    # question below.
    app.clientside_callback(
        ClientsideFunction(NAMESPACE, "selectorsDrawn"),
        *(Input(*part) for part in choice),
        prevent_initial_call=True,
    )

    @app.callback(
        # Written by a script, as all other answers are.
        Output(moment.ANSWERED_STORE_ID, "data"),
        Input(moment.QUESTION_STORE_ID, "data"),
        *(State(*part) for part in choice),
        State(LANGUAGE_STORE_ID, "data"),
        prevent_initial_call=True,
    )
    def choose(_number: Any, hour: Any, day: Any, zone: Any, language: Any) -> dict[str, Any]:
        texts = load_texts(checked_language(language))
        return update_card(services, texts, hour, day, zone)._asdict()

    app.clientside_callback(
        ClientsideFunction(NAMESPACE, "forecastAnswered"),
        Input(moment.ANSWERED_STORE_ID, "data"),
        prevent_initial_call=True,
    )


def update_card(services: Services, texts: Texts, hour: Any, day: Any, zone: Any) -> CardUpdate:
    """What is said of a choice; a sentence for a wrong one or without a model."""
    try:
        forecast = find_forecast(services, hour, day, zone)
    except InvalidRequest as error:
        problem = forecast_words.build_invalid(texts, error.parameter)
        return CardUpdate(None, problem, None, None)
    except ForecastUnavailable as error:
        log.warning("forecast unavailable: %s", error)
        return CardUpdate(None, forecast_words.build_unavailable(texts), "", [])
    return CardUpdate(
        title=forecast_words.title(texts, forecast.zone),
        answer=forecast_words.build_answer(texts, forecast),
        note=forecast_words.basis_note(texts, forecast.basis),
        strip=forecast_words.strip_columns(texts, forecast),
    )


def find_forecast(services: Services, hour: Any, day: Any, zone: Any) -> DayForecast:
    """Look a choice up.

    Raises
    ------
    InvalidRequest
        When there is no such hour, day or zone.
    ForecastUnavailable
        When no model can be read.
    """
    chosen, hour = asked_hour(services.city, day, hour, services.clock())
    zone = services.city.checked_zone(zone)
    table = services.forecasts.shown(services.shown_source())
    return DayForecast(
        zone=zone,
        date=chosen.date,
        day_type=str(chosen.day_type),
        hour=hour,
        hours=table.day(chosen.like_weekday, zone),
        basis=table.basis(chosen.like_weekday, hour, zone),
    )
