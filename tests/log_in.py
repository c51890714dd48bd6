"""Logging in as a browser does: the form is fetched, then sent back from our own page."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

OWN_PAGE = {"Origin": "http://localhost"}
_TOKEN = re.compile(r'name="token" value="([^"]*)"')


def form_token(client: FlaskClient) -> str:
    """What the form sends along."""
    found = _TOKEN.search(client.get("/connexion").text)
    assert found is not None
    return unescape(found.group(1))


def send_log_in(
    client: FlaskClient,
    name: str,
    password: str,
    *,
    wanted: str = "",
    headers: dict[str, str] = OWN_PAGE,
    address: str = "127.0.0.1",
) -> TestResponse:
    """The answer to a name and a password."""
    return client.post(
        f"/connexion?next={quote(wanted)}",
        data={"name": name, "password": password, "token": form_token(client)},
        headers=headers,
        environ_base={"REMOTE_ADDR": address},
    )
