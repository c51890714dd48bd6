"""``/connexion`` and ``/deconnexion``: the way into the operators' rooms and out of them."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from dash import Dash
from flask import Response, current_app, redirect, request
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.exceptions import Forbidden

from callbacks.http.answers import not_kept
from callbacks.http.language import requested_language, with_language
from callbacks.http.static_files import bootstrap_url
from components.log_in import LogInPage, build_log_in_page
from services.base.settings import is_loopback
from services.base.texts import Texts, formats, languages, load_texts
from services.web.access.session import (
    LogIn,
    accept_invitation,
    attempt_log_in,
    is_from_own_page,
    is_log_out_token,
    is_signed_in,
    sign_out,
)

LOG_IN_PATH: Final = "/connexion"
LOG_OUT_PATH: Final = "/deconnexion"
FIRST_ROOM: Final = "/exploitation/"
# As long as somebody may take over the form.
TOKEN_SECONDS: Final = 3_600
_SALT: Final = "log-in form"
_STYLES: Final = ("base.css", "exploitation.css", "camera.css", "log_in.css")
_STATUSES: Final = {
    "refused": HTTPStatus.FORBIDDEN,
    "throttled": HTTPStatus.TOO_MANY_REQUESTS,
    "unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
}
# What browsers read as another host, or leave out before they read.
_NOT_A_PATH: Final = re.compile(r"^/[/\\]|[\\\x00-\x20\x7f]")
# Of a host: its port, and the brackets of IPv6.
_BESIDE_THE_NAME: Final = re.compile(r"^\[|\]?(:\d*)?$")


def register(main: Dash) -> None:
    """Add the routes to the server of the application."""

    @main.server.get(LOG_IN_PATH)
    def log_in_form() -> ResponseReturnValue:
        return _form(main)

    @main.server.post(LOG_IN_PATH)
    def log_in() -> ResponseReturnValue:
        texts = load_texts(requested_language())
        wording = texts["log_in"]
        if _is_in_clear():
            return _page(main, wording["in_clear"], HTTPStatus.BAD_REQUEST)
        if not (is_from_own_page() and _is_own_form(request.form.get("token", ""))):
            return _page(main, wording["form_too_old"], HTTPStatus.BAD_REQUEST)
        tried = attempt_log_in(
            request.form.get("name", ""),
            request.form.get("password", ""),
            request.remote_addr or "",
        )
        if tried.outcome == "accepted":
            return redirect(with_language(wanted_page()), HTTPStatus.SEE_OTHER)
        answer = _page(main, told(texts, tried), _STATUSES[tried.outcome])
        if tried.wait_seconds:
            answer.headers["Retry-After"] = str(tried.wait_seconds)
        return answer

    @main.server.post(LOG_OUT_PATH)
    def log_out() -> ResponseReturnValue:
        if is_signed_in():
            if not (is_from_own_page() and is_log_out_token(request.form.get("token", ""))):
                raise Forbidden("This request does not come from a page of this site.")
            sign_out()
        return redirect(main.get_relative_path("/"), HTTPStatus.SEE_OTHER)


def log_in_address(page: str) -> str:
    """Where to log in, to come back to a page of this site."""
    return with_language(f"{LOG_IN_PATH}?next={quote(page)}")


def wanted_page() -> str:
    """The page that the request in progress asks for next, if it is one of ours.

    Anything that a browser could read as another site's address gives the first room.
    """
    wanted = request.args.get("next", "")
    # Behind one slash there is neither a scheme nor a host.
    return wanted if wanted.startswith("/") and not _NOT_A_PATH.search(wanted) else FIRST_ROOM


def told(texts: Texts, tried: LogIn) -> str:
    """Why somebody is not let in, in words."""
    wording, written = texts["log_in"], formats(texts)
    if tried.outcome != "throttled":
        return str(wording[tried.outcome])
    if tried.wait_seconds < 60:
        wait = written.quantity(tried.wait_seconds, "s", is_long=True)
    else:
        wait = written.quantity(-(-tried.wait_seconds // 60), "min", is_long=True)
    return str(wording["throttled"]).format(wait=wait)


def _form(main: Dash) -> ResponseReturnValue:
    """The empty form, for those who are not in yet."""
    if is_signed_in():
        return redirect(with_language(wanted_page()), HTTPStatus.SEE_OTHER)
    if invitation := request.args.get("device"):
        accept_invitation(invitation)
        # So that no history or bookmark keeps it.
        return redirect(log_in_address(wanted_page()), HTTPStatus.SEE_OTHER)
    error = load_texts(requested_language())["log_in"]["in_clear"] if _is_in_clear() else ""
    return _page(main, error, HTTPStatus.OK)


def _page(main: Dash, error: str, status: HTTPStatus) -> Response:
    language = requested_language()
    page = LogInPage(
        action=log_in_address(wanted_page()),
        token=str(_signer().dumps("")),
        error=error,
        home_url=with_language(main.get_relative_path("/")),
        icon_url=main.get_asset_url("icon.svg"),
        script_url=main.get_asset_url("language.js"),
        style_urls=[bootstrap_url(), *map(main.get_asset_url, _STYLES)],
        languages=languages(),
        language=language,
    )
    document = build_log_in_page(load_texts(language), page)
    return not_kept(Response(document, status, content_type="text/html"))


def _is_in_clear() -> bool:
    """Whether the browser would keep no session from here: its cookie goes by TLS only.

    Browsers make an exception for their own machine.
    """
    return (
        current_app.config["SESSION_COOKIE_SECURE"]
        and not request.is_secure
        and not is_loopback(_BESIDE_THE_NAME.sub("", request.host))
    )


def _is_own_form(token: str) -> bool:
    try:
        _signer().loads(token, max_age=TOKEN_SECONDS)
    except BadData:
        return False
    return True


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt=_SALT)
