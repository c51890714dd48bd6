"""Stretches and corridors as the page and other programs get them."""

from __future__ import annotations

import csv
import io

import orjson
import pytest

from services.traffic.status import Status
from tests.factories import make_network, make_snapshot_for, make_usual_hour, rennes_network

COLUMNS = [
    "key", "road", "label", "direction", "sector", "start", "end", "length_m", "speed_kmh",
    "delay_s", "delay_against_usual_s", "jam_km", "worst_segment_id", "segment_ids",
]  # fmt: skip


def header_of(response):
    return response.text.lstrip("\ufeff").splitlines()[0].split(";")


@pytest.fixture
def jammed(store):
    """Everything stands, and it usually does not."""
    network = rennes_network()
    snapshot = make_snapshot_for(network, Status.CONGESTED)
    store.write_usual_hour(make_usual_hour(network))
    store.publish(network, snapshot)
    return network, snapshot


def test_the_page_gets_what_each_stretch_is_called_and_of_which_each_segment_is(client, jammed):
    network, _ = jammed
    response = client.get(f"/network/{network.version}/stretches")
    body = orjson.loads(response.data)
    assert len(body["of"]) == len(network)
    called = body["stretches"][body["of"][network.index_of_id["42938_D"]]]
    assert called[0] == "outwards"
    assert called[2] == "Rue de Fougères"
    etag = response.headers["ETag"]
    again = client.get(response.request.path, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/network/other/stretches").status_code == 404


def test_stretches_that_lose_time_come_with_where_and_how_much(client, jammed):
    network, snapshot = jammed
    body = orjson.loads(client.get("/api/v1/stretches").data)
    assert (body["source"], body["version"]) == ("live", snapshot.version)
    delays = [item["delay_s"] for item in body["stretches"]]
    assert delays == sorted(delays, reverse=True)
    ring = [item for item in body["stretches"] if item["label"] == "Rocade"]
    assert {item["direction"] for item in ring} == {"inner", "outer"}
    ends = ("Porte de Saint-Malo", "Porte de Maurepas")
    [north] = [item for item in ring if (item["start"], item["end"]) == ends]
    assert (north["direction"], north["sector"]) == ("inner", "north")
    assert north["road"] == "Route nationale 136"
    lengths_m = [network.length_m[network.index_of_id[id_]] for id_ in north["segment_ids"]]
    assert north["length_m"] == pytest.approx(sum(lengths_m), abs=1.0)
    assert north["worst_segment_id"] in north["segment_ids"]
    assert north["jam_km"] == pytest.approx(north["length_m"] / 1_000, abs=0.01)
    assert 0 < north["delay_against_usual_s"] < north["delay_s"]


def test_corridors_come_with_their_times(client, jammed):
    network, snapshot = jammed
    body = orjson.loads(client.get("/api/v1/corridors").data)
    assert (body["version"], len(body["corridors"])) == (snapshot.version, 32)
    ring = body["corridors"][0]
    assert (ring["key"], ring["name"], ring["side"]) == ("rocade", "Rocade", "inner")
    assert ring["length_m"] == pytest.approx(31_000, abs=1_000)
    assert 0 < ring["free_flow_s"] < ring["usual_s"] < ring["now_s"]
    assert (ring["known_share"], ring["is_closed"]) == (1.0, False)
    assert len(ring["segment_ids"]) == len(network.corridors[0].segments)


def test_stretches_come_as_a_table_too(client, jammed):
    response = client.get("/api/v1/stretches.csv")
    assert response.content_type == "text/csv; charset=utf-8"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    rows = list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig")), delimiter=";"))
    listed = orjson.loads(client.get("/api/v1/stretches").data)["stretches"]
    assert [row["key"] for row in rows] == [item["key"] for item in listed]
    assert rows[0]["segment_ids"].split() == listed[0]["segment_ids"]
    assert list(rows[0]) == list(listed[0]) == COLUMNS


def test_where_nothing_is_lost_the_list_is_empty(client, store):
    network = make_network()
    store.publish(network, make_snapshot_for(network, Status.UNKNOWN))
    assert orjson.loads(client.get("/api/v1/stretches").data)["stretches"] == []
    assert header_of(client.get("/api/v1/stretches.csv")) == COLUMNS


@pytest.mark.parametrize("path", ["stretches", "stretches.csv", "corridors"])
def test_before_the_first_snapshot_places_say_so(client, path):
    assert client.get(f"/api/v1/{path}").status_code == 503


def test_the_page_gets_what_can_be_found_by_name_main_roads_first(client, jammed):
    network, _ = jammed
    response = client.get(f"/network/{network.version}/places")
    body = orjson.loads(response.data)
    assert body["names"][0] == ["road", "Route nationale 136", "Rocade"]
    names = {name: kind for kind, name, _ in body["names"]}
    assert names["Porte de Saint-Malo"] == "ring-junction"
    assert names["Rond-point de Bray"] == "junction"
    # What hundreds of places are called leads nowhere.
    assert not {"Rond-point", "Inconnu Voie non dénommée"} & names.keys()
    assert body["communes"][0] == ["Rennes", -1.6777, 48.1117]
    assert body["corridors"][0][:3] == ["Rocade", "Porte de Saint-Malo", "inner"]
    assert tuple(body["corridors"][0][3]) == network.corridors[0].segments
    etag = response.headers["ETag"]
    again = client.get(response.request.path, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/network/other/places").status_code == 404
