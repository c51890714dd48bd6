"""The operator's session: begun with the password, over after half a day or at the log-out.

A new password ends it too, in every process (:mod:`.validity`).
"""

from __future__ import annotations

import hmac
import logging
import secrets
import time
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

import flask
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import BadData, URLSafeTimedSerializer

from services.base.errors import StorageError
from services.base.settings import Settings
from services.metrics.requests import note_login
from services.operations.database import ServingOperations, server_of
from services.web.access.attempts import Attempts, Visitor
from services.web.access.credentials import (
    Operator,
    announce_password,
    first_password,
    load_operator,
    monitoring_dir,
    secret_key,
)
from services.web.access.session_stores import FileStore, TableStore
from services.web.access.validity import Validity

log = logging.getLogger(__name__)

SESSION_SECONDS: Final = 12 * 3600
SESSION_COOKIE: Final = "operator_session"
# Tells a device from which the operator has been in before: it opens nothing, but whoever guesses
# elsewhere does not make it wait.
DEVICE_COOKIE: Final = "operator_device"
DEVICE_SECONDS: Final = 180 * 86_400
_DEVICE_SALT: Final = "operator device"
# Long enough to carry an address from one machine to another.
INVITATION_SECONDS: Final = 600
_INVITATION_SALT: Final = "operator device, invited"
# How long a log-in waits for others to let go of the operations database.
PATIENCE_SECONDS: Final = 0.25
_EXTENSION: Final = "traffic_access"
_TOKEN_BYTES: Final = 24


class Access:
    """Who the operator is, who has to wait, and which sessions are over. Safe to share.

    Parameters
    ----------
    key : str
        Signs sessions.
    """

    def __init__(self, settings: Settings, key: str, operations: ServingOperations) -> None:
        self._settings = settings
        self._key = key
        reading = operations.reading.waiting(PATIENCE_SECONDS)
        writing = operations.writing.waiting(PATIENCE_SECONDS)
        self.attempts = Attempts(reading, writing, key)
        is_of_one_machine = server_of(settings) is None
        store = (
            FileStore(monitoring_dir(settings))
            if is_of_one_machine
            else TableStore(reading, writing)
        )
        self.validity = Validity(store, time.time)
        self._operator = _operator(settings, key)
        if self._operator is not None:
            self.validity.begin_with(self._operator.fingerprint)

    def operator(self) -> Operator | None:
        """The operator of today.

        None where none can be read, or where this process knows only a password that another
        one has replaced.
        """
        wanted = self.validity.fingerprint()
        found = self._operator
        if found is None or wanted in {"", found.fingerprint}:
            return found
        # A generated password may have been made anew; a configured one needs a new start.
        self._operator = found = _loaded(self._settings, self._key)
        return found if found is not None and found.fingerprint == wanted else None


class _OperatorSessions(SecureCookieSessionInterface):
    """Flask's, whose signer is made for requests with the cookie only: visitors have none."""

    def open_session(self, app: flask.Flask, request: flask.Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) in request.cookies:
            return super().open_session(app, request)
        return self.session_class()


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


def prepare_access(server: flask.Flask, settings: Settings, operations: ServingOperations) -> None:
    """Give a server its key, its session cookie and its operator.

    The cookie is set at the log-in only; scripts cannot read it, and other sites cannot have
    it sent along. Where no password can be kept or read, nobody can log in; the journal says why.
    """
    key = secret_key(settings)
    server.secret_key = key
    server.session_interface = _OperatorSessions()
    server.config.update(
        SESSION_COOKIE_NAME=SESSION_COOKIE,
        SESSION_COOKIE_PATH="/",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    server.extensions[_EXTENSION] = Access(settings, key, operations)


def attempt_log_in(name: str, password: str, address: str) -> LogIn:
    """Try a name and a password; begins the session of the request in progress if they are right.

    Parameters
    ----------
    address : str
        Of the visitor; it is not kept.
    """
    access = _access()
    operator = access.operator()
    if operator is None:
        return LogIn("unavailable")
    visitor = Visitor(address, _device())
    wait_seconds = access.attempts.begin(visitor)
    if wait_seconds:
        note_login("throttled")
        return LogIn("throttled", wait_seconds)
    if not operator.accepts(name, password):
        note_login("refused")
        log.warning("a log-in was refused")
        return LogIn("refused")
    access.attempts.succeeded(visitor)
    note_login("accepted")
    _mark_device(visitor.device)
    # Nothing of a session that somebody else may have begun stays.
    flask.session.clear()
    flask.session.update(
        {
            "operator": operator.fingerprint,
            "expires": int(time.time()) + SESSION_SECONDS,
            "mark": secrets.token_urlsafe(_TOKEN_BYTES),
            "era": access.validity.era(),
            "token": secrets.token_urlsafe(_TOKEN_BYTES),
        }
    )
    return LogIn("accepted")


def sign_out() -> None:
    """End the session of the request in progress, whoever else has its cookie."""
    mark, expires = flask.session.get("mark"), flask.session.get("expires")
    if isinstance(mark, str) and isinstance(expires, int):
        _access().validity.end(mark, expires)
    flask.session.clear()


def is_signed_in() -> bool:
    """Whether the request in progress comes from the operator, in a session not yet over."""
    if "operator" not in flask.session:
        return False
    access = _access()
    operator, mark = access.operator(), flask.session.get("mark")
    if operator is None or not operator.is_signed_in() or not isinstance(mark, str):
        return False
    began = flask.session["expires"] - SESSION_SECONDS
    return access.validity.is_valid(mark, flask.session.get("era", ""), began)


def operator_name() -> str:
    """The name that the operator logs in with; empty where nobody can."""
    operator = _access().operator()
    return "" if operator is None else operator.username


def log_out_token() -> str:
    """What the form that ends the session of the request in progress has to send."""
    return str(flask.session.get("token", ""))


def is_log_out_token(token: str) -> bool:
    """Whether a form was made for the session of the request in progress."""
    expected = log_out_token()
    return bool(expected) and hmac.compare_digest(expected.encode(), token.encode())


def is_from_own_page() -> bool:
    """Whether the request in progress comes from a page of this site, as far as browsers tell.

    ``Sec-Fetch-Site`` cannot be forged by a page; browsers leave it out over plain HTTP, where
    ``Origin``, or else ``Referer``, must name the host that was asked. None of them: refused.
    """
    headers = flask.request.headers
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    try:
        return urlsplit(headers.get("Origin") or headers.get("Referer") or "").netloc == (
            flask.request.host
        )
    except ValueError:  # no address at all, such as "http://["
        return False


def _access() -> Access:
    access: Access = flask.current_app.extensions[_EXTENSION]
    return access


def _operator(settings: Settings, key: str) -> Operator | None:
    try:
        password = first_password(settings)
        if password is not None:
            announce_password(settings, password)
    except StorageError as error:
        log.error("nobody can log in: %s", error)
        return None
    return _loaded(settings, key)


def _loaded(settings: Settings, key: str) -> Operator | None:
    try:
        return load_operator(settings, key)
    except StorageError as error:
        log.error("nobody can log in: %s", error)
        return None


def invitation(key: str) -> str:
    """What makes the device that brings it a known one, whoever guesses; it opens nothing."""
    mark = secrets.token_urlsafe(_TOKEN_BYTES)
    return str(URLSafeTimedSerializer(key, salt=_INVITATION_SALT).dumps(mark))


def accept_invitation(given: str) -> None:
    """Mark the device of the request in progress, if the invitation that it brings is ours."""
    signer = URLSafeTimedSerializer(str(flask.current_app.secret_key), salt=_INVITATION_SALT)
    mark = _signed(signer, given, INVITATION_SECONDS)
    if mark:
        _mark_device(mark)


def _device() -> str:
    """What the visitor's device was marked with at an earlier log-in; empty where it was not."""
    return _signed(_device_signer(), flask.request.cookies.get(DEVICE_COOKIE, ""), DEVICE_SECONDS)


def _signed(signer: URLSafeTimedSerializer, given: str, max_age_seconds: int) -> str:
    """What was signed so long ago at most; empty where it was not."""
    try:
        found = signer.loads(given, max_age=max_age_seconds)
    except BadData:
        return ""
    return found if isinstance(found, str) else ""


def _mark_device(known: str) -> None:
    """Mark the visitor's device with the answer to the request in progress."""
    mark = str(_device_signer().dumps(known or secrets.token_urlsafe(_TOKEN_BYTES)))

    @flask.after_this_request
    def set_cookie(response: flask.Response) -> flask.Response:
        response.set_cookie(
            DEVICE_COOKIE,
            mark,
            max_age=DEVICE_SECONDS,
            path="/connexion",
            secure=bool(flask.current_app.config["SESSION_COOKIE_SECURE"]),
            httponly=True,
            samesite="Lax",
        )
        return response


def _device_signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(flask.current_app.secret_key), salt=_DEVICE_SALT)
