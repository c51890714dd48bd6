"""What the browser gets when it refreshes, and when a visitor chooses an hour."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime

import numpy as np
import pytest

from callbacks.live.refresh import late_after_seconds
from components import forecast_card
from components.page import NEWS_STORE_ID, REFRESH_ID, SHOWN_STORE_ID
from services.forecast import asked_hour
from services.traffic.status import Status
from tests.callbacks.conftest import DashClient
from tests.factories import make_network, make_snapshot_for

TICK = f"{REFRESH_ID}.n_intervals"
SHOWN = f"{SHOWN_STORE_ID}.data"
NEWS = f"{NEWS_STORE_ID}.data"
ANSWER = f"{forecast_card.ANSWER_ID}.children"
QUESTION = f"{forecast_card.QUESTION_STORE_ID}.data"
HOUR, DAY, ZONE = (
    f"{name}.value" for name in (forecast_card.HOUR_ID, forecast_card.DAY_ID, forecast_card.ZONE_ID)
)


@pytest.fixture
def published(store):
    network = make_network()
    snapshot = make_snapshot_for(network)
    store.publish(network, snapshot)
    return network, snapshot


def refreshed(dash_client, shown):
    response = dash_client.call(NEWS, {TICK: 1, SHOWN: {"snapshot": shown}}, TICK)
    assert response.status_code == 200
    return response.get_json()["response"][NEWS_STORE_ID]["data"].get("snapshot")


def forecasts_version(dash_client):
    """The table of zones that a page should have."""
    response = dash_client.call(NEWS, {TICK: 1}, TICK)
    return response.get_json()["response"][NEWS_STORE_ID]["data"]["forecasts"]["version"]


def chosen(dash_client, **choice):
    values = {HOUR: 8, DAY: "tuesday", ZONE: "centre-ville"} | choice
    response = dash_client.call(ANSWER, values, QUESTION)
    assert response.status_code == 200
    return response


def test_a_page_that_shows_nothing_gets_every_status(dash_client, published):
    network, snapshot = published
    data = refreshed(dash_client, None)
    assert data["version"] == snapshot.version
    assert data["network"] == network.version
    assert data["source"] == "live"
    assert data["observed_at"] == snapshot.observed_at.timestamp()
    bits = np.unpackbits(np.frombuffer(base64.b64decode(data["statuses"]), dtype=np.uint8))
    codes = bits[: 3 * len(network)].reshape(-1, 3) @ [4, 2, 1]
    assert codes.tolist() == snapshot.status_codes().tolist()


def test_a_page_that_shows_the_latest_gets_next_to_nothing(dash_client, published):
    _, snapshot = published
    shown = {"snapshot": snapshot.version, "forecasts": forecasts_version(dash_client)}
    response = dash_client.call(NEWS, {TICK: 1, SHOWN: shown}, TICK)
    assert list(response.get_json()["response"][NEWS_STORE_ID]["data"]) == ["time"]
    assert len(response.data) < 100


def test_a_page_that_slept_catches_up_with_the_latest_at_once(dash_client, published, store):
    network, first = published
    for status in (Status.HEAVY, Status.CONGESTED, Status.FREE_FLOW):
        store.publish(network, latest := make_snapshot_for(network, status))
    assert refreshed(dash_client, first.version)["version"] == latest.version


def test_before_the_first_snapshot_a_refresh_is_empty_and_fills_later(dash_client, store):
    assert refreshed(dash_client, None) is None
    network = make_network()
    store.publish(network, make_snapshot_for(network))
    assert refreshed(dash_client, None) is not None


@pytest.mark.parametrize("source", ["archive", "demo"])
def test_old_and_simulated_data_are_never_called_live(dash_client, store, source):
    network = make_network()
    store.publish(network, make_snapshot_for(network, source=source))
    assert refreshed(dash_client, None)["source"] == source


def test_figures_come_with_the_statuses(dash_client, store):
    network = make_network()
    store.publish(network, make_snapshot_for(network, Status.CONGESTED))
    data = refreshed(dash_client, None)
    # At 0.2 of the limit a trip takes five times as long: 400 % more.
    assert data["congestion"] == pytest.approx(400, abs=5)
    assert data["jam_km"] == pytest.approx(network.length_m.sum() / 1000, abs=0.1)
    assert data["counts"] == [0, 0, 0, len(network), 0]
    assert {zone[0] for zone in data["zones"]} == {"blocked"}
    assert len(data["worst"]) == 5


def test_late_is_ten_minutes_or_three_periods():
    assert late_after_seconds(180) == 600
    assert late_after_seconds(900) == 2_700


def test_a_choice_is_answered_in_words_with_its_probability(dash_client):
    text = chosen(dash_client).text
    assert re.search(r"Prédiction\W+(Libre|Dense|Bloqué)", text)
    assert "%" in text
    assert "données simulées" in text


def test_the_answer_is_the_one_of_the_api(dash_client, client):
    for hour in (3, 8, 17):
        status = client.get(f"/api/v1/forecast?hour={hour}&day=tuesday").get_json()["status"]
        word = {"free": "Libre", "dense": "Dense", "blocked": "Bloqué"}[status]
        assert f"Prédiction : {word}" in chosen(dash_client, **{HOUR: hour}).text.replace(
            "\u00a0", " "
        )


def test_the_title_follows_the_zone(dash_client):
    assert "pour le centre ville" in chosen(dash_client).text
    assert "pour la rocade" in chosen(dash_client, **{ZONE: "rocade"}).text


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({HOUR: 24}, "heure"),
        ({HOUR: -1}, "heure"),
        ({HOUR: "abc"}, "heure"),
        ({HOUR: None}, "heure"),
        ({HOUR: [8]}, "heure"),
        ({DAY: "lundi"}, "jour"),
        ({DAY: 3}, "jour"),
        ({ZONE: "paris"}, "zone"),
        ({ZONE: {"a": 1}}, "zone"),
    ],
)
def test_a_wrong_choice_is_told_in_french_and_is_no_fault_of_ours(dash_client, choice, words):
    text = chosen(dash_client, **choice).text.lower()
    assert words in text
    assert "prédiction :" not in text


def test_without_any_model_the_card_says_so(make_client, monkeypatch, tmp_path):
    monkeypatch.setattr("services.roles.assembly.SHIPPED_ARTIFACTS", tmp_path / "none")
    assert "n'est pas disponible" in chosen(DashClient(make_client())).text


def test_the_page_opens_on_the_coming_hour_in_rennes(make_client):
    # 23:10 UTC on a Sunday of winter is 00:10 on Monday in Rennes.
    layout = make_client(datetime(2026, 1, 4, 23, 10, tzinfo=UTC)).get("/_dash-layout").text
    assert asked_hour.coming_hour(datetime(2026, 1, 4, 23, 10, tzinfo=UTC)) == (0, 1)
    assert "Aujourd'hui (lundi)" in layout


def test_the_first_page_already_holds_the_traffic(client, published):
    _, snapshot = published
    assert snapshot.version in client.get("/_dash-layout").text


def test_the_attributions_are_on_the_page(client, published):
    layout = client.get("/_dash-layout").text
    assert "OpenStreetMap" in layout
    assert "Rennes Métropole" in layout
    assert "ODbL" in layout
