"""Public and school holidays: what the page, the map and the API say of a day that is one."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from callbacks.live.map_forecast import answer
from services.base.settings import load_settings
from services.base.texts import load_texts
from services.city.rennes import RENNES
from services.roles.assembly import assemble
from services.traffic.store import Store
from tests.callbacks.conftest import DashClient
from tests.callbacks.live.test_forecast_choice import chosen
from tests.factories import make_network, make_snapshot_for, write_forecasts

FRENCH = load_texts("fr")
# The Monday before Christmas, which is a Friday; schools are closed.
NOW = datetime(2026, 12, 21, 7, tzinfo=UTC)


@pytest.fixture
def client(tmp_path, make_client):
    write_forecasts(tmp_path)
    return make_client(now=NOW)


def forecast(client, day):
    return client.get(f"/api/v1/forecast?hour=8&day={day}").get_json()


def test_christmas_is_forecast_as_a_sunday_and_said_to_be_one(client):
    friday, sunday = forecast(client, "friday"), forecast(client, "sunday")
    assert friday["probabilities"] == sunday["probabilities"]
    assert (friday["date"], friday["day_type"]) == ("2026-12-25", "public_holiday")
    assert (friday["day"], friday["like_day"]) == ("friday", "sunday")
    assert (sunday["day_type"], sunday["like_day"]) == ("weekend", "sunday")
    shown = json.dumps(chosen(DashClient(client), day="friday"), ensure_ascii=False)
    assert FRENCH["day_note"]["public_holiday"] in shown


def test_in_school_holidays_the_page_says_so(client):
    monday = forecast(client, "monday")
    assert (monday["day_type"], monday["like_day"]) == ("school_holiday", "monday")
    shown = json.dumps(chosen(DashClient(client), day="monday"), ensure_ascii=False)
    assert FRENCH["day_note"]["school_holiday"] in shown


def test_an_ordinary_day_needs_no_word(client):
    shown = json.dumps(chosen(DashClient(client), day="saturday"), ensure_ascii=False)
    assert "answer-day" not in shown


def test_a_plain_monday_is_a_working_day(tmp_path, make_client):
    write_forecasts(tmp_path)
    ordinary = forecast(make_client(now=datetime(2026, 11, 30, 7, tzinfo=UTC)), "monday")
    assert ordinary["day_type"] == "working_day"


def test_the_map_and_the_segments_follow(tmp_path, client):
    network = make_network()
    store = Store(RENNES, tmp_path)
    store.prepare()
    store.publish(network, make_snapshot_for(network))
    services = assemble(load_settings(data_dir=tmp_path), lambda: NOW)
    friday = answer(services, FRENCH, {"day": "friday", "hour": 8})
    sunday = answer(services, FRENCH, {"day": "sunday", "hour": 8})
    assert friday["note"] == FRENCH["day_note"]["public_holiday"]
    assert (friday["day"], friday["statuses"]) == ("friday", sunday["statuses"])
    told = client.get("/api/v1/forecast/segments?hour=8&day=friday").get_json()
    assert (told["day_type"], told["like_day"]) == ("public_holiday", "sunday")
