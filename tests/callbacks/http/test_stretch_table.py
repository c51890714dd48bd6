"""The table of all stretches over HTTP: the same figures as everywhere else, at every moment."""

from __future__ import annotations

import numpy as np
import pytest

from services.forecast.nowcast_files import write_nowcast
from services.forecast.nowcasts import LEAD_MINUTES
from services.traffic.snapshot import make_snapshot
from services.traffic.status import Status
from services.web.stretch_table import encode_stretch_figures
from tests.factories import (
    make_network,
    make_nowcast_table,
    make_snapshot_for,
    write_week_forecasts,
)

NETWORK = make_network()
SNAPSHOT = make_snapshot_for(NETWORK)
PATHS = None
NOW = f"/snapshot/{SNAPSHOT.version}/stretches"
AHEAD = f"/nowcast/{SNAPSHOT.version}/stretches"
HOUR = "/forecast/stretches"
COLUMNS = {"status", "speed_kmh", "delay_s", "usual_delay_s"}


@pytest.fixture(autouse=True)
def published(store, tmp_path):
    write_week_forecasts(tmp_path)
    store.publish(NETWORK, SNAPSHOT)
    write_nowcast(tmp_path, make_nowcast_table(NETWORK, SNAPSHOT))


def test_now_has_every_stretch_and_the_figures_of_the_worst_ones(client):
    told = client.get(NOW).json
    assert set(told) == COLUMNS
    assert {len(column) for column in told.values()} == {len(NETWORK.stretches)}
    keys = [stretch.key for stretch in NETWORK.stretches]
    worst = client.get("/api/v1/stretches").json["stretches"]
    assert worst
    for one in worst:
        place = keys.index(one["key"])
        assert told["delay_s"][place] == one["delay_s"]
        assert told["speed_kmh"][place] == round(one["speed_kmh"])
    assert client.get("/snapshot/older/stretches").status_code == 204


def test_the_status_is_that_of_the_greatest_part_of_what_is_known(client, store):
    stretch = max(NETWORK.stretches, key=lambda one: len(one.segments))
    codes = np.full(len(NETWORK), Status.UNKNOWN)
    codes[stretch.segments[0]] = Status.CONGESTED
    snapshot = make_snapshot_for(NETWORK, codes)
    store.publish(NETWORK, snapshot)
    told = client.get(f"/snapshot/{snapshot.version}/stretches").json
    place = NETWORK.stretches.index(stretch)
    known = {name: column.pop(place) for name, column in told.items()}
    assert known["status"] == Status.CONGESTED
    assert known["delay_s"] > 0
    assert set(told["status"]) == {Status.UNKNOWN}
    assert {*told["speed_kmh"], *told["delay_s"], *told["usual_delay_s"]} == {None}


def test_each_lead_time_and_hour_has_them_too(client):
    for minutes in LEAD_MINUTES:
        told = client.get(f"{AHEAD}/{minutes}").json
        assert {len(column) for column in told.values()} == {len(NETWORK.stretches)}
        assert set(told["usual_delay_s"]) == {None}
    assert client.get(f"{AHEAD}/20").status_code == 404
    assert client.get(f"/nowcast/older/stretches/{LEAD_MINUTES[0]}").status_code == 204
    told = client.get(f"{HOUR}?hour=8&day=monday").json
    assert {len(column) for column in told.values()} == {len(NETWORK.stretches)}
    assert max(lost for lost in told["delay_s"] if lost is not None) > 0
    assert client.get(f"{HOUR}?hour=24").status_code == 400


def fast_snapshot(segments, speed_kmh):
    """All flows, on some segments at that speed."""
    usual = make_snapshot_for(NETWORK, np.full(len(NETWORK), Status.FREE_FLOW))
    columns = {name: column.copy() for name, column in usual.columns.items()}
    columns["speed_kmh"][segments] = speed_kmh
    return make_snapshot(
        network_version=usual.network_version,
        observed_at=usual.observed_at,
        received_at=usual.received_at,
        source=usual.source,
        columns=columns,
    )


def test_a_place_has_one_speed_in_the_table_and_on_its_cards(client, store):
    """Now as it was measured, above the limit too; of an hour the median."""
    row, stretch = 0, NETWORK.stretches[0]
    segments = list(stretch.segments)
    fast_kmh = NETWORK.speed_limit_kmh.max() + 40
    snapshot = fast_snapshot(segments, fast_kmh)
    store.publish(NETWORK, snapshot)
    now = client.get(f"/snapshot/{snapshot.version}/stretches").json
    cards = client.get(f"/snapshot/{snapshot.version}/details").json
    assert now["speed_kmh"][row] == fast_kmh
    assert {cards["speed_kmh"][segment] for segment in segments} == {fast_kmh}
    assert now["delay_s"][row] == 0

    hour = client.get(f"{HOUR}?hour=8&day=monday").json
    cards = client.get("/api/v1/forecast/segments?hour=8&day=monday").json
    kmh = {
        name: (np.array(cards["speed_ratio"][name]) * NETWORK.speed_limit_kmh)[segments].round(1)
        for name in ("p10", "p50", "p90")
    }
    # The mean of what it takes to drive there would be at 44.
    assert [set(each.tolist()) for each in kmh.values()] == [{36.0}, {45.0}, {54.0}]
    assert hour["speed_kmh"][row] == 45


def test_an_hour_is_made_once_until_its_forecast_changes(client, monkeypatch):
    made = []

    def encode(figures):
        made.append(figures)
        return encode_stretch_figures(figures)

    monkeypatch.setattr("callbacks.http.stretch_table.encode_stretch_figures", encode)
    monday = [client.get(f"{HOUR}?hour=8&day=monday") for _ in range(3)]
    assert len({answer.data for answer in monday}) == 1
    assert len(made) == 1
    tag = monday[0].headers["ETag"]
    again = client.get(f"{HOUR}?hour=8&day=monday", headers={"If-None-Match": tag})
    assert again.status_code == 304
    client.get(f"{HOUR}?hour=9&day=monday")
    assert len(made) == 2
