"""A page more: one call gives it what every page has, of whichever kind it is."""

from __future__ import annotations

import json
import re
from html import unescape
from types import SimpleNamespace

import pytest
from dash import Input, Output, html

import app
from callbacks.pages import camera
from callbacks.pages.subpage import add_operators_page, add_page, add_text_page
from components.subpage import Subpage, build_card
from tests.callbacks.conftest import NOW
from tests.factories import OBSERVED_AT, make_network, make_snapshot_for
from tests.pages import app_prefixes, layout_of, page_paths, routed

PATH = "/scratch"
# Of a page that is left out meanwhile.
SECTION = "camera"


def content(texts):
    return Subpage(
        [build_card(texts["language"]["name"], html.Div(id="told"))],
        content_id="content-of-it",
    )


@pytest.fixture
def make(make_client, monkeypatch):
    """A client of an application with one page more."""

    def with_page(add):
        def register(pages, _services):
            page = add(pages, PATH, SECTION, content)
            if page is not None:
                page.callback(Output("told", "children"), Input("ask", "n_clicks"))(
                    lambda _clicks: "told"
                )

        others = [page for page in app.PAGES if page is not camera]
        monkeypatch.setattr(app, "PAGES", (*others, SimpleNamespace(register=register)))
        return make_client()

    return with_page


def call(client, prefix="", **changes):
    body = {
        "output": "told.children",
        "outputs": {"id": "told", "property": "children"},
        "inputs": [{"id": "ask", "property": "n_clicks", "value": 1}],
        "changedPropIds": ["ask.n_clicks"],
    }
    return client.post(f"{prefix}/_dash-update-component", json=body | changes)


def links_of(client, address="/"):
    """Words and address of each link of a page of the public application."""
    found = []

    def look(node):
        if isinstance(node, list):
            for child in node:
                look(child)
        elif isinstance(node, dict):
            if node["type"] == "A":
                found.append(node["props"].get("href"))
            look(node["props"].get("children"))

    look(layout_of(client, address))
    return found


def test_a_public_page_is_one_of_the_public_application(make):
    client = make(add_page)
    assert client.get(f"{PATH}/").headers["Location"] == PATH
    assert "<title>Photo</title>" in client.get(PATH).text
    layout = json.dumps(layout_of(client, PATH), ensure_ascii=False)
    for text in ("Français", "Carte", '"id": "content-of-it"', '"aria-current": "page"'):
        assert text in layout
    assert routed(client, PATH).get_json()["response"]["_pages_store"]["data"] == {"title": "Photo"}
    assert PATH in links_of(client, "/")
    assert PATH in page_paths(client.application)
    assert call(client).get_json()["response"] == {"told": {"children": "told"}}
    assert call(client, output="made.up").status_code == 400
    assert 'callback="told.children"' in client.get("/metrics").text
    policy = client.get("/").headers["Content-Security-Policy"]
    assert client.get(PATH).headers["Content-Security-Policy"] == policy


def age_told(client, path):
    """What the header of a page comes with to tell the age of the data by."""
    found = re.search(r'data-told="([^"]+)"', client.get(path).text)
    return found and json.loads(unescape(found[1]))


def test_a_public_page_tells_how_old_the_data_are(make, store):
    client = make(add_page)
    told = age_told(client, PATH)
    assert (told["time"], told["snapshot"], told["feedFails"]) == (NOW.timestamp(), None, False)
    assert client.get(told["settings"]["currentUrl"]).status_code == 404

    network = make_network()
    store.publish(network, make_snapshot_for(network, source="archive"))
    told = age_told(client, PATH)
    assert told["snapshot"] == {"source": "archive", "observed_at": OBSERVED_AT.timestamp()}
    current = client.get(told["settings"]["currentUrl"]).get_json()["snapshot"]
    assert current.items() >= told["snapshot"].items()
    # Refreshes tell the map's page; text without scripts tells nothing.
    assert age_told(client, "/") is None
    assert age_told(client, "/confidentialite") is None


def test_an_application_shows_no_page_of_one_made_before(make, make_client, monkeypatch):
    # Dash knows one list of pages in a process.
    first = make(add_page)
    assert "content-of-it" in json.dumps(layout_of(first, PATH))
    monkeypatch.undo()
    second = make_client()
    assert "page-not_found" in json.dumps(layout_of(second, PATH))
    assert second.get(PATH).status_code == 404
    for client in (first, second):
        assert layout_of(client, "/qualite")["props"]["id"] == "page-quality"


def test_a_page_of_text_is_one_document_without_dash(make):
    client = make(add_text_page)
    answer = client.get(PATH)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, no-cache")
    assert "<h2" in answer.text
    assert "_dash" not in answer.text
    assert client.get(f"{PATH}/").headers["Location"] == PATH
    assert PATH in links_of(client, "/")
    unchanged = client.get(PATH, headers={"If-None-Match": answer.headers["ETag"]})
    assert unchanged.status_code == 304


def test_nobody_but_an_operator_sees_a_page_that_is_for_them(make):
    client = make(add_operators_page)
    assert PATH in app_prefixes(client.application)
    assert client.get(PATH).headers["Location"].startswith("/connexion?next=/scratch/")
    assert client.get(f"{PATH}/").headers["Location"] == "/connexion?next=/scratch/"
    assert client.get(f"{PATH}/_dash-layout").status_code == 401
    assert call(client, PATH).status_code == 403
    assert client.get("/qualite").status_code == 200


def test_what_an_address_asks_fails_no_page(make_client):
    client = make_client()
    for query in ("?section=x", "?self=1", "?a=1&a=2", "?lang=xx", "?_asked=%FF", "?=&&=", "?%00"):
        assert layout_of(client, f"/qualite{query}")["props"]["id"] == "page-quality", query


@pytest.mark.parametrize(
    ("path", "search"),
    [(None, ""), (7, ""), ("/", None), ("/", {"a": 1}), ("", ""), ("qualite", "")],
)
def test_an_address_that_is_none_is_the_senders_fault(make_client, path, search):
    body = {
        "output": ".._pages_content.children..._pages_store.data..",
        "outputs": [
            {"id": "_pages_content", "property": "children"},
            {"id": "_pages_store", "property": "data"},
        ],
        "inputs": [
            {"id": "_pages_location", "property": "pathname", "value": path},
            {"id": "_pages_location", "property": "search", "value": search},
        ],
        "changedPropIds": [],
    }
    assert make_client().post("/_dash-update-component", json=body).status_code == 400


def test_old_addresses_lead_to_the_new_ones_with_what_they_ask(make_client):
    client = make_client()
    for old, new in (
        ("/donnees-personnelles", "/confidentialite"),
        ("/donnees-personnelles/?lang=en", "/confidentialite?lang=en"),
        ("/camera/?troncon=1_D", "/camera?troncon=1_D"),
        ("/exploitation", "/connexion?next=/exploitation/"),
    ):
        assert client.get(old).headers["Location"] == new, old
    assert layout_of(client, "/nowhere")["props"]["id"] == "page-not_found"
