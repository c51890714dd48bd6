"""The page /qualite over HTTP: what it shows in each state, and how another page is added."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from components.quality import CONTENT_ID, REFRESH_ID, SHOWN_STORE_ID
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.learn.hourly import score_past_hours
from services.learn.nowcast_tables import Nowcasts
from services.learn.zone_tables import ZoneTables
from services.operations.database import FILE_NAME, Operations, open_operations
from services.operations.decisions import record_decision
from services.operations.tables import Decision
from tests.pages import layout_of
from tests.services.learn.histories import BLOCKED, FREE, issue, times, write, write_table

START = datetime(2026, 3, 1, 23, tzinfo=UTC)
NOW = START + timedelta(days=3, hours=8)
VERSION = "2026-03-01-aaaaaa"


@pytest.fixture
def client(make_client):
    return make_client(NOW)


def layout(client, path="/qualite"):
    return orjson.dumps(layout_of(client, path)).decode()


def score(data_dir):
    """Three days of a rush hour, and a model that always says the same."""
    write_table(data_dir / "models", VERSION, (0.8, 0.15, 0.05))
    write(data_dir, times(START, 72), lambda moment: BLOCKED if moment.hour == 7 else FREE)
    operations = open_operations(load_settings(data_dir=data_dir))
    kinds = [ZoneTables(RENNES, data_dir, data_dir, "demo", []), Nowcasts(RENNES, data_dir, "demo")]
    score_past_hours(RENNES, data_dir, "demo", kinds, operations, now=NOW)
    decision = Decision(
        kind="zones",
        version=VERSION,
        previous=None,
        action="refused",
        reason="worse_than_champion",
        decided_by="challenge",
        decided_at=NOW,
    )
    record_decision(operations, decision)


@pytest.fixture(scope="module")
def scored_dir(tmp_path_factory):
    """Scored once: it takes a second."""
    data_dir = tmp_path_factory.mktemp("scored")
    score(data_dir)
    return data_dir


@pytest.fixture
def scored(scored_dir, tmp_path):
    """The data directory of a test, which holds the scores."""
    return shutil.copytree(scored_dir, tmp_path, dirs_exist_ok=True)


def sentence(client):
    """What the first page says of the forecasts, as one types it."""
    tree = orjson.loads(layout(client, "/"))
    [line] = [part for part in parts(tree) if "quality-line" in part.get("className", "")]
    return " ".join(line["children"]["props"]["children"].split())


def parts(node):
    """The properties of every component of a layout."""
    if isinstance(node, list):
        for child in node:
            yield from parts(child)
    elif isinstance(node, dict):
        yield node.get("props", {})
        yield from parts(node.get("props", {}).get("children"))


def refresh(client, shown):
    body = {
        "output": f"..{CONTENT_ID}.children...{SHOWN_STORE_ID}.data..",
        "outputs": [
            {"id": CONTENT_ID, "property": "children"},
            {"id": SHOWN_STORE_ID, "property": "data"},
        ],
        "changedPropIds": [f"{REFRESH_ID}.n_intervals"],
        "inputs": [{"id": REFRESH_ID, "property": "n_intervals", "value": 1}],
        "state": [{"id": SHOWN_STORE_ID, "property": "data", "value": shown}],
    }
    return client.post(
        "/_dash-update-component",
        data=orjson.dumps(body),
        content_type="application/json",
    )


def test_the_page_is_there_with_and_without_slash_and_linked_from_the_first(client):
    assert client.get("/qualite/").headers["Location"] == "/qualite"
    page = client.get("/qualite/", follow_redirects=True)
    assert page.status_code == 200
    assert "Prévisions : justes ?" in " ".join(page.get_data(as_text=True).split())
    assert "'/qualite'" in str(layout_of(client))


def test_unknown_addresses_below_it_are_not_found(client):
    answer = client.get("/qualite/nowhere")
    assert answer.status_code == 404
    assert 'href="/"' in answer.get_data(as_text=True)
    assert client.get("/qualites").status_code == 404


def test_before_the_first_score_it_says_what_is_missing(client, tmp_path):
    shown = layout(client)
    assert "Pas encore de prévision vérifiée" in shown
    for kind in ("Zones, heure par heure", "Tronçons, heure par heure", "Photos de rue"):
        assert kind in shown
    # Looking makes no database.
    assert not (tmp_path / FILE_NAME).exists()


@pytest.mark.usefixtures("scored")
def test_scores_and_decisions_show_and_simulated_ones_are_labelled(client):
    shown = layout(client)
    for words in ("d'erreur", "jour par jour", "Trafic simulé", VERSION, "refusé", "Rocade"):
        assert words in shown


def test_the_next_hour_shows_once_there_are_nowcasts_to_evaluate(client, tmp_path):
    for moment in times(START + timedelta(hours=48), 24):
        issue(tmp_path, moment, lambda at: BLOCKED if at.hour == 7 else FREE)
    score(tmp_path)
    shown = layout(client)
    for words in ("Dans l'heure, 1 h avant", "La fourchette est juste", "Trafic simulé"):
        assert words in " ".join(shown.replace("\\u202f", " ").replace("\\u00a0", " ").split())


@pytest.mark.usefixtures("scored")
def test_without_nowcasts_nothing_is_said_of_how_the_next_hour_did(client):
    assert "La fourchette est juste" not in layout(client)


@pytest.mark.parametrize("content", [None, b"no database at all" * 100], ids=["none", "damaged"])
def test_the_first_page_says_that_there_is_nothing_to_tell_yet(client, tmp_path, content):
    if content is not None:
        (tmp_path / FILE_NAME).write_bytes(content)
    assert sentence(client) == "Prévisions : pas encore de résultat"


@pytest.mark.usefixtures("scored")
def test_the_first_page_tells_it_in_one_sentence(make_client):
    told = sentence(make_client(NOW, source="demo"))
    assert re.fullmatch(r"Prévisions à 1 h : [0-9 ,]+ % d'erreur (en moins|de plus) qu.+", told)
    # Live traffic is told nothing of how the simulation was forecast.
    assert sentence(make_client(NOW, source="live")) == "Prévisions : pas encore de résultat"


@pytest.mark.usefixtures("scored")
def test_loads_of_the_first_page_ask_the_database_once_a_minute(make_client, monkeypatch):
    client = make_client(NOW, source="demo")
    asked = []
    begin = Operations.begin
    monkeypatch.setattr(Operations, "begin", lambda self: asked.append(self) or begin(self))
    assert [sentence(client) for _ in range(3)] == [sentence(client)] * 3
    assert len(asked) == 1


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100], ids=["empty", "damaged"])
def test_a_database_that_cannot_be_read_never_breaks_the_page(client, tmp_path, content):
    (tmp_path / FILE_NAME).write_bytes(content)
    shown = layout(client)
    expected = "momentanément indisponibles" if content else "Pas encore de prévision vérifiée"
    assert expected in shown
    # A page mends nothing.
    assert (tmp_path / FILE_NAME).read_bytes() == content
    assert client.get("/").status_code == 200


@pytest.mark.usefixtures("scored")
def test_a_refresh_without_news_changes_nothing(client):
    first = refresh(client, None)
    assert first.status_code == 200
    told = first.get_json()["response"]
    assert "jour par jour" in str(told[CONTENT_ID]["children"])
    again = refresh(client, told[SHOWN_STORE_ID]["data"])
    assert again.status_code == 204 or again.get_json()["response"] == {}


@pytest.mark.usefixtures("scored")
def test_a_visitor_who_chose_english_reads_english(client):
    client.set_cookie("language", "en")
    shown = layout(client)
    for words in ("Forecasts: how accurate?", "The error, day by day", "Simulated traffic"):
        assert words in shown
    assert "jour par jour" not in shown
