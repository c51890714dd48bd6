"""The one gate before every monitoring page: closed unless the operator opened it.

The package protects some of its routes one by one and leaves others open. Here a route is closed
because it belongs to the package; only the login page and the files it needs are open, and what
changes something must moreover come from our own pages.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from types import ModuleType

import flask
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import NoResultFound, SQLAlchemyError
from werkzeug.exceptions import Forbidden, NotFound, ServiceUnavailable, Unauthorized

from services.web.access.session import is_from_own_page, is_signed_in, sign_out
from services.web.monitoring.complaints import describe, logger
from services.web.monitoring.offline import STATIC_ENDPOINT
from services.web.monitoring.request_checks import asked_for, check_request

LOG_IN_PATH = "/connexion?next=/dashboard/"

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# Of the page: only scripts that it names itself run, so that no other file of this server does.
PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'nonce-{nonce}'",
        # Of an empty sheet, which Plotly adds rules to.
        "style-src-elem 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
        # The package's pages carry style attributes and plotly writes its own.
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'self'",
        # Of the log-out.
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    # Of everything else.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}

# Parts of the package that are out of use, and what its pages are told instead. There is one
# operator, set in the configuration; nothing is ever sent to the package's authors.
_ANSWERS: dict[str, object] = {
    "users_list": [],
    "get_is_telemetry_answered": {"is_telemetry_answered": True},
    "get_is_telemetry_accepted": {"is_telemetry_accepted": False},
    # The package answers 404 here when it has no schedule, which its page reports as an error.
    "get_pruning_schedule": {},
}
_OUT_OF_USE = (
    "user_create",
    "user_edit",
    "user_delete",
    "accept_telemetry_consent",
    "submit_follow_up",
    # No address of a visitor is kept.
    "ips",
    "version_ip",
    # Without requests in one of its two periods it tells of an improvement.
    "make_report_intervals",
    "make_report_commits",
)
# Of one answer; the template writes it beside each script.
NONCE = "script_nonce"


def close(package: ModuleType) -> None:
    """Put the gate before the package's blueprint, which is not yet registered."""
    blueprint = package.blueprint
    link = package.config.link
    blueprint.before_request(lambda: _admit(link))
    blueprint.before_request(lambda: check_request(package))
    blueprint.after_request(_add_headers)
    blueprint.register_error_handler(NoResultFound, _not_found)
    blueprint.register_error_handler(SQLAlchemyError, _database_failed)
    blueprint.register_error_handler(OSError, _database_failed)


def use_own_answers(server: flask.Flask, package: ModuleType) -> None:
    """Replace what is out of use, and the login and logout, which know only a table of users."""
    ours: dict[str, Callable[..., ResponseReturnValue]] = {
        "login": _log_in,
        "logout": _log_out,
        **dict.fromkeys(_OUT_OF_USE, _refuse_use),
        **{name: partial(flask.jsonify, answer) for name, answer in _ANSWERS.items()},
    }
    for name, view in ours.items():
        server.view_functions[f"{package.config.blueprint_name}.{name}"] = view


def _log_in() -> ResponseReturnValue:
    return flask.redirect(LOG_IN_PATH, HTTPStatus.SEE_OTHER)


def _log_out() -> ResponseReturnValue:
    sign_out()
    return _log_in()


def _refuse_use(**_parts: object) -> ResponseReturnValue:
    raise Forbidden("This part of the monitoring is out of use here.")


def _admit(link: str) -> ResponseReturnValue | None:
    endpoint, is_safe = asked_for(), flask.request.method in SAFE_METHODS
    if endpoint == STATIC_ENDPOINT and is_safe:
        return None
    changes_something = not is_safe or endpoint == "logout"
    if changes_something and not is_from_own_page():
        raise Forbidden("This request does not come from a page of this site.")
    if endpoint == "login":
        return None
    if not is_signed_in():
        if endpoint == "index":
            return flask.redirect(LOG_IN_PATH)
        raise Unauthorized("Log in first.")
    # The package's own marks, which its views check again.
    for mark in (f"{link}_logged_in", f"{link}_admin"):
        flask.session.setdefault(mark, True)
    if endpoint == "index":
        setattr(flask.g, NONCE, secrets.token_urlsafe(16))
    return None


def _add_headers(response: flask.Response) -> flask.Response:
    response.headers.update(HEADERS)
    if NONCE in flask.g:
        response.headers["Content-Security-Policy"] = PAGE_POLICY.format(nonce=flask.g.get(NONCE))
    if asked_for() != STATIC_ENDPOINT:
        response.headers["Cache-Control"] = "no-store"
    return response


def _not_found(error: Exception) -> ResponseReturnValue:
    logger.warning("a monitoring page was asked for what there is not: %s", describe(error))
    return NotFound().get_response()


def _database_failed(error: Exception) -> ResponseReturnValue:
    logger.error("a monitoring page failed: %s", describe(error))
    failure = ServiceUnavailable("The monitoring database cannot be used. The journal tells why.")
    return failure.get_response()
