"""A stored day as the document that pages play on the map; computed by the archive's process."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Flask, Response

from callbacks.http.answers import (
    Document,
    asked_again,
    conditional,
    json_answer,
    kept,
    kept_for,
    send_document,
)
from callbacks.http.archive_problems import failure
from callbacks.http.problems import problem
from services.plain.trends.address import PATH as TRENDS_PATH
from services.plain.trends.asking import Away, Busy, Done, Failed, Outcome
from services.plain.trends.common import day_of
from services.plain.trends.replay import ReplayAnswer, ReplayQuery
from services.roles.assembly import Services

PATH: Final = f"{TRENDS_PATH}/jour/{{day}}.bin"
_ROUTE: Final = f"{TRENDS_PATH}/jour/<day>.bin"
_BYTES: Final = "application/octet-stream"
_WAIT_SECONDS: Final = 0.25
# A day that is over changes no more but with the network, under whose version the map fetches it.
_KEPT_SECONDS: Final = 3_600
_KEPT_DAYS: Final = 4


def register(server: Flask, services: Services) -> None:
    """Add the route."""

    # Compressed once for all who look at the same day.
    @kept(_KEPT_DAYS)
    def document_of(body: bytes) -> Document:
        return Document(body, _BYTES)

    @server.get(_ROUTE)
    def stored_day(day: str) -> Response:
        asked = day_of(day)
        if asked is None:
            return _invalid(f"{day!r} is no day such as 2026-11-24")
        if asked > services.today():
            return _invalid(f"{day} has not come yet")
        outcome = services.trends.ask(ReplayQuery(asked), _WAIT_SECONDS)
        if not isinstance(outcome, Done):
            return _not_there(outcome)
        answer = outcome.answer
        response = send_document(document_of(answer.document))
        if answer.is_over:
            return conditional(kept_for(response, _KEPT_SECONDS))
        return conditional(asked_again(response))


def _not_there(outcome: Outcome[ReplayAnswer]) -> Response:
    """What to say where there is no answer, or not yet."""
    if isinstance(outcome, Failed):
        return failure(outcome)
    if isinstance(outcome, Away):
        return _unavailable("away", "the archive's process does not answer")
    if isinstance(outcome, Busy):
        return _unavailable("busy", "too many questions at once")
    return json_answer({"state": "computing"}, HTTPStatus.ACCEPTED)


def _invalid(detail: str) -> Response:
    return problem(HTTPStatus.BAD_REQUEST, detail, reason="invalid_request")


def _unavailable(reason: str, detail: str) -> Response:
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, reason=reason)
