"""The one gate before every monitoring page: closed unless the operator opened it.

The package protects some of its routes one by one and leaves others open. Here a route is closed
because it belongs to the package; only the login page and the files it needs are open, and what
changes something must moreover come from our own pages.
"""

from __future__ import annotations

import time
from types import ModuleType

import flask
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import Forbidden, ServiceUnavailable, TooManyRequests, Unauthorized

from services.metrics.requests import note_login
from services.monitoring.complaints import describe, logger
from services.monitoring.credentials import Operator
from services.monitoring.offline import FILES_ENDPOINT
from services.monitoring.origin import is_same_origin
from services.monitoring.throttle import Throttle

SESSION_SECONDS = 12 * 3600
SESSION_COOKIE = "monitoring_session"
OPERATIONS_PAGE = "/exploitation/"

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_ENDPOINTS = frozenset({"static", FILES_ENDPOINT})

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        # The package's pages carry style attributes and plotly writes its own.
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
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
_OUT_OF_USE = frozenset(
    {
        "user_create",
        "user_edit",
        "user_delete",
        "accept_telemetry_consent",
        "submit_follow_up",
    }
)


def close(package: ModuleType, operator: Operator) -> None:
    """Put the gate before the package's blueprint, which is not yet registered."""
    blueprint = package.blueprint
    blueprint.before_request(lambda: _admit(operator))
    blueprint.after_request(_add_headers)
    blueprint.register_error_handler(SQLAlchemyError, _database_failed)
    blueprint.register_error_handler(OSError, _database_failed)


def use_own_login(server: flask.Flask, package: ModuleType, operator: Operator) -> None:
    """Replace the package's login and logout, which know only its own table of users."""
    link = package.config.link
    throttle = Throttle()

    def login() -> ResponseReturnValue:
        if flask.request.method != "POST":
            return flask.redirect(_page_after_login()) if operator.is_signed_in() else _login_page()
        return _log_in(operator, throttle, link)

    def logout() -> ResponseReturnValue:
        flask.session.clear()
        return flask.redirect(flask.url_for(".login"), 303)

    name = package.config.blueprint_name
    server.view_functions[f"{name}.login"] = login
    server.view_functions[f"{name}.logout"] = logout


def harden_cookie(server: flask.Flask) -> None:
    """Scripts cannot read the session cookie, other sites cannot have it sent along.

    It is set at the log-in only, and then for ``/dashboard`` and ``/exploitation``.
    """
    server.config.update(
        SESSION_COOKIE_NAME=SESSION_COOKIE,
        SESSION_COOKIE_PATH="/",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )


def _admit(operator: Operator) -> ResponseReturnValue | None:
    request = flask.request
    endpoint = (request.endpoint or "").rpartition(".")[2]
    if endpoint in OPEN_ENDPOINTS and request.method in SAFE_METHODS:
        return None
    changes_something = request.method not in SAFE_METHODS or endpoint == "logout"
    if changes_something and not is_same_origin(request):
        raise Forbidden("This request does not come from a page of this site.")
    if endpoint == "login":
        return None
    if not operator.is_signed_in():
        return _refuse(endpoint)
    if endpoint in _OUT_OF_USE:
        raise Forbidden("This part of the monitoring is out of use here.")
    if endpoint in _ANSWERS:
        return flask.jsonify(_ANSWERS[endpoint])
    return None


def _refuse(endpoint: str) -> ResponseReturnValue:
    if endpoint == "index":
        return flask.redirect(flask.url_for(".login"))
    raise Unauthorized("Log in first.")


def _log_in(operator: Operator, throttle: Throttle, link: str) -> ResponseReturnValue:
    client = flask.request.remote_addr or ""
    if throttle.is_closed(client):
        note_login("throttled")
        page = _login_page("Too many attempts. Try again in a minute.", TooManyRequests.code)
        page.headers["Retry-After"] = str(int(throttle.period_seconds))
        return page
    form = flask.request.form
    if not operator.accepts(form.get("name", ""), form.get("password", "")):
        throttle.count(client)
        note_login("refused")
        logger.warning("a login to the monitoring pages was refused")
        return _login_page("Wrong user name or password.", Forbidden.code)
    note_login("accepted")
    flask.session.clear()
    flask.session.update(
        {
            "operator": operator.fingerprint,
            "expires": int(time.time()) + SESSION_SECONDS,
            # The package's own marks, which its views check again.
            f"{link}_logged_in": True,
            f"{link}_admin": True,
        }
    )
    return flask.redirect(_page_after_login(), 303)


def _login_page(error: str = "", status: int = 200) -> flask.Response:
    page = flask.render_template("monitoring_login.html", error=error)
    return flask.make_response(page, status)


def _page_after_login() -> str:
    """One of our own two rooms, whatever the address says."""
    wanted = flask.request.args.get("next")
    return OPERATIONS_PAGE if wanted == OPERATIONS_PAGE else _main_page()


def _main_page() -> str:
    return flask.url_for(".index") + "overview"


def _add_headers(response: flask.Response) -> flask.Response:
    response.headers.update(HEADERS)
    endpoint = (flask.request.endpoint or "").rpartition(".")[2]
    if endpoint not in OPEN_ENDPOINTS:
        response.headers["Cache-Control"] = "no-store"
    return response


def _database_failed(error: Exception) -> ResponseReturnValue:
    cause = getattr(error, "orig", None) or error
    logger.error("a monitoring page failed: %s", describe(cause))
    failure = ServiceUnavailable("The monitoring database cannot be used. The journal tells why.")
    return failure.get_response()
