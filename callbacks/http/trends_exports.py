"""What a view of the archive shows, to take away: ``/tendances/export.csv?vue=…`` and others.

The address says what is asked as that of the page does. The file is made by the archive's process;
whoever asks waits for a moment at the most, and is told to come back while it is not done.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import msgspec
from flask import Flask, Response, request

from callbacks.http.answers import GEOJSON, JSON, asked_again, conditional
from callbacks.http.archive_problems import failure
from callbacks.http.language import requested_language
from callbacks.http.problems import problem
from services.base.errors import InvalidRequest
from services.plain.trends.asking import Away, Busy, Done, Failed, Outcome, Query, view_of
from services.plain.trends.common import Period
from services.plain.trends.export import FORMS, ON_THE_MAP, ExportAnswer, Form, export_of
from services.roles.assembly import Services

CONTENT_TYPES: Final[dict[Form, str]] = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "geojson": GEOJSON,
    "json": JSON,
}
# With what a process that stands still costs besides, a second.
_WAIT_SECONDS: Final = 0.5
# The archive's process gives up what nobody has asked for during ten.
_SOON_SECONDS: Final = 1
_LATER_SECONDS: Final = 10
_LONGEST_NAME: Final = 120


def register(
    server: Flask, services: Services, path: str, question: Callable[[str], Query[Any] | None]
) -> None:
    """Add a route for each form.

    Parameters
    ----------
    path : str
        Of the page.
    question : callable
        Gives what the query of an address asks, None before there is a network. An InvalidRequest
        says what makes no sense.
    """

    def export(form: Form) -> Response:
        asked = question(request.query_string.decode("utf-8", "replace"))
        if asked is None:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "no network has been received yet")
        view = view_of(type(asked))
        if form == "geojson" and view not in ON_THE_MAP:
            raise InvalidRequest("vue", view, "for GeoJSON one of " + ", ".join(sorted(ON_THE_MAP)))
        wanted = export_of(asked, form, requested_language())
        outcome = services.trends.ask(wanted, _WAIT_SECONDS)
        return _answered(outcome, form, file_name(asked, form))

    for form in FORMS:
        server.get(f"{path}/export.{form}", endpoint=f"{path}/export.{form}")(partial(export, form))


def file_name(query: Query[Any], form: Form) -> str:
    """A name that tells a file from others: the view, the place, the days.

    >>> from services.plain.trends.curve import CurveQuery
    >>> file_name(CurveQuery("zone:centre-ville", date(2026, 11, 24)), "csv")
    'tendances-courbe-zone-centre-ville-2026-11-24-congestion.csv'
    """
    parts = ["tendances", view_of(type(query))]
    for field in msgspec.structs.fields(type(query)):
        value = getattr(query, field.name)
        if isinstance(value, Period):
            parts += [value.first.isoformat(), value.last.isoformat(), value.days]
        elif isinstance(value, date):
            parts.append(value.isoformat())
        elif isinstance(value, str):
            parts.append(value)
    plain = re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")
    suffix = "definitions.json" if form == "json" else form
    mark = "-" if form == "json" else "."
    return f"{plain[:_LONGEST_NAME]}{mark}{suffix}"


def _answered(outcome: Outcome[ExportAnswer], form: Form, name: str) -> Response:
    if isinstance(outcome, Done):
        response = Response(outcome.answer.body, content_type=CONTENT_TYPES[form])
        response.headers["Content-Disposition"] = f"attachment; filename={name}"
        return conditional(asked_again(response))
    if isinstance(outcome, Failed):
        return failure(outcome)
    if isinstance(outcome, Away | Busy):
        detail = "the archive answers nobody now" if isinstance(outcome, Away) else "too many ask"
        return _come_back(HTTPStatus.SERVICE_UNAVAILABLE, detail, _LATER_SECONDS)
    # Programs try again what is not there; a page that says so is not told of an error.
    is_patient = "respond-async" in request.headers.get("Prefer", "")
    status = HTTPStatus.ACCEPTED if is_patient else HTTPStatus.SERVICE_UNAVAILABLE
    return _come_back(status, "the file is being made", _SOON_SECONDS)


def _come_back(status: HTTPStatus, detail: str, seconds: int) -> Response:
    response = problem(status, detail)
    response.headers["Retry-After"] = str(seconds)
    response.vary.add("Prefer")
    return response
