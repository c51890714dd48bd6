"""Unusual events as the page and other programs get them."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import orjson
import pytest

from services.operations.database import FILE_NAME
from services.operations.events import keep_events
from services.operations.tables import TrafficEvent
from tests.factories import OBSERVED_AT, make_network, make_snapshot_for

NETWORK = make_network()
DAY = OBSERVED_AT.date().isoformat()


def event(name, *, minutes=30, ended=None, source="live", delay_s=90.0, network=NETWORK):
    """One that began so many minutes before the snapshot, on two of its segments."""
    start, end = (OBSERVED_AT - timedelta(minutes=ago) for ago in (minutes, ended or 0))
    return TrafficEvent(
        id=name, source=source, network_version=network.version, road="Route nationale 136",
        label="Rocade", direction="inner", sector="north", start_place="Porte A", end_place="",
        segment_ids=list(network.segment_ids[2:4]), length_m=812.3, delay_s=delay_s,
        max_delay_s=400.0, trend="growing", cause="=Rue A", started_at=start, seen_at=end,
        ended_at=None if ended is None else end,
    )  # fmt: skip


@pytest.fixture
def kept(operations, store):
    store.publish(NETWORK, make_snapshot_for(NETWORK))
    with operations.begin() as session:
        keep_events(
            session,
            [
                event("small"),
                event("large", delay_s=300.0),
                event("over", minutes=300, ended=200),
                event("simulated", source="demo"),
                event("of another network", network=make_network(24)),
                event("days ago", minutes=5_000, ended=4_900),
            ],
        )
    return operations


def told(client, query=""):
    return orjson.loads(client.get(f"/api/v1/events{query}").data)


def test_those_of_now_come_with_where_how_much_and_why(client, kept):
    body = told(client)
    assert (body["source"], body["day"]) == ("live", None)
    assert [item["id"] for item in body["events"]] == ["large", "small"]
    assert body["events"][1] == {
        "id": "small", "road": "Route nationale 136", "label": "Rocade", "direction": "inner",
        "sector": "north", "start": "Porte A", "end": None, "length_m": 812, "delay_s": 90,
        "max_delay_s": 400, "trend": "growing", "likely_cause": "=Rue A",
        "started_at": "2024-08-26T10:13:00+00:00", "seen_at": "2024-08-26T10:43:00+00:00",
        "ended_at": None, "segment_ids": list(NETWORK.segment_ids[2:4]),
    }  # fmt: skip


def test_those_of_a_day_in_the_city_are_listed_as_they_began(client, kept):
    body = told(client, f"?day={DAY}")
    assert body["day"] == DAY
    assert [item["id"] for item in body["events"]] == [
        "over", "large", "of another network", "small",
    ]  # fmt: skip
    assert body["events"][0]["ended_at"] == "2024-08-26T07:23:00+00:00"
    assert told(client, "?day=2024-08-27")["events"] == []


@pytest.mark.parametrize(
    "day",
    ["", "today", "2024-13-01", "2024-W35-1", "20240826", "0001-01-01", "9999-12-31", "x" * 999],
)
@pytest.mark.parametrize("path", ["events", "events.csv"])
def test_a_day_that_is_none_is_refused(client, kept, path, day):
    response = client.get(f"/api/v1/{path}", query_string={"day": day})
    assert response.status_code == 400
    assert response.json["parameter"] == "day"


def test_they_come_as_a_table_too(client, kept):
    response = client.get(f"/api/v1/events.csv?day={DAY}")
    assert response.content_type == "text/csv; charset=utf-8"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    rows = list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig")), delimiter=";"))
    assert [row["id"] for row in rows] == ["over", "large", "of another network", "small"]
    assert rows[0]["started_at"] == "2024-08-26T05:43:00+00:00"
    assert rows[1]["ended_at"] == ""
    # What a publisher writes is no formula.
    assert rows[0]["likely_cause"] == "'=Rue A"

    empty = client.get("/api/v1/events.csv?day=2024-08-27").text
    assert empty.lstrip("\ufeff").strip().split(";") == list(
        told(client, f"?day={DAY}")["events"][0]
    )


def test_an_archive_has_none_of_now_and_those_of_its_day(client, kept, store):
    store.publish(NETWORK, make_snapshot_for(NETWORK, source="archive"))
    assert told(client)["events"] == []
    assert len(told(client, f"?day={DAY}")["events"]) == 4


def test_the_page_gets_those_of_the_snapshot_it_shows(client, kept, store):
    snapshot = store.current_snapshot()
    response = client.get(f"/snapshot/{snapshot.version}/events")
    assert "immutable" in response.headers["Cache-Control"]
    body = orjson.loads(response.data)
    assert body["version"] == snapshot.version
    assert body["events"][0] == {
        "stretch": ["inner_north", "from", "Rocade", "Porte A", "", 812],
        "segments": [2, 3],
        "delay_s": 300,
        "trend": "growing",
        "since": int((OBSERVED_AT - timedelta(minutes=30)).timestamp()),
        "cause": "=Rue A",
    }
    assert client.get("/snapshot/older/events").status_code == 204


def test_what_was_seen_too_long_ago_is_not_told_as_now(client, kept, store):
    later = make_snapshot_for(NETWORK, observed_at=OBSERVED_AT + timedelta(minutes=18))
    store.publish(NETWORK, later)
    assert told(client)["events"] == []


def test_before_anything_was_kept_there_is_none(client, published):
    _, snapshot = published
    assert told(client)["events"] == []
    assert client.get(f"/snapshot/{snapshot.version}/events").json["events"] == []


@pytest.mark.parametrize("path", ["events", "events.csv"])
def test_before_the_first_snapshot_it_is_said(client, path):
    assert client.get(f"/api/v1/{path}").status_code == 503


def test_a_damaged_database_is_no_fault_of_the_reader(client, kept, tmp_path, caplog):
    version = told(client)["version"]
    for path in tmp_path.glob(f"{FILE_NAME}*"):
        path.write_bytes(b"damaged" * 1_000)
    response = client.get("/api/v1/events")
    assert (response.status_code, response.content_type) == (503, "application/problem+json")
    assert client.get(f"/snapshot/{version}/events").status_code == 204
    assert "events cannot be read" in caplog.text
