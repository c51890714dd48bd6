"""Today's curve over HTTP: a document per version for the page, and an answer for the API."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import orjson
import pytest

from components.page import NEWS_STORE_ID, REFRESH_ID, SHOWN_STORE_ID
from services.forecast.nowcast_files import write_nowcast
from services.traffic.day_curve import Level
from tests.callbacks.conftest import DashClient, problem_of
from tests.factories import (
    OBSERVED_AT,
    make_day_curve,
    make_network,
    make_nowcast_table,
    make_snapshot_for,
)

API, CSV = "/api/v1/congestion", "/api/v1/congestion.csv"
START = make_day_curve().start
NETWORK = make_network()
# Of version and member name, before compression.
REFRESH_BYTES = 40


@pytest.fixture
def shown(store):
    """What the worker has written."""
    store.publish(NETWORK, make_snapshot_for(NETWORK))
    store.write_day(make_day_curve())
    return store


def news(client, shown=None):
    values = {f"{REFRESH_ID}.n_intervals": 1, f"{SHOWN_STORE_ID}.data": {"day": shown}}
    response = DashClient(client).call(f"{NEWS_STORE_ID}.data", values, f"{REFRESH_ID}.n_intervals")
    return response.get_json()["response"][NEWS_STORE_ID]["data"]


def page_document(client):
    return client.get(f"/day/{news(client)['day']}").get_json()


def test_a_refresh_tells_the_version_alone_and_only_where_it_is_another(client, shown):
    version = news(client)["day"]
    assert len(orjson.dumps({"day": version})) <= REFRESH_BYTES
    assert "day" not in news(client, version)
    shown.write_day(make_day_curve(latest=Level(OBSERVED_AT, 0.3)))
    assert news(client, version)["day"] != version


def test_the_page_gets_it_once_per_version_in_whole_percent(client, shown):
    response = client.get(f"/day/{news(client)['day']}")
    assert response.cache_control.immutable
    assert len(response.data) < 1_500
    curve = response.get_json()
    assert (curve["start"], curve["end"] - curve["start"]) == (int(START.timestamp()), 86_400)
    assert [level for level in curve["observed"] if level is not None] == [16, 20]
    assert curve["latest"] == [int(OBSERVED_AT.timestamp()), 22]
    assert curve["usual"] == [[10, 18, 30]] * 24
    assert client.get("/day/another").status_code == 204


def test_what_is_ahead_begins_after_what_was_observed(client, shown):
    ahead = page_document(client)["ahead"]
    # Observed at 12:43: the hour of 12 h is half over, that of 13 h stands at 13:30.
    first = START + timedelta(hours=13, minutes=30)
    assert ahead[0] == [int(first.timestamp()), 20, 25, 40]
    assert len(ahead) == 11


def test_the_next_hour_is_the_learners_and_another_version(client, shown):
    before = news(client)["day"]
    write_nowcast(shown.data_dir, make_nowcast_table(NETWORK, shown.current_snapshot()))
    assert news(client)["day"] != before
    ahead = page_document(client)["ahead"]
    # The whole network at ratios of 0.75, 0.8 and 0.85.
    assert ahead[:4] == [
        [int((OBSERVED_AT + timedelta(minutes=15 * step)).timestamp()), 18, 25, 33]
        for step in range(1, 5)
    ]
    # The last of them is of 13:43.
    assert ahead[4][0] == int((START + timedelta(hours=14, minutes=30)).timestamp())


def test_the_api_tells_it_by_kind_with_where_each_band_comes_from(client, shown):
    response = client.get(API)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    body = response.get_json()
    assert (body["source"], body["day"], body["level"]) == ("live", "2024-08-26", 0.22)
    assert (body["model_version"], body["simulated"]) == ("week-1", True)
    assert datetime.fromisoformat(body["observed_at"]) == OBSERVED_AT
    assert [row["level"] for row in body["observed"]] == [0.16, 0.2]
    assert body["usual"][0] == {
        "from": "2024-08-25T22:00:00+00:00",
        "to": "2024-08-25T23:00:00+00:00",
        "level": 0.18,
        "p10": 0.1,
        "p90": 0.3,
    }
    assert [row["band"] for row in body["forecast"]] == ["history"] * 10 + ["simulation"]


def test_the_same_as_a_table(client, shown):
    response = client.get(CSV)
    assert response.mimetype == "text/csv"
    head, *rows = response.text.lstrip("\ufeff").splitlines()
    assert head == "kind;from;to;level;p10;p90;band"
    assert len(rows) == 2 + 24 + 11
    assert rows[0] == "observed;2024-08-26T10:30:00+00:00;2024-08-26T10:45:00+00:00;0.16;;;"


@pytest.mark.parametrize("path", [API, CSV])
def test_there_is_nothing_before_the_first_curve(client, path):
    problem_of(client.get(path), 503)


def test_a_curve_of_yesterday_is_none_of_today(client, shown):
    shown.write_day(make_day_curve(day=date(2024, 8, 25), start=START - timedelta(days=1)))
    assert "day" not in news(client)
    problem_of(client.get(API), 503)


def test_simulated_traffic_is_never_beside_the_curve_of_the_live_feed(client, shown):
    shown.publish(NETWORK, make_snapshot_for(NETWORK, source="demo"))
    assert "day" not in news(client)
    shown.write_day(make_day_curve(source="demo"))
    assert client.get(API).get_json()["source"] == "demo"


def test_an_archive_is_beside_the_curve_of_the_live_feed(client, shown):
    shown.publish(NETWORK, shown.current_snapshot().with_source("archive"))
    assert client.get(API).get_json()["source"] == "live"
