"""The demo network: the right size, the right shape, and segments one can count on."""

from __future__ import annotations

import numpy as np
import pytest

from services.observe.demo import MAX_SEGMENTS, MIN_SEGMENTS, DemoFeed, DemoNetwork
from services.observe.demo.road_plan import RoadClass

# FACTS of the real feed: extent of its segments, limits, and how many there are of each class.
LAT_EXTENT, LON_EXTENT = (48.038, 48.164), (-1.794, -1.573)
LIMITS_KMH = {30, 50, 70, 80, 90, 110}
SEGMENTS_BY_CLASS = {
    RoadClass.NATIONAL: 283,
    RoadClass.ARMATURE: 409,
    RoadClass.APPUI: 666,
    RoadClass.DISTRIBUTION: 1_501,
}


@pytest.fixture(scope="module")
def network() -> DemoNetwork:
    return DemoFeed().network


def points_of(network: DemoNetwork, index: int) -> np.ndarray:
    return network.vertices[network.vertex_starts[index] : network.vertex_starts[index + 1]]


@pytest.mark.parametrize("segments", [MIN_SEGMENTS, 1_237, 2_900, 2_913, 30_000])
def test_has_exactly_the_segments_asked_for_inside_rennes(segments: int) -> None:
    network = DemoFeed(segments=segments).network
    assert len(network) == len(set(network.ids)) == segments
    lon, lat = network.vertices.T
    assert LAT_EXTENT[0] < lat.min() < lat.max() < LAT_EXTENT[1]
    assert LON_EXTENT[0] < lon.min() < lon.max() < LON_EXTENT[1]
    assert set(network.limit_kmh.tolist()) == LIMITS_KMH


@pytest.mark.parametrize("segments", [MIN_SEGMENTS - 1, MAX_SEGMENTS + 1, 0, -5])
def test_refuses_a_size_it_cannot_draw(segments: int) -> None:
    with pytest.raises(ValueError, match=f"segments={segments}"):
        DemoFeed(segments=segments)


def test_geometry_does_not_depend_on_the_seed(network: DemoNetwork) -> None:
    other = DemoFeed(seed=1).network
    assert other.ids == network.ids
    assert np.array_equal(other.vertices, network.vertices)


def test_ids_look_like_the_feeds_but_are_ours(network: DemoNetwork) -> None:
    numbers = [int(segment_id.removesuffix("_D").removesuffix("_G")) for segment_id in network.ids]
    assert min(numbers) >= 900_000
    one_way = np.array([segment_id.isdigit() for segment_id in network.ids])
    assert np.array_equal(one_way, network.one_way)


def test_two_way_roads_come_in_reversed_pairs_side_by_side(network: DemoNetwork) -> None:
    index_of = {segment_id: index for index, segment_id in enumerate(network.ids)}
    there = [segment_id for segment_id in network.ids if segment_id.endswith("_D")]
    assert len(there) > 500
    metres_per_degree = np.array([74_243.0, 111_195.0])
    for segment_id in there:
        forward = points_of(network, index_of[segment_id])
        back = points_of(network, index_of[f"{segment_id[:-2]}_G"])
        apart_m = np.linalg.norm((forward - back[::-1]) * metres_per_degree, axis=1)
        assert len(forward) == len(back) >= 2
        assert 2 < np.median(apart_m) < 25


def test_mix_of_classes_and_lengths_is_like_the_real_one(network: DemoNetwork) -> None:
    for road_class, expected in SEGMENTS_BY_CLASS.items():
        assert (network.road_class == road_class).sum() == pytest.approx(expected, rel=0.15)
    assert network.length_m.sum() / 1_000 == pytest.approx(420, rel=0.15)
    assert np.median(network.length_m) == pytest.approx(71, rel=0.2)
    assert network.length_m.min() > 2


def test_length_is_that_of_the_drawn_line(network: DemoNetwork) -> None:
    for index in range(0, len(network), 97):
        metres = np.diff(points_of(network, index), axis=0) * [74_243.0, 111_195.0]
        drawn_m = np.sqrt((metres**2).sum(axis=1)).sum()
        assert network.length_m[index] == pytest.approx(drawn_m, rel=0.02, abs=0.5)


def test_ring_road_goes_round_the_town_in_both_directions(network: DemoNetwork) -> None:
    ring = np.array([name == "Route nationale 136" for name in network.names])
    assert network.one_way[ring].all()
    assert network.length_m[ring].sum() / 2_000 == pytest.approx(31, rel=0.1)
    away_km = np.sqrt(network.east_km[ring] ** 2 + network.north_km[ring] ** 2)
    assert away_km.min() > 2.5
    assert len({name for name in network.names if name.startswith("Porte ")}) == 20


def test_most_of_the_centre_is_in_rennes_itself(network: DemoNetwork) -> None:
    away_km = np.sqrt(network.east_km**2 + network.north_km**2)
    assert set(network.insee[away_km < 2].tolist()) == {35_238}
    assert len(set(network.insee.tolist())) >= 15
