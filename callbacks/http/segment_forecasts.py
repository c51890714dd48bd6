"""The forecast of every segment at one hour, by column: ``/api/v1/forecast/segments``."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, request

from callbacks.http.answers import api_answer
from callbacks.http.problems import problem
from services.city.day_types import ForecastDay
from services.forecast.asked_hour import asked_hour
from services.forecast.segment_statuses import FORECAST_STATUSES
from services.forecast.week_forecasts import SegmentForecasts, WeekOnNetwork
from services.forecast.zone_forecasts import DAY_NAMES
from services.plain.forecast import Basis
from services.plain.statuses import DATEX_NAMES
from services.roles.assembly import Services

PATH: Final = "/api/v1/forecast/segments"
UNCERTAIN: Final = "uncertain"

_STATUS_NAMES: Final = (UNCERTAIN, *DATEX_NAMES[1:])
# The table is in whole percent: more digits would only pretend.
_DECIMALS: Final = 2
_SHARE_DECIMALS: Final = 4


def register(server: Flask, services: Services) -> None:
    """Add the route."""

    @server.get(PATH)
    def forecast_of_segments() -> Response:
        asked, now = request.args, services.clock()
        day, hour = asked_hour(services.city, asked.get("day"), asked.get("hour"), now)
        view = services.traffic.view()
        if view is None:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "no network has been received yet")
        week = services.week.on(view.network, view.snapshot.source)
        found = week.at(day.like_weekday, hour)
        body = hour_told(day, hour) | _origin(week, found) | _columns(week, found)
        return api_answer(body)


def hour_told(day: ForecastDay, hour: int) -> dict[str, Any]:
    """The day and hour of a forecast, as the API tells them."""
    return {
        "hour": hour,
        "day": DAY_NAMES[day.weekday],
        "date": day.date,
        "day_type": day.day_type,
        "like_day": DAY_NAMES[day.like_weekday],
    }


def basis_told(basis: Basis) -> dict[str, Any]:
    """What forecasts rest on, as the API tells it."""
    return {"basis": basis.origin, "observed_share": round(basis.observed_share, _SHARE_DECIMALS)}


def _origin(week: WeekOnNetwork, found: SegmentForecasts) -> dict[str, Any]:
    return {
        "model_version": week.table.model_version,
        "trained_on": week.table.trained_on,
        "simulated": week.table.is_simulated,
        **basis_told(week.basis(found)),
        "thresholds": week.table.thresholds,
        "network_version": week.network.version,
    }


def _columns(week: WeekOnNetwork, found: SegmentForecasts) -> dict[str, Any]:
    chances = found.probabilities.round(_DECIMALS)
    return {
        "id": week.network.segment_ids,
        "status": [_STATUS_NAMES[code] for code in found.status_codes.tolist()],
        "probabilities": {
            status.datex: chances[:, place].copy() for place, status in enumerate(FORECAST_STATUSES)
        },
        "speed_ratio": {name: values.round(_DECIMALS) for name, values in found.quantiles.items()},
        "days_observed": found.days_observed,
        "observed_shares": found.observed_share.round(_DECIMALS),
    }
