"""What a visitor sends never reaches the disk, whichever route it goes to."""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from services.base.journal import start_journal
from services.base.settings import load_settings
from services.web.monitoring.sampler import InProgress, Sampler
from tests.feed_replies import RECEIVED_AT
from tests.services.web.monitoring.app import eventually, rows

ADDRESS = "203.0.113.77"
PROXIED = "2001:db8::beef:77"
COOKIE = "cookie-planted-7f3a"
TOKEN = "token-planted-91bc"
EMAIL = "planted.person@example.org"
PLANTED = (ADDRESS, PROXIED, COOKIE, TOKEN, EMAIL)

_ARGUMENT = re.compile(r"<[^<>]+>")

BODY = {"output": EMAIL, "inputs": [{"id": EMAIL, "property": ADDRESS, "value": TOKEN}]}
FORM = {"name": EMAIL, "password": TOKEN, "email": EMAIL}


def in_every_form(text: str) -> list[bytes]:
    return [
        text.encode(),
        quote(text, safe="").encode(),
        base64.b64encode(text.encode()).rstrip(b"="),
    ]


def paths_of(server: Flask) -> list[str]:
    """An address for every route, with what is planted wherever one can choose."""
    found = {
        _ARGUMENT.sub(value, rule.rule)
        for rule in server.url_map.iter_rules()
        for value in (EMAIL, "1")
    }
    return sorted(found | {f"/{EMAIL}", f"/api/v1/{EMAIL}", "/"})


def visit(client: FlaskClient, path: str) -> None:
    sent = {
        "headers": {
            "X-Forwarded-For": PROXIED,
            "Authorization": f"Bearer {TOKEN}",
            "User-Agent": f"browser of {EMAIL}",
            "Referer": f"http://localhost/?mail={EMAIL}",
            "Origin": "http://localhost",
            "X-Request-ID": EMAIL,
            "Cookie": f"session={COOKIE}; language=fr",
        },
        "query_string": {"mail": EMAIL, "token": TOKEN, "hour": EMAIL},
        "environ_base": {"REMOTE_ADDR": ADDRESS},
    }
    client.get(path, **sent)
    client.post(path, json=BODY, **sent)
    client.post(path, data=FORM, **sent)


def test_nothing_that_a_visitor_sends_reaches_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(data_dir=tmp_path, monitor_level="3", log_level="DEBUG")
    start_journal(settings)
    server = create_app(settings, lambda: RECEIVED_AT).server
    # Every request is an outlier that was looked at; one of them fails with all that it was sent.
    sys.modules["flask_monitoringdashboard"].config.outlier_detection_constant = 0
    watch, answer_by = Sampler.watch, server.ensure_sync
    samplers = set()

    def note_and_watch(sampler: Sampler, request: InProgress) -> None:
        samplers.add(sampler)
        watch(sampler, request)

    def look_and_answer_by(view: Callable[..., object]) -> Callable[..., object]:
        for sampler in samplers:
            sampler.look()
        return answer_by(view)

    monkeypatch.setattr(Sampler, "watch", note_and_watch)
    monkeypatch.setattr(server, "ensure_sync", look_and_answer_by)

    @server.before_request
    def fail() -> None:
        from flask import request  # noqa: PLC0415

        if request.path == "/healthz":
            raise ValueError(f"{ADDRESS} {EMAIL} Bearer {TOKEN}")

    client = server.test_client(use_cookies=False)
    visited = paths_of(server)
    assert len(visited) > 40
    for path in visited:
        visit(client, path)
    assert eventually(lambda: len(rows(tmp_path, "SELECT id FROM Outlier")) > 5)
    assert "ValueError" in (tmp_path / "app.log").read_text("utf-8")
    for file in tmp_path.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        found = [text for text in PLANTED if any(form in content for form in in_every_form(text))]
        assert found == [], file


def test_no_page_sets_a_cookie(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    server = create_app(settings, lambda: RECEIVED_AT).server
    client = server.test_client()
    for path in sorted({rule.rule for rule in server.url_map.iter_rules() if not rule.arguments}):
        assert "Set-Cookie" not in client.get(path).headers, path
