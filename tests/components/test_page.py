"""The page as a whole: every part present once, nothing fetched from elsewhere."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from dash import html

from components.document import Icons, build_document
from components.frame import build_framed
from components.frame_data import Frame, Language
from components.legend import build_legend
from components.moment import Choice
from components.page import PageData, build_page
from components.traffic_map import build_figure
from components.zones_now import build_zones_now
from services.base.texts import load_texts
from services.city.rennes import RENNES
from services.forecast.zone_forecasts import DAY_NAMES
from services.plain.roadworks import ROADWORK_LEVELS
from tests.components.trees import by_id, ids_of, plain, text_of, walk

TEXTS = load_texts("fr")

FRAME = Frame(
    section="page",
    home_url="/",
    icon_url="/assets/icon.svg",
    api_url="/api/v1/traffic",
    dashboard_url="/dashboard/",
    nav=[("page", "/"), ("quality", "/qualite")],
    readings=[("privacy", "/confidentialite")],
    area_url="/exploitation/",
    language="fr",
)
ENGLISH = Language("en", "English", "In English?", "Yes", "No")


def page_data(**changes):
    values = {
        "language": "fr",
        "figure": build_figure(None, None, RENNES.roads, {}),
        "news": {"time": 1_724_669_000},
        "day": None,
        "browser_settings": {},
        "refresh_seconds": 60,
        "has_shared_cache": False,
        "zones": RENNES.zones,
        "choice": Choice("metropole", "monday", DAY_NAMES, RENNES.zone_choices),
        "scored": None,
        "quality_url": "/qualite",
        "lead_minutes": (15, 30, 45, 60),
        "has_tiles": False,
        "has_roadworks": True,
        "has_corridors": True,
        "congestion_csv_url": "/api/v1/congestion.csv",
        "trends_url": "/tendances/?vue=courbe",
        "replay_url": "/tendances/?vue=relecture",
        "events_csv_url": "/api/v1/events.csv",
        "stretches_csv_url": "/api/v1/stretches.csv",
        "worst_shown": 5,
    }
    return PageData(**(values | changes))


def whole(frame=FRAME, **changes):
    return build_framed(TEXTS, frame, build_page(TEXTS, page_data(**changes)))


def test_ids_are_unique():
    ids = [json.dumps(id_) for id_ in ids_of(whole())]
    assert len(ids) == len(set(ids))


def test_the_page_has_one_main_heading_and_the_map_s_title():
    page = whole()
    assert [text_of(item) for item in walk(page) if isinstance(item, html.H1)] == ["Traffic Rennes"]
    assert "Trafic en temps réel" in text_of(page)
    assert "En attente des premières données…" in text_of(page)


def test_the_first_news_come_with_the_page():
    news = {"time": 1_724_669_000, "snapshot": {"version": "abc"}}
    page = whole(news=news)
    assert by_id(page, "news").data == news
    assert by_id(page, "refresh").interval == 60_000
    # Nothing is shown yet: the first refresh must not be told otherwise.
    assert getattr(by_id(page, "shown"), "data", None) is None


def test_nothing_on_the_page_is_loaded_from_elsewhere():
    page = whole(has_tiles=True)
    loaded = [getattr(item, "src", None) for item in walk(page)]
    assert [source for source in loaded if source] == ["/assets/icon.svg"]


@pytest.mark.parametrize("has_tiles", [True, False])
def test_sources_and_licences_are_credited(has_tiles):
    page = whole(has_tiles=has_tiles)
    assert "Rennes Métropole, ODbL" in text_of(page)
    assert ("contributeurs OpenStreetMap" in text_of(page)) == has_tiles


def test_every_other_page_is_linked_in_words():
    links = {(item.href, text_of(item)) for item in walk(whole()) if isinstance(item, html.A)}
    assert links >= {
        ("/qualite", plain("Prévisions : justes ?")),
        ("/confidentialite", "Confidentialité"),
        ("/exploitation/", "Exploitation"),
        ("/dashboard/", "Performances"),
        ("/api/v1/traffic", "Données ouvertes (API)"),
    }


def test_the_nav_tells_the_page_that_one_is_on():
    def current(section):
        return [
            item.href
            for item in walk(whole(replace(FRAME, section=section)))
            if isinstance(item, html.A) and getattr(item, "aria-current", None) == "page"
        ]

    assert current("page") == ["/"]
    assert current("quality") == ["/qualite"]
    assert current("privacy") == []


def test_the_legend_shows_every_status_in_words_and_as_a_line():
    legend = build_legend(TEXTS, has_roadworks=True)
    buttons = [item for item in walk(legend) if isinstance(item, html.Button)]
    assert [text_of(item).split()[0] for item in buttons] == [
        "Libre", "Dense", "Bloqué", "Fermé", "Inconnu", "Travaux",
    ]  # fmt: skip
    assert {getattr(item, "aria-pressed") for item in buttons} == {"true"}


def test_every_level_of_roadworks_has_its_words():
    assert set(TEXTS["roadwork_level"]) == set(ROADWORK_LEVELS)


def test_where_there_are_no_roadworks_nothing_tells_of_them():
    page = whole(has_roadworks=False)
    assert not [id_ for id_ in ids_of(page) if "roadworks" in str(id_)]
    assert "Travaux" not in text_of(page)


def test_each_zone_has_its_tile():
    tiles = build_zones_now(TEXTS, RENNES.zones)
    assert text_of(tiles).startswith("En ce moment Centre-ville")
    for zone in RENNES.zones:
        by_id(tiles, f"zone-{zone}")


def test_other_languages_can_be_chosen_where_there_are_some():
    def choices(**changes):
        return [
            (item.href, getattr(item, "data-language"), text_of(item))
            for item in walk(whole(replace(FRAME, **changes)))
            if hasattr(item, "data-language")
        ]

    assert choices() == []
    assert choices(others=[ENGLISH]) == [("?lang=en", "en", "EN English")]
    # Offered in its own words, and declined for good by keeping the one in use.
    assert choices(offered=ENGLISH) == [("?lang=en", "en", "Yes"), ("?lang=fr", "fr", "No")]


def test_the_document_names_its_language_and_has_no_script_of_its_own():
    names = ("metas", "css", "app_entry", "config", "scripts", "renderer")
    parts = {name: f"made by Dash: {name}" for name in names}
    document = build_document(
        TEXTS,
        "Qualité & <co>",
        Icons("/assets/icon.svg", "/touch.png", "/app.webmanifest"),
        parts,
        no_script="<p>No</p>",
        plotly_url="/plotly.min.js",
    )
    assert 'data-plotly="/plotly.min.js"' in document
    for tag in (
        'icon" type="image/svg+xml" href="/assets/icon.svg"',
        'manifest" href="/app.webmanifest"',
    ):
        assert f'<link rel="{tag}>' in document
    assert "preload" not in document
    assert '<html lang="fr">' in document
    assert "<title>Qualité &amp; &lt;co&gt;</title>" in document
    assert "<noscript><p>No</p></noscript>" in document
    assert re.findall(r"<script", document) == []
    for part in parts.values():
        assert part in document
