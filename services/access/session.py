"""The operator's session: begun with the password, over after half a day or with the password."""

from __future__ import annotations

import hmac
import logging
import secrets
import time
from dataclasses import dataclass
from typing import Final, Literal

import flask

from services.access.attempts import Attempts
from services.access.credentials import (
    Operator,
    announce_password,
    first_password,
    load_operator,
    secret_key,
)
from services.access.origin import is_same_origin
from services.errors import StorageError
from services.metrics.requests import note_login
from services.operations import open_operations
from services.settings import Settings

log = logging.getLogger(__name__)

SESSION_SECONDS: Final = 12 * 3600
SESSION_COOKIE: Final = "operator_session"
_EXTENSION: Final = "traffic_access"
_TOKEN_BYTES: Final = 24


@dataclass(frozen=True)
class Access:
    """Who the operator is, and who has to wait; no operator where none could be read."""

    operator: Operator | None
    attempts: Attempts


@dataclass(frozen=True)
class LogIn:
    """What came of a try.

    Parameters
    ----------
    outcome : {"accepted", "refused", "throttled", "unavailable"}
    wait_seconds : int
        How long to wait, where throttled.
    """

    outcome: Literal["accepted", "refused", "throttled", "unavailable"]
    wait_seconds: int = 0


def prepare_access(server: flask.Flask, settings: Settings) -> None:
    """Give a server its key, its session cookie and its operator.

    The cookie is set at the log-in only; scripts cannot read it, and other sites cannot have
    it sent along. Where no password can be kept or read, nobody can log in; the journal says why.
    """
    key = secret_key(settings)
    server.secret_key = key
    server.config.update(
        SESSION_COOKIE_NAME=SESSION_COOKIE,
        SESSION_COOKIE_PATH="/",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    attempts = Attempts(open_operations(settings), key)
    server.extensions[_EXTENSION] = Access(_operator(settings, key), attempts)


def attempt_log_in(name: str, password: str, address: str) -> LogIn:
    """Try a name and a password; begins the session of the request in progress if they are right.

    Parameters
    ----------
    name, password : str
    address : str
        Of the visitor; it is not kept.
    """
    access = _access()
    if access.operator is None:
        return LogIn("unavailable")
    wait_seconds = access.attempts.wait_seconds(address)
    if wait_seconds:
        note_login("throttled")
        return LogIn("throttled", wait_seconds)
    if not access.operator.accepts(name, password):
        access.attempts.failed(address)
        note_login("refused")
        log.warning("a log-in was refused")
        return LogIn("refused")
    access.attempts.succeeded(address)
    note_login("accepted")
    # Nothing of a session that somebody else may have begun stays.
    flask.session.clear()
    flask.session.update(
        {
            "operator": access.operator.fingerprint,
            "expires": int(time.time()) + SESSION_SECONDS,
            "token": secrets.token_urlsafe(_TOKEN_BYTES),
        }
    )
    return LogIn("accepted")


def sign_out() -> None:
    """End the session of the request in progress."""
    flask.session.clear()


def is_signed_in() -> bool:
    """Whether the request in progress comes from the operator, in a session not yet over."""
    operator = _access().operator
    return operator is not None and operator.is_signed_in()


def operator_name() -> str:
    """The name that the operator logs in with; empty where nobody can."""
    operator = _access().operator
    return "" if operator is None else operator.username


def log_out_token() -> str:
    """What the form that ends the session of the request in progress has to send."""
    return str(flask.session.get("token", ""))


def is_log_out_token(token: str) -> bool:
    """Whether a form was made for the session of the request in progress."""
    expected = log_out_token()
    return bool(expected) and hmac.compare_digest(expected.encode(), token.encode())


def is_from_own_page() -> bool:
    """Whether the request in progress comes from a page of this site, as far as browsers tell."""
    return is_same_origin(flask.request)


def _access() -> Access:
    access: Access = flask.current_app.extensions[_EXTENSION]
    return access


def _operator(settings: Settings, key: str) -> Operator | None:
    try:
        password = first_password(settings)
        if password is not None:
            announce_password(settings, password)
        return load_operator(settings, key)
    except StorageError as error:
        log.error("nobody can log in: %s", error)
        return None
