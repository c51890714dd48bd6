"""Stretches and corridors on a network made by hand: a ring road, a radial and a roundabout."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from services.city.city import CorridorPlan, Waypoint
from services.city.rennes import RENNES
from services.traffic import corridors, road_lines, stretches
from services.traffic.network import Network, geometry_parts
from services.traffic.road_lines import Grid

CITY = dataclasses.replace(RENNES, ring_roads=("Rocade",), corridors=())
RADIUS_M = 3_000.0
RING_M = 2 * math.pi * RADIUS_M


def degrees(east_m, north_m):
    """A point so far from the city's centre, as longitude and latitude."""
    shrink = math.cos(math.radians(CITY.centre_lat_deg))
    return [
        CITY.centre_lon_deg + east_m / 111_195.0 / shrink,
        CITY.centre_lat_deg + north_m / 111_195.0,
    ]


def network_of(roads):
    """A network of (id, name, points in metres from the centre)."""
    return Network(
        city=CITY,
        version="byhand",
        segment_ids=tuple(name for name, _, _ in roads),
        geometry=tuple([[degrees(*point) for point in points]] for _, _, points in roads),
        names=np.array([name for _, name, _ in roads], dtype=np.str_),
        road_classes=np.array(["Réseau national"] * len(roads), dtype=np.str_),
        speed_limit_kmh=np.full(len(roads), 50.0),
    )


def on_ring(bearing_deg, radius_m=RADIUS_M):
    angle = math.radians(bearing_deg)
    return (radius_m * math.sin(angle), radius_m * math.cos(angle))


def arc(start_deg, radius_m, step_deg=15.0):
    """A twenty-fourth of a ring, clockwise by default."""
    return [on_ring(start_deg + step_deg * part / 3, radius_m) for part in range(4)]


def ring():
    inner = [(f"i{at:03d}", "Rocade", arc(at, RADIUS_M)) for at in range(0, 360, 15)]
    outer = [(f"o{at:03d}", "Rocade", arc(at, RADIUS_M + 20, -15.0)) for at in range(0, 360, 15)]
    return inner + outer


def junction(name, bearing_deg):
    """A ramp that passes near the ring without touching it."""
    return (f"r{bearing_deg}", name, [on_ring(bearing_deg, 3_100.0), on_ring(bearing_deg, 3_400.0)])


def radial():
    """Northwards out of the centre, 1.5 km, cut by a roundabout at 700 m; a street crosses."""
    out = [
        ("1_D", "Rue du Nord", [(5, 0), (5, 350)]),
        ("2_D", "Rue du Nord", [(5, 350), (5, 680)]),
        ("3_D", "Rue du Nord", [(5, 720), (5, 1_500)]),
    ]
    back = [
        (f"{i}_G", name, [(-5, y) for _, y in line[::-1]])
        for i, name, line in [(int(key[0]), name, line) for key, name, line in out]
    ]
    square = [(8, 680), (20, 700), (8, 720), (-8, 720), (-20, 700), (-8, 680)]
    roundabout = [(f"c{at}", "Rond-point", [square[at], square[(at + 1) % 6]]) for at in range(6)]
    crossing = [("x1", "Rue Traversière", [(-400, 705), (-22, 705)])]
    return out + back + roundabout + crossing


TOWN = network_of([*ring(), junction("Porte d'Est", 90), junction("Porte du Sud", 180), *radial()])


def named(network, road):
    return [item for item in network.stretches if item.road == road]


def ids(network, stretch):
    return [network.segment_ids[index] for index in stretch.segments]


def test_every_segment_is_of_one_stretch_and_no_length_is_lost():
    found = TOWN.stretches

    assert sorted(index for item in found for index in item.segments) == list(range(len(TOWN)))
    assert sum(item.length_m for item in found) == pytest.approx(TOWN.length_m.sum())


def test_the_ring_road_is_cut_at_its_junctions_in_both_directions():
    found = {(item.direction, item.start, item.end): item for item in named(TOWN, "Rocade")}

    assert ("inner", "Porte d'Est", "Porte du Sud") in found
    assert ("outer", "Porte du Sud", "Porte d'Est") in found
    quarter = found[("inner", "Porte d'Est", "Porte du Sud")]
    assert quarter.length_m == pytest.approx(RING_M / 4, rel=0.01)
    assert ids(TOWN, quarter) == [f"i{at:03d}" for at in range(90, 180, 15)]


def test_a_side_of_the_ring_road_is_told_by_how_one_drives_around_however_far():
    without_junctions = network_of(ring())

    for network in (TOWN, without_junctions):
        for item in named(network, "Rocade"):
            sides = {segment[0] for segment in ids(network, item)}
            assert sides == {"i" if item.direction == "inner" else "o"}


def test_a_radial_goes_on_across_a_roundabout_and_says_whether_it_leads_inwards():
    """Its end beyond the roundabout is too long to be joined, the street names the place."""
    out = {
        (item.start, item.end): item
        for item in named(TOWN, "Rue du Nord")
        if item.direction == "outwards"
    }

    assert set(out) == {("", "Rue Traversière"), ("Rue Traversière", "")}
    assert ids(TOWN, out["", "Rue Traversière"]) == ["1_D", "2_D"]
    inwards = [item for item in named(TOWN, "Rue du Nord") if item.direction == "inwards"]
    assert sorted(ids(TOWN, item) for item in inwards) == [["2_G", "1_G"], ["3_G"]]


def test_a_roundabout_is_a_stretch_of_its_own_without_direction():
    (found,) = named(TOWN, "Rond-point")

    assert (found.direction, len(found.segments)) == ("around", 6)


def test_pieces_too_short_to_name_join_their_neighbour():
    """Streets meet it every 200 m: a stretch has 500 m at least."""
    road = [(f"a{at}", "Rue Longue", [(200 * at, 0), (200 * at + 200, 0)]) for at in range(6)]
    streets = [(f"s{at}", f"Rue {at}", [(200 * at, 200), (200 * at, 10)]) for at in range(1, 6)]
    network = network_of(road + streets)

    found = [(item.start, item.end) for item in named(network, "Rue Longue")]

    assert sorted(found) == [("", "Rue 3"), ("Rue 3", "")]


def test_the_order_of_the_rows_has_no_part_in_it():
    order = np.random.default_rng(7).permutation(len(TOWN))
    shuffled = Network(
        city=CITY,
        version="shuffled",
        segment_ids=tuple(TOWN.segment_ids[index] for index in order),
        geometry=tuple(TOWN.geometry[index] for index in order),
        names=TOWN.names[order],
        road_classes=TOWN.road_classes[order],
        speed_limit_kmh=TOWN.speed_limit_kmh[order],
    )

    def told(network):
        return [
            (item.key, item.direction, item.start, item.end, ids(network, item))
            for item in network.stretches
        ]

    assert told(shuffled) == told(TOWN)


def test_two_roads_of_one_name_far_apart_stay_apart():
    network = network_of(
        [
            ("a", "Rue de Rennes", [(0, 0), (400, 0)]),
            ("b", "Rue de Rennes", [(900, 0), (1_300, 0)]),
            ("lonely", "Rue Seule", [(5_000, 5_000), (5_010, 5_000)]),
        ]
    )

    assert [ids(network, item) for item in network.stretches] == [
        ["a"],
        ["b"],
        ["lonely"],
    ]


@pytest.mark.parametrize("names", [["Rue Folle"], [f"Rue {n}" for n in range(2_000)]])
def test_roads_that_all_lie_upon_one_another_are_chained_without_comparing_all_of_them(names):
    network = network_of(
        [(f"{n:04d}", names[n % len(names)], [(n / 9, 0), (150 + n / 9, 0)]) for n in range(2_000)]
    )
    asked = []
    near = Grid.near

    class CountingGrid(Grid):
        def near(self, point):
            for found in near(self, point):
                asked.append(found)
                yield found

    with pytest.MonkeyPatch.context() as patch:
        for module in (road_lines, stretches, corridors):
            patch.setattr(module, "Grid", CountingGrid)
        found = network.stretches

    assert sorted(i for item in found for i in item.segments) == list(range(len(network)))
    assert len(asked) < 2_500 * len(network)


def test_a_corridor_is_driven_both_ways_in_the_order_of_travel():
    plan = CorridorPlan(
        "nord",
        "Rue du Nord",
        (
            Waypoint("Centre", tuple(degrees(0, 100))),
            Waypoint("Nord", tuple(degrees(0, 1_400))),
        ),
    )
    city = dataclasses.replace(CITY, corridors=(plan,))

    out, back = dataclasses.replace(TOWN, city=city).corridors

    assert (out.way.key, out.way.towards, back.way.key, back.way.towards) == (
        "nord",
        "Nord",
        "nord-retour",
        "Centre",
    )
    assert ids(TOWN, out) == ["1_D", "2_D", "3_D"]
    assert ids(TOWN, back) == ["3_G", "2_G", "1_G"]
    assert out.length_m == pytest.approx(350 + 330 + 780, rel=0.01)


def test_a_corridor_around_the_ring_closes_without_driving_anything_twice():
    stops = [0, 90, 180, 270, 0]
    plan = CorridorPlan(
        "rocade",
        "Rocade",
        tuple(Waypoint(f"{at}", tuple(degrees(*on_ring(at + 5, 3_010.0)))) for at in stops),
        roads=("Rocade",),
    )
    city = dataclasses.replace(CITY, corridors=(plan,))

    inner, outer = dataclasses.replace(TOWN, city=city).corridors

    for corridor in (inner, outer):
        assert len(set(corridor.segments)) == len(corridor.segments) == 24
        assert corridor.length_m == pytest.approx(RING_M, rel=0.02)


def test_a_corridor_that_the_network_has_no_drive_for_is_left_out():
    assert dataclasses.replace(TOWN, city=RENNES).corridors == ()


def test_parts_in_any_order_become_one_line():
    """As the feed of 2024 gives some segments: the end first, and a part that is a point."""
    first, second = [[0.0, 0.0], [0.001, 0.0]], [[0.001, 0.0], [0.002, 0.001]]
    point = [[0.002, 0.001], [0.002, 0.001]]
    geometry = {"type": "MultiLineString", "coordinates": [second, point, first]}

    assert geometry_parts(geometry) == [[[0.0, 0.0], [0.001, 0.0], [0.002, 0.001]]]


def test_parts_with_a_gap_stay_apart_in_the_order_of_travel():
    first, second = [[0.0, 0.0], [0.001, 0.0]], [[0.002, 0.0], [0.003, 0.0]]
    geometry = {"type": "MultiLineString", "coordinates": [first, second]}

    assert geometry_parts(geometry) == [first, second]
