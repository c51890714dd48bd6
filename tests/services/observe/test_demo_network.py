"""The demo network: the real one, or as much of it and of its copies as asked for."""

from __future__ import annotations

import numpy as np
import orjson
import pytest

from services.city.rennes import RENNES
from services.observe.demo import MAX_SEGMENTS, DemoFeed, DemoNetwork, network

# FACTS of the real feed: limits, and how many segments there are of each class.
LIMITS_KMH = {30, 50, 70, 80, 90, 110}
SEGMENTS_BY_CLASS = [283, 409, 666, 1_467 + 34]


@pytest.fixture(scope="module")
def demo_network() -> DemoNetwork:
    return DemoFeed().network


def test_is_the_real_network(demo_network: DemoNetwork) -> None:
    assert len(demo_network) == len(set(demo_network.ids)) == 2_859
    assert demo_network.ids[:3] == ("10273_D", "10273_G", "10274_D")
    assert demo_network.names[0] == "Route départementale 34"
    assert set(demo_network.limit_kmh.tolist()) == LIMITS_KMH
    assert np.bincount(demo_network.road_class).tolist() == SEGMENTS_BY_CLASS
    assert demo_network.length_m.sum() / 1_000 == pytest.approx(421.2, abs=0.1)


@pytest.mark.parametrize("segments", [1, 600, 2_859, 2_860, 6_000])
def test_has_exactly_the_segments_asked_for_inside_rennes(segments: int) -> None:
    found = DemoFeed(segments=segments).network
    assert len(found) == len(set(found.ids)) == len(found.records) == segments
    for segment_id, record in zip(found.ids, found.records, strict=True):
        assert orjson.loads(bytes(record["predefinedlocationreference"])) == segment_id
        point = orjson.loads(bytes(record["geo_point_2d"]))
        assert RENNES.believed.holds(point["lon"], point["lat"])


def test_the_largest_network_lies_within_what_is_believed(demo_network: DemoNetwork) -> None:
    last_copy = (MAX_SEGMENTS - 1) // len(demo_network)
    for record in demo_network.records[::100]:
        shape = orjson.loads(bytes(network._copied_record(record, last_copy)["geo_shape"]))
        assert all(RENNES.believed.holds(*point) for point in shape["geometry"]["coordinates"][0])


def test_copies_are_shifted_and_keep_direction_and_roads(demo_network: DemoNetwork) -> None:
    copied = DemoFeed(segments=3_000).network
    assert copied.ids[:2_859] == demo_network.ids
    assert copied.ids[2_859:2_861] == ("10010273_D", "10010273_G")
    assert np.array_equal(copied.length_m[2_859:], demo_network.length_m[:141])
    assert not set(copied.corridor[2_859:].tolist()) & set(demo_network.corridor.tolist())
    [line] = orjson.loads(bytes(demo_network.records[0]["geo_shape"]))["geometry"]["coordinates"]
    [shifted] = orjson.loads(bytes(copied.records[2_859]["geo_shape"]))["geometry"]["coordinates"]
    assert np.allclose(np.array(shifted) - line, [0.0, 0.003], atol=1e-6)


@pytest.mark.parametrize("segments", [MAX_SEGMENTS + 1, 0, -5])
def test_refuses_a_size_it_cannot_make(segments: int) -> None:
    with pytest.raises(ValueError, match=f"segments={segments}"):
        DemoFeed(segments=segments)


def test_ring_road_is_a_corridor_in_each_direction(demo_network: DemoNetwork) -> None:
    ring = demo_network.names == "Route nationale 136"
    lengths_km = np.bincount(demo_network.corridor[ring], demo_network.length_m[ring]) / 1_000
    assert sorted(lengths_km)[-2:] == pytest.approx([30.4, 30.8], abs=0.1)
    for corridor in np.argsort(lengths_km)[-2:]:
        road = demo_network.corridor == corridor
        order = np.argsort(demo_network.position_m[road])
        gaps_m = np.diff(demo_network.position_m[road][order])
        lengths_m = demo_network.length_m[road][order]
        assert np.allclose(gaps_m, (lengths_m[1:] + lengths_m[:-1]) / 2, atol=0.1)


def test_inward_is_towards_the_centre(demo_network: DemoNetwork) -> None:
    # The Rue de Fougères, out of the centre and back.
    there, back = (demo_network.ids.index(segment_id) for segment_id in ("42938_D", "42938_G"))
    assert demo_network.inward[there] == pytest.approx(-demo_network.inward[back], abs=0.05)
    assert abs(demo_network.inward).max() <= 1 + 1e-6
