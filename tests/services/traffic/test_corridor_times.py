"""How long a corridor takes, on a straight road worked out by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from services.city.city import CorridorPlan, Waypoint
from services.city.rennes import RENNES
from services.traffic.corridor_times import corridor_times
from services.traffic.network import Network
from services.traffic.status import Status
from tests.factories import make_snapshot_for

# A kilometre on the sphere that lengths are measured on, in degrees of latitude.
KM = 1_000 / 111_194.93
LIMIT_KMH = 60.0
FREE, DENSE, JAM, UNKNOWN, CLOSED = (
    Status.FREE_FLOW,
    Status.HEAVY,
    Status.CONGESTED,
    Status.UNKNOWN,
    Status.IMPOSSIBLE,
)


def at(kilometre):
    return [-1.9, 48.0 + kilometre * KM]


PLAN = CorridorPlan(
    "nord", "Route du Nord", (Waypoint("Sud", tuple(at(0.5))), Waypoint("Nord", tuple(at(4.5))))
)


def road():
    """Five kilometres northwards, one segment each: a minute a kilometre."""
    return Network(
        city=dataclasses.replace(RENNES, corridors=(PLAN,)),
        version="road",
        segment_ids=tuple("01234"),
        geometry=tuple([[at(place), at(place + 1)]] for place in range(5)),
        names=np.array(["Route du Nord"] * 5),
        road_classes=np.array([""] * 5),
        speed_limit_kmh=np.full(5, LIMIT_KMH),
    )


def time_of(statuses, speeds, usual_s=None):
    network = road()
    snapshot = make_snapshot_for(network, statuses)
    snapshot.columns["speed_kmh"][:] = speeds
    [found] = corridor_times(network, snapshot, usual_s)
    return found, network.free_flow_time_s


def test_times_of_all_segments_add_up():
    found, free_s = time_of([FREE, DENSE, JAM, FREE, FREE], [60, 30, 10, 60, 60])
    assert found.now_s == pytest.approx(60 + 120 + 360 + 60 + 60, rel=0.01)
    assert found.free_flow_s == pytest.approx(free_s.sum())
    assert (found.usual_s, found.known_share, found.is_closed) == (None, 1.0, False)
    assert (found.corridor.way.name, found.corridor.way.towards) == ("Route du Nord", "Nord")


def test_what_is_unknown_counts_as_slowed_as_much_as_the_rest():
    """Three of five like segments take 240 s, so all take 240 · 5 / 3; usually four take 415 s."""
    usual_s = np.array([70.0, 200.0, np.nan, 65.0, 80.0])
    found, _ = time_of([FREE, UNKNOWN, UNKNOWN, FREE, DENSE], [60, 5, 5, 60, 30], usual_s)
    assert found.known_share == pytest.approx(0.6, abs=0.001)
    assert found.now_s == pytest.approx(400, rel=0.01)
    assert found.usual_s == pytest.approx(518.75, rel=0.01)


def test_with_less_than_half_known_the_time_is_not_told():
    found, _ = time_of([FREE, FREE, *[UNKNOWN] * 3], [60] * 5, np.full(5, 80.0))
    assert found.now_s is None
    assert found.usual_s == pytest.approx(400)
    assert found.known_share == pytest.approx(0.4, abs=0.001)


def test_nothing_that_is_told_is_faster_than_free_flow():
    found, free_s = time_of([FREE] * 5, [60] * 5)
    assert free_s.sum() > 300
    assert found.now_s == pytest.approx(free_s.sum())


def test_a_closed_corridor_has_no_time():
    found, _ = time_of([FREE, CLOSED, FREE, FREE, FREE], [60, 5, 60, 60, 60])
    assert (found.now_s, found.is_closed) == (None, True)


def test_without_limits_and_measures_there_is_a_drive_but_no_free_flow():
    """Of a feed without limits, before anything was measured."""
    network = dataclasses.replace(road(), speed_limit_kmh=np.full(5, np.nan))
    snapshot = make_snapshot_for(road(), Status.FREE_FLOW)
    snapshot.columns["speed_kmh"][:] = 60
    [found] = corridor_times(network, snapshot)
    assert found.now_s == pytest.approx(300, rel=0.01)
    assert (found.free_flow_s, found.usual_s) == (None, None)


def test_a_one_way_road_is_a_corridor_in_one_direction():
    [found] = road().corridors
    assert (found.way.key, found.segments) == ("nord", (0, 1, 2, 3, 4))


def test_segments_of_two_equal_points_where_a_drive_begins_are_driven_in_no_time():
    network = road()
    begins = [[at(0.5), at(0.5)]]
    network = dataclasses.replace(
        network,
        segment_ids=(*network.segment_ids, "5", "6"),
        geometry=(*network.geometry, begins, begins),
        names=np.append(network.names, ["Route du Nord"] * 2),
        road_classes=np.append(network.road_classes, ["", ""]),
        speed_limit_kmh=np.full(7, LIMIT_KMH),
    )
    [corridor] = network.corridors
    assert corridor.segments == (0, 1, 2, 3, 4)
    assert corridor.length_m == pytest.approx(5_000, rel=0.01)


def test_heights_change_no_corridor():
    network = road()
    geometry = tuple(
        [[[*point, 35.0] for point in line] for line in parts] for parts in network.geometry
    )
    [flat], [hilly] = network.corridors, dataclasses.replace(network, geometry=geometry).corridors
    assert hilly.segments == flat.segments
