"""Which roads follow each other: ends that touch, never the way back."""

from __future__ import annotations

import numpy as np

from models.nowcast.road_graph import road_neighbours
from tests.factories import make_network

# Rings of road in both directions; 30 segments cut each of the five rings in three.
NETWORK = make_network(30)


def neighbours_of(segment_id):
    found = road_neighbours(NETWORK)
    row = NETWORK.segment_ids.index(segment_id)
    chosen = found.index[row][found.weight[row] > 0]
    return sorted(NETWORK.segment_ids[place] for place in chosen)


def test_the_roads_before_and_behind_are_neighbours_and_the_way_back_is_none():
    assert neighbours_of("10000_D") == ["10005_D", "10010_D"]
    assert neighbours_of("10000_G") == ["10005_G", "10010_G"]


def test_roads_that_touch_nothing_have_no_neighbours():
    lonely = make_network(2)
    found = road_neighbours(lonely)
    # Each of the two is a whole ring: it touches but itself and its way back.
    assert not found.weight.any()
    assert found.index.shape == found.weight.shape == (2, 1)


def test_memory_grows_with_the_junctions_not_with_the_square_of_the_roads():
    found = road_neighbours(make_network(300))
    assert found.index.shape[0] == 300
    assert found.index.shape[1] <= 4
    assert np.all(found.index < 300)
