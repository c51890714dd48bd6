"""The forecast on the map: every segment's status at the day and hour that were chosen."""

from __future__ import annotations

import logging
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State

from callbacks.http.figures import figures_content
from callbacks.http.nowcast import basis_content
from callbacks.live.refresh import NAMESPACE
from components import forecast_words, moment
from components.page import LANGUAGE_STORE_ID
from services.base.errors import ForecastUnavailable, InvalidRequest
from services.base.texts import Texts, checked_language, load_texts
from services.forecast.asked_hour import asked_hour
from services.forecast.network_levels import expected_travel_time_s, median_kmh
from services.forecast.zone_forecasts import DAY_NAMES
from services.roles.assembly import Services
from services.traffic.indicators import forecast_indicators

log = logging.getLogger(__name__)


def register(app: Dash, services: Services) -> None:
    """Register what the map asks for an hour."""

    @app.callback(
        Output(moment.ROADS_ANSWER_STORE_ID, "data"),
        Input(moment.ROADS_QUESTION_STORE_ID, "data"),
        State(LANGUAGE_STORE_ID, "data"),
        prevent_initial_call=True,
    )
    def forecast_map(asked: Any, language: Any) -> dict[str, Any]:
        return answer(services, load_texts(checked_language(language)), asked)

    app.clientside_callback(
        ClientsideFunction(NAMESPACE, "mapForecastAnswered"),
        Input(moment.ROADS_ANSWER_STORE_ID, "data"),
        prevent_initial_call=True,
    )


def answer(services: Services, texts: Texts, asked: Any) -> dict[str, Any]:
    """What the map needs of a day and hour, or the sentence why it cannot have it.

    Parameters
    ----------
    asked : dict
        ``day`` and ``hour``, as the browser sent them.

    Returns
    -------
    dict
        Statuses, counts and shares as in a refresh, the moment and the model; or ``problem``.
    """
    question = asked if isinstance(asked, dict) else {}
    try:
        day, hour = asked_hour(
            services.city, question.get("day"), question.get("hour"), services.clock()
        )
        view = services.traffic.view()
        if view is None:
            return {"problem": texts["map_forecast"]["no_network"]}
        week = services.week.on(view.network, view.snapshot.source)
    except InvalidRequest as error:
        return {"problem": texts["invalid"][error.parameter]}
    except ForecastUnavailable as error:
        log.warning("week forecast unavailable: %s", error)
        return {"problem": texts["map_forecast"]["unavailable"]}
    found = week.at(day.like_weekday, hour)
    network, quantiles = view.network, found.quantiles
    expected_s = expected_travel_time_s(network, quantiles)
    speed_kmh = median_kmh(network, quantiles)
    indicators = forecast_indicators(network, found.status_codes, expected_s, speed_kmh)
    return {
        "day": DAY_NAMES[day.weekday],
        "note": forecast_words.day_note(texts, day.day_type),
        "hour": hour,
        "network": network.version,
        "model": week.table.model_version,
        "basis": basis_content(week.basis(found)),
        **figures_content(indicators),
        "statuses": found.packed,
    }
