"""How places that rules name fare, on a straight road worked out by hand."""

from __future__ import annotations

import dataclasses
import logging

import msgspec
import pytest

from services.city.rennes import RENNES
from services.observe.place_keeper import PlaceKeeper
from services.plain.places_now import FILE
from services.traffic.place_values import places_now
from services.traffic.store import Store
from services.watch.places import watched_places
from tests.factories import OBSERVED_AT, make_network, make_snapshot_for, make_usual_hour
from tests.services.traffic.test_corridor_times import CLOSED, FREE, JAM, UNKNOWN, road

NORTH, GONE = "corridor:nord", "corridor:sud"


def told(statuses, speeds, places, usual=None, source="live"):
    network = road()
    snapshot = make_snapshot_for(network, statuses, source=source)
    snapshot.columns["speed_kmh"][:] = speeds
    ratios = (usual, usual, usual) if usual else None
    hour = make_usual_hour(network, ratios=ratios, source=source) if ratios else None
    return places_now(network, snapshot, hour, places).places


def test_a_corridor_takes_now_and_usually_so_long():
    # Five kilometres at 60 km/h are five minutes, at 30 ten, at 15 twenty.
    [place] = told([JAM] * 5, [15] * 5, [NORTH], usual=0.5)
    assert (place.state, place.key) == ("known", NORTH)
    assert place.time_s == pytest.approx(1_200, rel=1e-3)
    assert place.usual_s == pytest.approx(600, rel=1e-3)
    assert place.over_usual == pytest.approx(1.0, rel=1e-3)
    assert place.words["fr"] == "Route du Nord → Nord"
    # Of roads without traffic lights less than the limit is what one drives with nobody else.
    assert place.congestion == pytest.approx(1_200 / road().free_flow_time_s.sum() - 1, rel=1e-4)


def test_without_a_usual_hour_nothing_is_above_it():
    [place] = told([JAM] * 5, [15] * 5, [NORTH])
    assert (place.over_usual, place.usual_s) == (None, None)
    assert place.time_s is not None


@pytest.mark.parametrize(
    ("statuses", "state"),
    [([FREE, CLOSED, FREE, FREE, FREE], "closed"), ([UNKNOWN] * 3 + [FREE] * 2, "unknown")],
)
def test_what_is_closed_or_hardly_known_has_no_time(statuses, state):
    [place] = told(statuses, [60] * 5, [NORTH])
    assert (place.state, place.time_s, place.over_usual) == (state, None, None)


def test_what_the_network_has_not_is_gone():
    found = told([FREE] * 5, [60] * 5, [GONE, "troncon:nowhere", "zone:nowhere"])
    assert [(place.state, place.key) for place in found] == [("gone", "")] * 3


def test_a_stretch_by_its_key_and_by_its_words_in_any_language():
    network = road()
    [stretch] = network.stretches
    [by_key] = told([JAM] * 5, [15] * 5, [f"troncon:{stretch.key}"])
    words = by_key.words
    named = [f"troncon:{words[language].replace('→', '->').upper()}" for language in ("fr", "en")]
    assert by_key.key == f"troncon:{stretch.key}"
    for place in told([JAM] * 5, [15] * 5, named):
        assert place.key == by_key.key
        assert place.time_s == pytest.approx(1_200, rel=1e-3)
    assert by_key.time_s == pytest.approx(1_200, rel=1e-3)


def test_a_name_of_several_stretches_is_none_of_them():
    network = make_network()
    double = dataclasses.replace(network.stretches[0], key="another~one")
    network.__dict__["stretches"] = (*network.stretches, double)
    snapshot = make_snapshot_for(network)
    words = places_now(network, snapshot, None, [f"troncon:{double.key}"]).places[0].words["fr"]
    [place] = places_now(network, snapshot, None, [f"troncon:{words}"]).places
    assert place.state == "several"


def test_a_zone_and_the_whole_network():
    network = make_network()
    snapshot = make_snapshot_for(network, JAM)
    usual = make_usual_hour(network, ratios=(0.4, 0.5, 0.6))
    zone, whole = places_now(
        network, snapshot, usual, [f"zone:{RENNES.zones[0]}", f"zone:{RENNES.whole_network}"]
    ).places
    assert (zone.key, whole.key) == (f"zone:{RENNES.zones[0]}", "reseau")
    assert zone.time_s is None
    assert zone.congestion > 1
    # Trips take as long as free flow ÷ ratio: half the ratio is twice the time.
    ratio = 1 / (1 + zone.congestion)
    assert zone.over_usual == pytest.approx(0.5 / ratio - 1)
    assert whole.over_usual is None
    assert whole.congestion > 1


def test_the_watch_reads_what_the_worker_wrote_and_a_lost_place_is_told_once(tmp_path, caplog):
    store = Store(RENNES, tmp_path, heals=True)
    store.prepare()
    network = make_network()
    snapshot = make_snapshot_for(network, JAM)
    store.publish(network, snapshot)
    zone = f"zone:{RENNES.zones[0]}"
    keeper = PlaceKeeper(store, {zone: "line 3", "corridor:rocade": "rules.toml: line 7: rule x"})
    keeper.follow(snapshot)
    keeper.follow(snapshot)
    places = watched_places(tmp_path).value()
    assert (places.source, places.observed) == ("live", OBSERVED_AT)
    assert [place.state for place in places.places] == ["known", "gone"]
    said = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert said == [
        "rules.toml: line 7: rule x: no place is called corridor:rocade: it is not judged"
    ]


def test_a_failure_stops_nothing_and_a_damaged_file_is_not_read(tmp_path, caplog):
    store = Store(RENNES, tmp_path, heals=True)
    store.prepare()
    # Its network was never kept.
    PlaceKeeper(store, {"zone:rocade": "x"}).follow(make_snapshot_for(make_network()))
    assert "the places of the rules were not written" in caplog.text
    path = tmp_path / FILE
    path.parent.mkdir(exist_ok=True)
    for content in (
        b"{",
        msgspec.json.encode({"source": "live", "observed_at": "x", "places": []}),
    ):
        path.write_bytes(content)
        assert watched_places(tmp_path).value() is None


def test_nothing_is_written_where_no_rule_names_a_place(tmp_path):
    store = Store(RENNES, tmp_path, heals=True)
    store.prepare()
    PlaceKeeper(store, {}).follow(make_snapshot_for(make_network()))
    assert not (tmp_path / FILE).exists()
