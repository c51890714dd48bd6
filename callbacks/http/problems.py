"""Errors of the API as problem details (RFC 9457), never a stack trace."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from callbacks.http.answers import for_all_sites, json_answer
from services.base.errors import ForecastUnavailable, InvalidRequest
from services.base.journal.lines import REQUEST_ID_HEADER, current_request_id
from services.base.privacy import shortened

log = logging.getLogger(__name__)

CONTENT_TYPE: Final = "application/problem+json"
API_PREFIX: Final = "/api/"
# What a caller may have to wait before data are there: one round of the worker.
RETRY_AFTER_SECONDS: Final = 30


def problem(status: HTTPStatus, detail: str, **extra: object) -> Response:
    """A problem document.

    Parameters
    ----------
    detail : str
        What is wrong with this very request, for people.
    **extra
        Further members, such as ``parameter``.
    """
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "request_id": current_request_id(),
        **extra,
    }
    response = json_answer(body, status, CONTENT_TYPE)
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def register(server: Flask) -> None:
    """Answer errors under ``/api/`` as problems; elsewhere as Flask does."""
    server.register_error_handler(InvalidRequest, _invalid_request)
    server.register_error_handler(ForecastUnavailable, _forecast_unavailable)
    server.register_error_handler(HTTPException, _http_error)
    server.register_error_handler(Exception, _unexpected)

    @server.after_request
    def name_the_request(response: Response) -> Response:
        # A refresh that went well is kept as small as it can be.
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            response.headers[REQUEST_ID_HEADER] = current_request_id()
            if request.path.startswith(API_PREFIX):
                # As its other answers, so that whoever asked can say what is wrong.
                for_all_sites(response)
        return response


def _invalid_request(error: InvalidRequest) -> ResponseReturnValue:
    return problem(HTTPStatus.BAD_REQUEST, str(error), parameter=error.parameter)


def _forecast_unavailable(error: ForecastUnavailable) -> ResponseReturnValue:
    log.error("forecast unavailable: %s", error)
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, "no forecast is available yet")


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if not request.path.startswith(API_PREFIX) or error.code is None:
        return error
    answer = problem(HTTPStatus(error.code), error.description or "")
    # A 405 says which methods are allowed; other errors carry no header of their own.
    answer.headers.extend(
        (name, value) for name, value in error.get_headers() if name.lower() == "allow"
    )
    return answer


def _unexpected(error: Exception) -> ResponseReturnValue:
    log.error("unexpected error in %s %s", request.method, shortened(request.path), exc_info=error)
    if request.path.startswith(API_PREFIX):
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "the error is in the journal")
    body = f"Internal Server Error\nrequest {current_request_id()}\n"
    return Response(body, content_type="text/plain", status=HTTPStatus.INTERNAL_SERVER_ERROR.value)
