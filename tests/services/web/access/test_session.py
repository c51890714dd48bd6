"""The operator's session as Flask opens it; what it opens is tested with the log-in."""

from __future__ import annotations

import flask

from services.base.settings import load_settings
from services.operations.database import open_for_serving
from services.web.access.session import SESSION_COOKIE, prepare_access


def test_the_signer_is_made_only_for_who_has_a_cookie(tmp_path, monkeypatch):
    settings = load_settings(data_dir=tmp_path, dashboard_password="a long enough password")
    server = flask.Flask("sessions")
    prepare_access(server, settings, open_for_serving(settings))
    signed, make = [], server.session_interface.get_signing_serializer
    monkeypatch.setattr(
        server.session_interface,
        "get_signing_serializer",
        lambda app: signed.append(flask.request.path) or make(app),
    )

    @server.get("/<path:_path>")
    def told(_path):
        return dict(flask.session)

    @server.post("/begin")
    def begin():
        flask.session["operator"] = "somebody"
        return ""

    client = server.test_client()
    assert client.get("/visitor").get_json() == {}
    assert signed == []
    client.post("/begin")
    assert client.get("/operator").get_json() == {"operator": "somebody"}
    client.set_cookie(SESSION_COOKIE, "made up")
    assert client.get("/stranger").get_json() == {}
    assert signed == ["/begin", "/operator", "/stranger"]
