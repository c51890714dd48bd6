"""``/api/v1/events``: what is unusual now, or was on a day, for programs and as a table."""

from __future__ import annotations

import logging
from datetime import date
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable

from callbacks.http.answers import api_answer, api_table
from callbacks.http.places import NOTHING_YET, origin
from callbacks.http.problems import problem
from services.base.clock import written_day
from services.base.errors import InvalidRequest, StorageError
from services.roles.assembly import Services
from services.web.events import current_events, event_rows, events_of_day
from services.web.latest import TrafficView

log = logging.getLogger(__name__)

PATH: Final = "/api/v1/events"
CSV_PATH: Final = "/api/v1/events.csv"

_DAY: Final = "day"
_COLUMNS: Final = (
    "id", "road", "label", "direction", "sector", "start", "end", "length_m", "delay_s",
    "max_delay_s", "trend", "likely_cause", "started_at", "seen_at", "ended_at", "segment_ids",
)  # fmt: skip
# No time of these is beyond what computers can tell of, whatever the city's clock.
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)


def register(server: Flask, services: Services) -> None:
    """Add the routes."""

    @server.get(PATH)
    def unusual_events() -> ResponseReturnValue:
        view, day = services.traffic.view(), asked_day()
        if view is None:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, NOTHING_YET)
        return api_answer(origin(view) | {"day": day, "events": _rows(services, view, day)})

    @server.get(CSV_PATH)
    def unusual_events_csv() -> Response:
        view, day = services.traffic.view(), asked_day()
        if view is None:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, NOTHING_YET)
        return api_table(_COLUMNS, _rows(services, view, day), "events.csv")


def asked_day() -> date | None:
    """The day that is asked for, None for now.

    Raises
    ------
    InvalidRequest
    """
    text = request.args.get(_DAY)
    if text is None:
        return None
    try:
        day = written_day(text)
    except ValueError:
        day = None
    if day is None or not _FIRST_DAY <= day <= _LAST_DAY:
        raise InvalidRequest(_DAY, text[:20], "a day as YYYY-MM-DD")
    return day


def _rows(services: Services, view: TrafficView, day: date | None) -> list[dict[str, Any]]:
    operations = services.operations.reading
    try:
        if day is None:
            return event_rows(current_events(operations, view))
        return event_rows(events_of_day(operations, view, day))
    except StorageError as error:
        log.error("events cannot be read: %s", error)
        raise ServiceUnavailable("The events cannot be read now.") from error
