"""What the table of all stretches shows: a document for each moment, once it is opened."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import numpy as np
from flask import Flask, Response, request
from numpy.typing import NDArray

from callbacks.http.answers import (
    JSON,
    Document,
    asked_again,
    conditional,
    immutable,
    kept,
    nothing,
    send_document,
)
from callbacks.http.nowcast import current_nowcast
from callbacks.http.problems import problem
from services.base.errors import ForecastUnavailable
from services.base.files import FileStamp
from services.forecast.asked_hour import asked_hour
from services.forecast.network_levels import expected_travel_time_s, median_kmh
from services.forecast.nowcasts import LEAD_MINUTES, NowcastTable
from services.forecast.week_forecasts import WeekOnNetwork
from services.roles.assembly import Services
from services.traffic.indicators import measured_kmh, stretch_figures, travel_time_s
from services.traffic.network import Network
from services.web.latest import TrafficView
from services.web.stretch_table import encode_stretch_figures

NOW_PATH: Final = "/snapshot/<version>/stretches"
AHEAD_PATH: Final = "/nowcast/<version>/stretches/<int:minutes>"
HOUR_PATH: Final = "/forecast/stretches"
# Who looks at an hour looks at those beside it.
_HOURS_KEPT: Final = 8

log = logging.getLogger(__name__)


def register(server: Flask, services: Services) -> None:
    """Add the routes: of now, of the next hour, and of an hour of a day."""
    _register_now(server, services)
    _register_ahead(server, services)
    _register_hour(server, services)


def _register_now(server: Flask, services: Services) -> None:
    @kept(1)
    def now_document(view: TrafficView) -> Document:
        network, snapshot = view.network, view.snapshot
        actual_s = travel_time_s(network, snapshot)
        figures = stretch_figures(
            network,
            snapshot.status_codes(),
            actual_s,
            view.usual_time_s,
            speed_kmh=measured_kmh(snapshot),
        )
        return Document(encode_stretch_figures(figures), JSON)

    @server.get(NOW_PATH)
    def stretches_now(version: str) -> Response:
        view = services.traffic.view()
        if view is None or view.snapshot.version != version:
            return nothing()
        return immutable(send_document(now_document(view)))


def _register_ahead(server: Flask, services: Services) -> None:
    @kept(len(LEAD_MINUTES))
    def ahead_document(made_of: tuple[NowcastTable, Network, int]) -> Document:
        table, network, lead = made_of
        codes, ratios = table.segments(lead).status_codes, table.speed_ratios(lead)
        return _document_of_forecast(network, codes, ratios)

    @server.get(AHEAD_PATH)
    def stretches_ahead(version: str, minutes: int) -> Response:
        view = services.traffic.view()
        table = current_nowcast(services, view)
        if view is None or table is None or table.snapshot_version != version:
            return nothing()
        if minutes not in LEAD_MINUTES:
            return problem(HTTPStatus.NOT_FOUND, "no such lead time")
        lead = LEAD_MINUTES.index(minutes)
        return immutable(send_document(ahead_document((table, view.network, lead))))


def _register_hour(server: Flask, services: Services) -> None:
    @kept(_HOURS_KEPT)
    def hour_document(made_of: tuple[WeekOnNetwork, FileStamp | None, int, int]) -> Document:
        week, _edition, day, hour = made_of
        found = week.at(day, hour)
        return _document_of_forecast(week.network, found.status_codes, found.quantiles)

    @server.get(HOUR_PATH)
    def stretches_of_hour() -> Response:
        asked, now = request.args, services.clock()
        day, hour = asked_hour(services.city, asked.get("day"), asked.get("hour"), now)
        view = services.traffic.view()
        if view is None:
            return nothing()
        try:
            week = services.week.on(view.network, view.snapshot.source)
        except ForecastUnavailable as error:
            log.warning("week forecast unavailable: %s", error)
            return nothing()
        made_of = (week, week.edition(), day.like_weekday, hour)
        return conditional(asked_again(send_document(hour_document(made_of))))


def _document_of_forecast(
    network: Network, codes: NDArray[np.uint8], quantiles: Mapping[str, NDArray[np.float64]]
) -> Document:
    """Delays of what is expected on average, which add up; speeds that are the medians."""
    expected_s = expected_travel_time_s(network, quantiles)
    speed_kmh = median_kmh(network, quantiles)
    figures = stretch_figures(network, codes, expected_s, speed_kmh=speed_kmh)
    return Document(encode_stretch_figures(figures), JSON)
