"""A page more: one call gives it what every page has."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import pytest
from dash import Input, Output, html

import app
from callbacks.pages.subpage import add_page
from components.subpage import Subpage, build_card
from tests.pages import page_paths

PATH = "/scratch"
# Any section that has the words of a page.
SECTION = "privacy"


@pytest.fixture
def make(make_client, monkeypatch):
    """A client of an application with one page more."""

    def with_page(**options):
        def register(pages, _services):
            page = add_page(
                pages,
                PATH,
                SECTION,
                lambda texts: Subpage(
                    [build_card(texts["language"]["name"], html.Div(id="told"))],
                    unseen=[html.Button(id="ask", hidden=True)],
                    content_id="content",
                ),
                **options,
            )

            @page.callback(Output("told", "children"), Input("ask", "n_clicks"))
            def tell(_clicks):
                return "told"

        monkeypatch.setattr(app, "PAGES", (*app.PAGES, SimpleNamespace(register=register)))
        return make_client()

    return with_page


def call(client, **changes):
    body = {
        "output": "told.children",
        "outputs": {"id": "told", "property": "children"},
        "inputs": [{"id": "ask", "property": "n_clicks", "value": 1}],
        "changedPropIds": ["ask.n_clicks"],
    }
    return client.post(f"{PATH}/_dash-update-component", json=body | changes)


def test_it_is_served_in_the_language_of_the_visitor(make):
    client = make()
    assert client.get(PATH).headers["Location"] == f"{PATH}/"
    assert "<title>Données personnelles</title>" in client.get(f"{PATH}/").text
    layout = client.get(f"{PATH}/_dash-layout").text
    for text in ("Français", "Retour à la carte", '"id":"content"', '"id":"ask"'):
        assert text in layout
    client.set_cookie("language", "en")
    assert "<title>Personal data</title>" in client.get(f"{PATH}/").text
    assert "Back to the map" in client.get(f"{PATH}/_dash-layout").text


def test_the_first_page_links_to_it_behind_the_others(make):
    layout = json.dumps(make().get("/_dash-layout").get_json())
    links = re.findall(r'"href": "(/[^"]*)"', layout)
    links = [link for link in links if not link.startswith("/api/")]
    assert links[:5] == [*(f"{page.PATH}/" for page in app.PAGES[:4]), f"{PATH}/"]


def test_it_has_the_headers_and_the_answers_of_all_others(make):
    client = make()
    assert PATH in page_paths(client.application)
    policy = client.get("/").headers["Content-Security-Policy"]
    assert client.get(f"{PATH}/").headers["Content-Security-Policy"] == policy
    missing = client.get(f"{PATH}/nowhere")
    assert missing.status_code == 404
    assert "Retour" in missing.text
    assert call(client).get_json()["response"] == {"told": {"children": "told"}}
    assert call(client, output="made.up").status_code == 400
    assert 'callback="told.children"' in client.get("/metrics").text
    icon = client.get(f"{PATH}/assets/icon.svg")
    assert (icon.status_code, icon.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize(("scripts", "has_it"), [(["camera.js"], True), ([], False)])
def test_it_runs_no_script_but_those_that_it_names_and_the_first_page_none_of_them(
    make, scripts, has_it
):
    client = make(scripts=scripts)
    assert ("/camera.js" in client.get(f"{PATH}/").text) == has_it
    assert "language.js" in client.get(f"{PATH}/").text
    assert "/camera.js" not in client.get("/").text
    assert "/camera.js" not in client.get("/qualite/").text


def test_nobody_but_an_operator_sees_one_that_is_for_them(make):
    client = make(for_operators=True)
    assert client.get(f"{PATH}/").headers["Location"] == "/connexion?next=/scratch/"
    assert client.get(f"{PATH}/_dash-layout").status_code == 401
    assert call(client).status_code == 403
    assert client.get("/qualite/").status_code == 200
