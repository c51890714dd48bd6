"""The page as it is served: what it starts with, for whom, and where its addresses lead."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime
from html import unescape

import dash
import pytest

from app import create_app
from callbacks.pages import home, quality
from callbacks.pages.subpage import Pages
from services.base import texts
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.roles.assembly import assemble
from services.traffic.store import Store
from tests.callbacks.conftest import NOW
from tests.factories import make_network, make_snapshot_for
from tests.pages import layout_of, routed


def found(node, id_):
    """Properties of the component that has an id."""
    if isinstance(node, list):
        return next((item for child in node if (item := found(child, id_))), None)
    if not isinstance(node, dict):
        return None
    if node["props"].get("id") == id_:
        return node["props"]
    return found(node["props"].get("children"), id_)


@pytest.mark.parametrize(
    ("moment", "day", "label"),
    [
        (datetime(2024, 8, 26, 5, 40, tzinfo=UTC), "monday", "Aujourd'hui (lundi)"),
        # 0:30 in Rennes, still the day before in London.
        (datetime(2024, 8, 26, 22, 30, tzinfo=UTC), "tuesday", "Aujourd'hui (mardi)"),
        # Winter time.
        (datetime(2024, 12, 1, 23, 10, tzinfo=UTC), "monday", "Aujourd'hui (lundi)"),
    ],
)
def test_the_page_opens_on_now_and_the_whole_of_rennes(make_client, moment, day, label):
    layout = layout_of(make_client(moment))
    assert found(layout, "moment-0")["aria-pressed"] == "true"
    assert found(layout, "forecast-hour")["value"] == ""
    chosen = found(layout, "forecast-day")
    assert chosen["value"] == day
    assert chosen["options"][0] == {"value": day, "label": label}
    assert found(layout, "forecast-zone")["value"] == "metropole"


def test_each_load_gets_the_snapshot_of_its_time(client, store):
    assert "snapshot" not in found(layout_of(client), "news")["data"]
    network = make_network()
    snapshot = make_snapshot_for(network)
    store.publish(network, snapshot)
    layout = layout_of(client)
    assert found(layout, "news")["data"]["snapshot"]["version"] == snapshot.version
    style = found(layout, "map")["figure"]["layout"]["map"]["style"]
    assert style["sources"]["roads"]["data"] == f"/network/{network.version}.geojson"
    assert client.get(style["sources"]["roads"]["data"]).status_code == 200


def test_the_first_page_already_holds_the_traffic(client, published):
    _, snapshot = published
    assert snapshot.version in routed(client).text


def test_the_attributions_are_on_the_page(client, published):
    layout = routed(client).text
    assert "OpenStreetMap" in layout
    assert "Rennes Métropole" in layout
    assert "ODbL" in layout


def test_settings_reach_the_browser(make_client):
    layout = layout_of(make_client(refresh_seconds=30, feed_period_seconds=300))
    assert found(layout, "refresh")["interval"] == 30_000
    assert found(layout, "browser-settings")["data"]["lateAfterSeconds"] == 900


@pytest.mark.parametrize("tiles_url", ["none", "https://tiles.example/{z}/{x}/{y}.png"])
def test_tiles_are_there_when_asked_for(make_client, tiles_url):
    layout = layout_of(make_client(tiles_url=tiles_url))
    sources = found(layout, "map")["figure"]["layout"]["map"]["style"]["sources"]
    assert ("tiles" in sources) == (tiles_url != "none")


def test_addresses_follow_a_prefix(tmp_path):
    settings = load_settings(data_dir=tmp_path, monitor_level="off")
    store, network = Store(RENNES, tmp_path), make_network()
    services = assemble(settings, lambda: NOW)
    store.publish(network, make_snapshot_for(network))
    app = dash.Dash(
        "prefixed",
        requests_pathname_prefix="/rennes/",
        routes_pathname_prefix="/",
        use_pages=True,
        pages_folder="",
        suppress_callback_exceptions=True,
    )
    pages = Pages(app)
    home.register(pages, services)
    quality.register(pages, services)
    with app.server.test_request_context():
        frame = pages.frame("quality")
    assert frame.nav == [("page", "/rennes/"), ("quality", "/rennes/qualite")]
    assert frame.dashboard_url == "/rennes/dashboard/"
    data = home.page_data(app, services, "fr")
    assert data.browser_settings["map"]["networkUrl"] == "/rennes/network/{version}.geojson"
    assert data.browser_settings["map"]["namesUrl"] == "/rennes/network/{version}/names"
    assert data.browser_settings["map"]["detailsUrl"] == "/rennes/snapshot/{version}/details"
    with app.server.test_request_context():
        assert '"/rennes/vendor/plotly.min.js?m=' in app.index()


def test_the_largest_script_is_named_by_every_document_and_kept(client):
    documents = [client.get(page).text for page in ("/", "/qualite")]
    [named] = {re.search(r'data-plotly="([^"]+)"', document)[1] for document in documents}
    answer = client.get(named)
    assert re.search(rb"plotly\.js (\(map - minified\) )?v4\.1\.1", answer.data)
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/", "/qualite", "/camera"])
def test_a_document_shows_its_page_before_dash_is_there(client, published, path):
    document = client.get(path).text
    first, _, dash = document.partition('<script id="_dash-config"')
    section = re.search(r'<div id="first-paint"><div id="(page-\w+)"', first)[1]
    assert f"'id': '{section}'" in str(layout_of(client, path)).replace('"', "'")
    assert "<h1" in first
    assert "<nav" in first
    # Ours fills it in, and waits for none of Dash's.
    assert re.findall(r'<script src="(/[^?"]*)', dash)[0] == "/assets/own.js"


def test_a_document_brings_the_first_figures_with_it(client, published):
    _, snapshot = published
    [news] = re.findall(r'<div id="news" hidden>(.*?)</div>', client.get("/").text)
    assert json.loads(unescape(news))["snapshot"]["version"] == snapshot.version


def test_a_visitor_gets_the_language_asked_for_where_it_exists(client, tmp_path, monkeypatch):
    folder = tmp_path / "texts"
    shutil.copytree(texts.FOLDER, folder)
    french = (folder / "fr.toml").read_text(encoding="utf-8")
    english = french.replace('code = "fr"', 'code = "en"').replace(
        'choose_hour = "Choisissez une heure :"', 'choose_hour = "Choose an hour:"'
    )
    (folder / "en.toml").write_text(english, encoding="utf-8")
    monkeypatch.setattr(texts, "FOLDER", folder)

    assert "Choisissez une heure" in routed(client).text
    client.set_cookie("language", "en")
    assert "Choose an hour:" in routed(client).text
    client.set_cookie("language", "xx")
    assert "Choisissez une heure" in routed(client).text


@pytest.mark.parametrize("path", ["/", "/qualite"])
def test_a_process_serves_its_scripts_from_its_first_request_on(client, tmp_path, path):
    # Dash itself finds out its scripts during the first request, and refuses those asked for
    # meanwhile; the visitor's page may have come from another process.
    addresses = re.findall(r'<script src="([^"]+)"', client.get(path).text)
    assert any("dash_renderer" in address for address in addresses)
    server = create_app(load_settings(data_dir=tmp_path, monitor_level="off")).server
    for address in addresses:
        # Without what runs before a request: another one is still busy with it.
        with server.test_request_context(address), server.dispatch_request() as answer:
            assert answer.status_code == 200, address


@pytest.mark.parametrize(
    ("path", "french", "english"),
    [
        ("/", "Traffic Rennes", "Traffic Rennes"),
        ("/qualite", "Prévisions\u00a0: justes\u00a0?", "Forecasts: how accurate?"),
        ("/camera", "Photo", "Photo"),
        ("/confidentialite", "Données personnelles", "Personal data"),
        ("/accessibilite", "Accessibilité", "Accessibility"),
        ("/licences", "Données et licences", "Data and licences"),
        ("/nowhere", "Page introuvable", "Page not found"),
    ],
)
def test_a_document_names_the_language_that_it_is_in(client, path, french, english):
    document = client.get(path).text
    assert '<html lang="fr">' in document
    assert f"<title>{french}</title>" in document
    client.set_cookie("language", "en")
    document = client.get(path).text
    assert '<html lang="en-GB">' in document
    assert f"<title>{english}</title>" in document


def test_without_scripts_a_page_says_what_it_needs_and_what_can_be_read(client):
    document = client.get("/qualite").text
    [told] = re.findall(r"<noscript>(.*?)</noscript>", document, re.DOTALL)
    assert "a besoin de JavaScript" in told
    links = re.findall(r'href="([^"]+)"', told)
    readings = ["/mode-d-emploi", "/licences", "/confidentialite", "/accessibilite"]
    assert links == ["/api/v1/traffic", *readings]
    for link in links:
        assert client.get(link).status_code in {200, 503}
    assert client.get("/confidentialite").text.count("<script") == 1
