"""The forecast on the map: every segment's status at the day and hour that were chosen."""

from __future__ import annotations

import logging
from typing import Any, Final

import numpy as np
from dash import ClientsideFunction, Dash, Input, Output, State

from callbacks.http.nowcast import basis_content
from callbacks.live.refresh import NAMESPACE
from components import forecast_card, time_bar
from components.page import LANGUAGE_STORE_ID
from services.base.errors import ForecastUnavailable, InvalidRequest
from services.base.texts import Texts, checked_language, load_texts
from services.forecast.asked_hour import asked_hour
from services.forecast.zone_forecasts import DAY_NAMES
from services.roles.assembly import Services
from services.traffic.indicators import length_shares, status_counts
from services.traffic.status import pack_statuses

log = logging.getLogger(__name__)

# Free, heavy and congested, no more than likeliest: beside the five codes of a status.
LEANING: Final = 4


def register(app: Dash, services: Services) -> None:
    """Register the choice of a moment on the map."""

    @app.callback(
        Output(time_bar.ANSWER_STORE_ID, "data"),
        Input(time_bar.REQUEST_STORE_ID, "data"),
        State(LANGUAGE_STORE_ID, "data"),
        prevent_initial_call=True,
    )
    def forecast_map(asked: Any, language: Any) -> dict[str, Any]:
        return answer(services, load_texts(checked_language(language)), asked)

    app.clientside_callback(
        ClientsideFunction(NAMESPACE, "chooseMapMoment"),
        Input(time_bar.NOW_ID, "n_clicks"),
        Input(time_bar.FORECAST_ID, "n_clicks"),
        Input(time_bar.DAY_ID, "value"),
        Input(time_bar.HOUR_ID, "value"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction(NAMESPACE, "mapForecastAnswered"),
        Input(time_bar.ANSWER_STORE_ID, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction(NAMESPACE, "showForecastOnMap"),
        Output(time_bar.DAY_ID, "value"),
        Output(time_bar.HOUR_ID, "value"),
        Input(forecast_card.ON_MAP_ID, "n_clicks"),
        State(forecast_card.DAY_ID, "value"),
        State(forecast_card.HOUR_ID, "value"),
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
    codes, basis = found.status_codes, week.basis(found)
    shares = length_shares(view.network.length_m, codes)
    return {
        "day": DAY_NAMES[day.weekday],
        "note": forecast_card.day_note(texts, day.day_type),
        "hour": hour,
        "network": view.network.version,
        "model": week.table.model_version,
        "basis": basis_content(basis),
        "counts": list(status_counts(codes).values()),
        "shares": [round(1_000 * share) for share in shares.values()],
        # Last codes of the three bits: what is not firm, which the map draws fainter.
        "statuses": pack_statuses(np.where(found.is_leaning, codes + LEANING, codes)),
    }
