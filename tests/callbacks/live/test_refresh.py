"""What the browser gets when it refreshes, on the wire and at the edges."""

from __future__ import annotations

import base64
import gzip
from dataclasses import replace
from datetime import timedelta

import numpy as np
import orjson
import pytest

from callbacks.live.refresh import CLOSED, snapshot_payload
from components.page import NEWS_STORE_ID, REFRESH_ID, SHOWN_STORE_ID
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.forecast.zone_forecasts import table_shape
from services.observe.feeds.reply import check_reply
from services.traffic.status import Status
from services.traffic.store import WorkerState
from services.traffic.usual import Comparison
from services.web.latest import TrafficView
from tests.callbacks.conftest import NOW, DashClient
from tests.factories import (
    OBSERVED_AT,
    make_network,
    make_snapshot_for,
    make_usual_hour,
    rennes_network,
    write_forecasts,
)
from tests.pages import routed

TICK = f"{REFRESH_ID}.n_intervals"
SHOWN = f"{SHOWN_STORE_ID}.data"
NEWS = f"{NEWS_STORE_ID}.data"

# What is promised for 2,859 segments, headers included.
NEW_SNAPSHOT_BYTES = 2_000
NOTHING_NEW_BYTES = 400
# Of probabilities that no pattern makes smaller; those of a model take a third.
FORECASTS_BYTES = 6_000
EVERYTHING = {"time", "snapshot", "forecasts"}


def refreshed(dash_client, shown):
    response = dash_client.call(NEWS, {TICK: 1, SHOWN: {"snapshot": shown}}, TICK)
    assert response.status_code == 200
    return response.get_json()["response"][NEWS_STORE_ID]["data"].get("snapshot")


def forecasts_version(dash_client):
    """The table of zones that a page should have."""
    response = dash_client.call(NEWS, {TICK: 1}, TICK)
    return response.get_json()["response"][NEWS_STORE_ID]["data"]["forecasts"]["version"]


def wire_bytes(response):
    """Size of an answer as HTTP/1.1 sends it; the server adds its name, date and connection."""
    added = {
        "Server": "gunicorn",
        "Date": "Mon, 26 Aug 2024 10:47:00 GMT",
        "Connection": "keep-alive",
    }
    lines = [f"HTTP/1.1 {response.status}"]
    lines += [f"{name}: {text}" for name, text in (dict(response.headers) | added).items()]
    return len("\r\n".join([*lines, "", ""])) + len(response.data)


def snapshot_in(response):
    body = orjson.loads(gzip.decompress(response.data))
    return body["response"][NEWS_STORE_ID]["data"]["snapshot"]


def usual_of_all_kinds(network, observed_at=OBSERVED_AT):
    """A usual that makes some zones busier, some quieter, and others neither."""
    usual = make_usual_hour(network, observed_at=observed_at, ratios=(0.0, 0.5, 1.0))
    usual.zones.p10[:2] = usual.zones.p50[:2] = 0.99
    usual.zones.p90[3:] = usual.zones.p50[3:] = 0.01
    return usual


@pytest.fixture
def refresh(dash_client):
    """Ask as a browser does, which takes compressed answers."""
    forecasts = forecasts_version(dash_client)
    dash_client.client.environ_base["HTTP_ACCEPT_ENCODING"] = "gzip, deflate"

    def ask(shown):
        values = {TICK: 1, SHOWN: {"snapshot": shown, "forecasts": forecasts}}
        return dash_client.call(NEWS, values, TICK)

    return ask


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


def test_without_a_snapshot_a_feed_that_fails_is_told(dash_client, store):
    def told():
        data = dash_client.call(NEWS, {TICK: 1}, TICK).get_json()["response"][NEWS_STORE_ID]["data"]
        return data.get("feed_fails", False)

    failed = WorkerState(NOW.isoformat(), None, 1, "no network", feed_fails=True)
    assert not told()
    store.write_worker_state(replace(failed, feed_fails=False))
    assert not told()
    store.write_worker_state(failed)
    assert told()
    network = make_network()
    store.publish(network, make_snapshot_for(network))
    assert not told()


@pytest.mark.parametrize("source", ["archive", "demo"])
def test_old_and_simulated_data_are_never_called_live(dash_client, store, source):
    network = make_network()
    store.publish(network, make_snapshot_for(network, source=source))
    assert refreshed(dash_client, None)["source"] == source


def test_figures_come_with_the_statuses(dash_client, store):
    network = make_network()
    store.publish(network, make_snapshot_for(network, Status.CONGESTED))
    data = refreshed(dash_client, None)
    # At 0.2 of the limit a trip takes four times as long as at 0.8 of it, free flow: 300 % more.
    assert data["congestion"] == pytest.approx(300, abs=5)
    assert data["jam_km"] == pytest.approx(network.length_m.sum() / 1000, abs=0.1)
    assert data["counts"] == [0, 0, 0, len(network), 0]
    assert {zone[0] for zone in data["zones"]} == {"blocked"}
    assert len(data["worst"]) == 2


def test_late_is_ten_minutes_or_three_periods():
    late_s = [
        load_settings(feed_period_seconds=period_s).late_after_seconds for period_s in (180, 900)
    ]
    assert late_s == [600, 2_700]


def test_wire_bytes_stay_within_what_was_promised(refresh, store):
    network = make_network(2_860)
    # As many of each as in the evening of 2025-11-04, in no order that compression could use.
    statuses = np.repeat([0, 1, 2, 3], [299, 941, 1_135, 485])
    np.random.default_rng(3).shuffle(statuses)
    snapshot = make_snapshot_for(network, statuses)
    store.write_usual_hour(usual_of_all_kinds(network))
    store.publish(network, snapshot)
    assert len({zone[1] for zone in snapshot_in(refresh(None))["zones"][:-1]}) == 3
    assert wire_bytes(refresh(None)) <= NEW_SNAPSHOT_BYTES
    assert wire_bytes(refresh(snapshot.version)) <= NOTHING_NEW_BYTES


@pytest.mark.realdata
def test_wire_bytes_of_the_real_reply(refresh, store, rennes_reply):
    checked = check_reply(rennes_reply, city=RENNES, source="live", received_at=NOW)
    usual = usual_of_all_kinds(checked.network, checked.snapshot.observed_at)
    store.write_usual_hour(usual)
    store.publish(checked.network, checked.snapshot)
    assert wire_bytes(refresh(None)) <= NEW_SNAPSHOT_BYTES
    assert wire_bytes(refresh(checked.snapshot.version)) <= NOTHING_NEW_BYTES


@pytest.mark.parametrize(
    "shown", ["x" * 10_000, 3, ["a"], {"a": 1}, {"snapshot": ["a"], "forecasts": {"a": 1}}]
)
def test_a_strange_version_gets_the_snapshot(dash_client, store, shown):
    network = make_network()
    store.publish(network, make_snapshot_for(network))
    response = dash_client.call(NEWS, {TICK: 1, SHOWN: shown}, TICK)
    assert response.status_code == 200
    assert set(response.get_json()["response"][NEWS_STORE_ID]["data"]) == EVERYTHING


def test_an_archived_snapshot_is_news_to_who_saw_it_live(dash_client, store):
    network = make_network()
    live = make_snapshot_for(network)
    store.publish(network, live.with_source("archive"))
    response = dash_client.call(NEWS, {TICK: 1, SHOWN: {"snapshot": live.version}}, TICK)
    told = response.get_json()["response"][NEWS_STORE_ID]["data"]
    assert told["snapshot"]["source"] == "archive"


def test_the_server_s_time_comes_each_time(dash_client):
    shown = {"forecasts": forecasts_version(dash_client)}
    response = dash_client.call(NEWS, {TICK: 1, SHOWN: shown}, TICK)
    assert response.get_json()["response"] == {"news": {"data": {"time": int(NOW.timestamp())}}}


def test_the_forecasts_come_again_for_another_day_and_for_another_model(tmp_path, make_client):
    def told(now, shown=None):
        response = DashClient(make_client(now)).call(NEWS, {TICK: 1, SHOWN: shown}, TICK)
        return response.get_json()["response"][NEWS_STORE_ID]["data"].get("forecasts")

    first = told(NOW)
    shown = {"forecasts": first["version"]}
    # It is 12:47 in Rennes.
    assert first["until"] == (NOW + timedelta(hours=11, minutes=13)).timestamp()
    assert told(NOW + timedelta(hours=11, minutes=12), shown) is None
    tomorrow = told(NOW + timedelta(hours=11, minutes=13), shown)
    assert tomorrow["until"] - first["until"] == 86_400
    write_forecasts(tmp_path)
    assert told(NOW, shown)["zones"]["rocade"][0]["percent"]["free"] == [81] * 24


def test_without_a_model_a_page_keeps_what_it_has(make_client, monkeypatch, tmp_path):
    monkeypatch.setattr("services.roles.assembly.SHIPPED_ARTIFACTS", tmp_path / "none")
    response = DashClient(make_client()).call(NEWS, {TICK: 1}, TICK)
    assert list(response.get_json()["response"][NEWS_STORE_ID]["data"]) == ["time"]


def test_the_forecasts_are_a_small_part_of_the_page(tmp_path, make_client):
    write_forecasts(
        tmp_path, np.random.default_rng(3).dirichlet((1, 1, 1), table_shape(RENNES)[:-1])
    )
    client = make_client()
    client.environ_base["HTTP_ACCEPT_ENCODING"] = "gzip"
    page = routed(client)
    tree = gzip.decompress(page.data)
    content = orjson.loads(tree)["response"]["_pages_content"]["children"]
    whole = len(gzip.compress(orjson.dumps(content)))
    [store] = [
        item for item in content["props"]["children"] if item["props"].get("id") == NEWS_STORE_ID
    ]
    del store["props"]["data"]["forecasts"]
    without = len(gzip.compress(orjson.dumps(content)))
    assert whole - without <= FORECASTS_BYTES


def test_the_worst_stretch_tells_where_to_fly_to():
    network = make_network()
    view = TrafficView(network, make_snapshot_for(network, Status.CONGESTED))
    segment, delay_s, against, speed_kmh, parts = snapshot_payload(view)["worst"][0]
    way, form, name, start, end, length_m = parts
    assert (name, str(network.names[segment])) == ("Rocade", "Route nationale 136")
    assert (way, form, start, end) == ("inner_south", "whole", "", "")
    assert speed_kmh == 18
    assert delay_s > 0
    assert against is None
    [stretch] = [item for item in network.stretches if segment in item.segments]
    assert length_m == round(stretch.length_m)


def test_the_worst_stretch_is_compared_with_the_usual_of_the_hour():
    network = make_network()
    snapshot = make_snapshot_for(network, Status.CONGESTED)
    view = TrafficView(network, snapshot, make_usual_hour(network))
    _, delay_s, against, *_ = snapshot_payload(view)["worst"][0]
    # Usually at half of the limit, now at a fifth: five times as long instead of twice.
    assert against == pytest.approx(delay_s * 3 / 4, rel=0.05)


def test_corridors_tell_minutes_now_and_in_free_flow():
    network = rennes_network()
    jammed = snapshot_payload(TrafficView(network, make_snapshot_for(network, Status.CONGESTED)))
    found = network.corridors
    assert len(jammed["corridors"]) == 2 * len(found)
    [now, free_flow] = jammed["corridors"][:2]
    assert (found[0].way.name, now) == ("Rocade", pytest.approx(5 * free_flow, rel=0.05))
    closed = snapshot_payload(TrafficView(network, make_snapshot_for(network, Status.IMPOSSIBLE)))
    assert closed["corridors"][:2] == [CLOSED, free_flow]
    unknown = snapshot_payload(TrafficView(network, make_snapshot_for(network, Status.UNKNOWN)))
    assert unknown["corridors"][:2] == [None, free_flow]
    elsewhere = make_network()
    view = TrafficView(elsewhere, make_snapshot_for(elsewhere))
    assert set(snapshot_payload(view)["corridors"]) == {None}


def test_figures_of_a_network_nobody_drives_on():
    network = make_network()
    view = TrafficView(network, make_snapshot_for(network, Status.UNKNOWN))
    payload = snapshot_payload(view)
    assert payload["congestion"] is None
    assert payload["zones"] == [None] * len(RENNES.zone_choices)
    assert payload["worst"] == []
    assert payload["shares"] == [1_000, 0, 0, 0, 0]


def test_each_zone_says_how_it_compares_with_the_usual():
    network = make_network()
    snapshot = make_snapshot_for(network, Status.CONGESTED)
    told = snapshot_payload(TrafficView(network, snapshot, make_usual_hour(network)))
    assert [zone[1] for zone in told["zones"][:-1]] == [Comparison.BUSIER] * len(RENNES.zones)
    # An hour or a source that nothing is known of.
    simulated = make_usual_hour(network, source="demo")
    untold = snapshot_payload(TrafficView(network, snapshot, simulated))
    assert {zone[1] for zone in untold["zones"]} == {Comparison.NOT_TOLD}
