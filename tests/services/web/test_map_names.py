"""The names on the map: each road once, junctions in their middle."""

from __future__ import annotations

import gzip
from collections import defaultdict

import numpy as np
import orjson
import pytest

from services.city.rennes import RENNES
from services.observe.demo import DemoFeed
from services.observe.feeds.reply import check_reply
from services.traffic.network import Network, segment_lengths_m
from services.traffic.road_lines import Grid
from services.web import map_names
from services.web.map_names import encode_names
from tests.factories import OBSERVED_AT

# Metres to degrees at the centre of Rennes.
EAST, NORTH = 1 / 74_250, 1 / 111_195


def make_network(*roads):
    """Roads of a name and corners in metres east and north of the centre."""
    lines = [
        [[RENNES.centre_lon_deg + x * EAST, RENNES.centre_lat_deg + y * NORTH] for x, y in corners]
        for _, *corners in roads
    ]
    return Network(
        city=RENNES,
        version="made",
        segment_ids=tuple(str(number) for number in range(len(roads))),
        geometry=tuple([line] for line in lines),
        names=np.array([name for name, *_ in roads]),
        road_classes=np.array(["Réseau d'appui"] * len(roads)),
        speed_limit_kmh=np.full(len(roads), 50.0),
    )


def names_of(network, kind):
    """Name and coordinates of each feature of a kind, in the order of their ranks."""
    features = orjson.loads(encode_names(network))["features"]
    found = [item for item in features if item["properties"]["kind"] == kind]
    assert [item["properties"]["rank"] for item in found] == list(range(len(found)))
    return [(item["properties"]["name"], item["geometry"]["coordinates"]) for item in found]


def metres(points):
    centre = [RENNES.centre_lon_deg, RENNES.centre_lat_deg]
    return (np.array(points) - centre) / [EAST, NORTH]


def test_both_directions_of_a_road_are_one_line_across_its_segments():
    network = make_network(
        ("Rue de Vern", (0, 0), (400, 0)),
        ("Rue de Vern", (400, 0), (800, 0)),
        # 20 m beside, the other way.
        ("Rue de Vern", (800, 20), (0, 20)),
    )
    [(name, line)] = names_of(network, "road")
    assert name == "Rue de Vern"
    # To 11 m.
    assert metres(line)[[0, -1]] == pytest.approx(np.array([[0, 0], [800, 0]]), abs=11)
    assert len(line) == 11


def test_roads_that_share_a_name_far_apart_are_lines_of_their_own_the_longest_first():
    network = make_network(
        ("Rue de Rennes", (0, 0), (400, 0)),
        ("Rue de Vern", (0, 900), (700, 900)),
        ("Rue de Rennes", (0, 3000), (500, 3000)),
        # A road has no room for its name on 200 m.
        ("Rue Malakoff", (0, 2000), (200, 2000)),
    )
    found = [(name, round(metres(line)[0, 1], -2)) for name, line in names_of(network, "road")]
    assert found == [("Rue de Vern", 900), ("Rue de Rennes", 3000), ("Rue de Rennes", 0)]


def test_roads_are_called_as_on_signs_and_what_is_no_road_is_not():
    network = make_network(
        ("Route nationale 136", (0, 0), (900, 0)),
        ("Route départementale 34", (0, 500), (800, 500)),
        ("Route nationale 24", (0, 1000), (700, 1000)),
        ("Rond-point", (0, 1500), (600, 1500)),
        ("Porte d'Alma", (0, 2000), (600, 2000)),
    )
    assert [name for name, _ in names_of(network, "road")] == ["Rocade", "D 34", "N 24"]


def test_a_junction_is_in_the_middle_of_its_segments():
    ramps = ((0, 0), (100, 0), (300, 60), (50, 900), (60, 0))
    network = make_network(
        *(("Porte d'Alma", (x - 20, y), (x, y), (x + 20, y)) for x, y in ramps),
        ("Rond-point des Gayeulles", (0, -900), (40, -900)),
        ("Rond-point", (0, 1500), (40, 1500)),
    )
    [(porte, place)] = names_of(network, "ring-junction")
    assert porte == "Porte d'Alma"
    assert metres([place])[0] == pytest.approx([60, 0], abs=11)
    assert [name for name, _ in names_of(network, "junction")] == ["Rond-point des Gayeulles"]


@pytest.fixture(scope="module")
def rennes():
    reply = DemoFeed().reply(OBSERVED_AT)
    return check_reply(reply, city=RENNES, source="demo", received_at=OBSERVED_AT).network


def test_the_communes_of_rennes_lie_within_its_roads(rennes):
    communes = names_of(rennes, "commune")
    assert len(communes) == 17
    assert communes[0] == ("Rennes", [-1.6777, 48.1117])
    west, south, east, north = RENNES.roads
    for name, (lon, lat) in communes:
        assert (west - 0.001 < lon < east, south < lat < north) == (True, True), name


def test_the_ring_road_of_rennes_is_written_along_once(rennes):
    lengths_m = defaultdict(float)
    for name, line in names_of(rennes, "road"):
        lengths_m[name] += segment_lengths_m([[line]])[0]
    assert lengths_m["Rocade"] == pytest.approx(31_000, rel=0.05)
    assert len(names_of(rennes, "ring-junction")) == 17


def test_the_names_of_rennes_are_few_bytes(rennes):
    assert len(gzip.compress(encode_names(rennes))) < 16_000


def test_what_is_known_of_a_name_is_laid_down_once_however_many_roads_are_called_by_it(monkeypatch):
    laid = []

    class CountingGrid(Grid):
        def add(self, points):
            laid.extend(points)
            super().add(points)

    monkeypatch.setattr(map_names, "Grid", CountingGrid)
    roads = [("Rue de Vern", (0, 400 * row), (400, 400 * row)) for row in range(20)]
    found = names_of(make_network(*roads), "road")
    assert len(found) == 20
    assert len(laid) == sum(len(line) for _, line in found)
