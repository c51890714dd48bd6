"""Which segments lie along what others have drawn, on a crossing made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from services.city.rennes import RENNES
from services.traffic.network import Network
from services.traffic.road_matching import segments_along

_METRES_PER_DEGREE = 111_195.0

# East-west, both ways, then on; a street that crosses; one that runs beside it.
EAST, WEST, FURTHER, ACROSS, BESIDE = range(5)
LINES = (
    ("Rue de Vern", [(0, 0), (200, 0)]),
    ("Rue de Vern", [(200, 6), (0, 6)]),
    ("Rue de Vern", [(200, 0), (300, 0), (400, 0)]),
    ("Rue de Châteaugiron", [(205, -100), (205, 100)]),
    ("Rue du Parallèle", [(0, 60), (400, 60)]),
)


def at(east_m, north_m):
    """Longitude and latitude of a place so many metres from the centre."""
    east_deg = east_m / (_METRES_PER_DEGREE * math.cos(math.radians(RENNES.centre_lat_deg)))
    return [RENNES.centre_lon_deg + east_deg, RENNES.centre_lat_deg + north_m / _METRES_PER_DEGREE]


def street_network(lines=LINES):
    """A network of some names and lines, in metres from the centre."""
    count = len(lines)
    return Network(
        city=RENNES,
        version="streets",
        segment_ids=tuple(f"{place:04}" for place in range(count)),
        geometry=tuple([[at(*point) for point in line]] for _, line in lines),
        names=np.array([name for name, _ in lines]),
        road_classes=np.array(["Réseau d'appui"] * count),
        speed_limit_kmh=np.full(count, 50.0),
    )


def line(*points):
    return {"type": "LineString", "coordinates": [at(*point) for point in points]}


def point(east_m, north_m):
    return {"type": "Point", "coordinates": at(east_m, north_m)}


def area(*points):
    return {"type": "Polygon", "coordinates": [[at(*point) for point in (*points, points[0])]]}


def found(*shapes):
    return segments_along(street_network(), shapes)


@pytest.mark.parametrize(
    ("shape", "segments"),
    [
        # Along the street, at 10 m: both directions, whose it is not told; not what crosses.
        (line((20, 10), (180, 10)), [EAST, WEST]),
        (line((180, 10), (20, 10)), [EAST, WEST]),
        # It reaches 10 m into the next segment, then 100 m.
        (line((20, 0), (210, 0)), [EAST, WEST]),
        (line((20, 0), (300, 0)), [EAST, WEST, FURTHER]),
        # 26 m off the further one, too far from any other.
        (line((220, -26), (380, -26)), []),
        (line((220, -24), (380, -24)), [FURTHER]),
        # At 29 and at 31 degrees to the street.
        (line((250, 0), (250 + 40, 40 * math.tan(math.radians(29)))), [FURTHER]),
        (line((250, 0), (250 + 40, 40 * math.tan(math.radians(31)))), []),
        # Between the two streets: as far from one as from the other.
        (line((220, 30), (380, 30)), []),
        # A short line across the street, such as one house: a place.
        (line((100, -12), (100, -4)), [EAST, WEST]),
    ],
)
def test_a_line_lies_on_what_runs_beside_it(shape, segments):
    assert found(shape) == [segments]


@pytest.mark.parametrize(
    ("shape", "segments"),
    [
        (point(100, -3), [EAST, WEST]),
        # The nearest alone, whatever crosses there.
        (point(206, 40), [ACROSS]),
        (point(300, 24), [FURTHER]),
        (point(300, 27), []),
        (point(300, 45), [BESIDE]),
        ({"type": "MultiPoint", "coordinates": [at(300, 2), at(300, 58)]}, [FURTHER, BESIDE]),
    ],
)
def test_a_point_lies_on_the_nearest_and_on_its_other_direction(shape, segments):
    assert found(shape) == [segments]


def test_an_area_holds_what_passes_through_it_and_what_runs_along_its_edge():
    assert found(area((190, 28), (220, 28), (220, 33), (190, 33))) == [[ACROSS]]
    every = [EAST, WEST, FURTHER, ACROSS, BESIDE]
    assert found(area((150, 20), (260, 20), (260, 52), (150, 52))) == [every]
    # In a block, 30 m from all.
    assert found(area((300, 26), (340, 26), (340, 34), (300, 34))) == [[]]


def test_parts_are_looked_at_together_and_nothing_lies_on_nothing():
    both = {
        "type": "MultiLineString",
        "coordinates": [
            line((20, 0), (60, 0))["coordinates"],
            line((20, 60), (60, 60))["coordinates"],
        ],
    }
    assert found(None, both, None) == [[], [EAST, WEST, BESIDE], []]
    assert found() == []


def test_the_order_of_segments_and_shapes_has_no_part_in_it():
    shapes = [
        line((20, 10), (180, 10)),
        point(206, 40),
        None,
        area((150, 20), (260, 20), (260, 52)),
    ]
    expected = {n: [LINES[s] for s in one] for n, one in enumerate(found(*shapes))}
    steered = np.random.default_rng(35)
    for _ in range(5):
        lines = [LINES[place] for place in steered.permutation(len(LINES))]
        order = steered.permutation(len(shapes)).tolist()
        again = segments_along(street_network(lines), [shapes[n] for n in order])
        for n, one in zip(order, again, strict=True):
            assert sorted(map(str, (lines[s] for s in one))) == sorted(map(str, expected[n]))


def test_a_very_long_line_and_thousands_of_them_are_looked_at():
    shapes = [line((-50_000, 0), (50_000, 0)), *[line((20, 10), (180, 10))] * 3_000]
    first, *others = found(*shapes)
    assert set(first) <= {EAST, WEST, FURTHER}
    assert others == [[EAST, WEST]] * 3_000


def test_points_of_one_place_twice_have_no_course():
    assert found(line((100, 3), (100, 3))) == [[EAST, WEST]]
    assert found(line((20, 3), (20, 3), (180, 3), (180, 3))) == [[EAST, WEST]]
