from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from services.city.rennes import RENNES
from services.traffic.indicators import (
    compute_indicators,
    congestion_level,
    measured_kmh,
    stretch_figures,
    travel_time_s,
    worst_stretches,
    zone_status,
)
from services.traffic.network import Network
from services.traffic.snapshot import make_snapshot
from services.traffic.status import Status
from tests.factories import rennes_network

NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)
# One degree of latitude on the sphere that lengths are measured on.
DEGREE_M = 111_194.93
# Free flow is the limit, but on roads of 80 km/h: there 60 of the 75 km/h that the feed shows.
CITY = replace(
    RENNES,
    free_flow_shares=(("Réseau d'appui", 80.0, 75 / 80),),
    other_free_flow_share=1.25,
    space_mean_share=0.8,
)


def straight_network(names, limits, *, lat=48.0):
    """Segments of one kilometre due north, far from the centre."""
    step = 1_000 / DEGREE_M
    return Network(
        city=CITY,
        version="straight",
        segment_ids=tuple(str(i) for i in range(len(names))),
        geometry=tuple(
            [[[-1.79, lat + i * 0.1], [-1.79, lat + i * 0.1 + step]]] for i in range(len(names))
        ),
        names=np.array(names),
        road_classes=np.array(["Réseau d'appui"] * len(names)),
        speed_limit_kmh=np.array(limits, dtype=float),
    )


def observed(network, statuses, speeds):
    return make_snapshot(
        network_version=network.version,
        observed_at=NOON,
        received_at=NOON,
        source="live",
        columns={
            "status": statuses,
            "speed_kmh": speeds,
            "travel_time_s": np.zeros(len(network)),
            "reliability_pct": np.full(len(network), 80),
            "probes": np.ones(len(network)),
        },
    )


def test_congestion_level_is_extra_time_over_free_flow():
    network = straight_network(["a", "b"], [60, 60])
    # 60 s each in free flow; 60 s and 120 s now: 180 instead of 120.
    indicators = compute_indicators(network, observed(network, [1, 2], [60, 30]))
    assert indicators.congestion_level == pytest.approx(0.5)


def test_a_fast_road_does_not_hide_a_jam():
    network = straight_network(["a", "b"], [60, 60])
    indicators = compute_indicators(network, observed(network, [1, 2], [120, 30]))
    assert indicators.congestion_level == pytest.approx(0.5)


def test_free_flow_is_what_is_driven_and_not_the_limit():
    network = straight_network(["a", "b"], [80, 80])
    assert network.free_flow_kmh.tolist() == pytest.approx([60, 60])
    # 60 s each in free flow, 120 s and 50 s now: above the limit is the limit, 45 s.
    indicators = compute_indicators(network, observed(network, [2, 1], [30, 72]))
    assert indicators.congestion_level == pytest.approx((120 + 50) / 120 - 1)
    indicators = compute_indicators(network, observed(network, [2, 1], [30, 110]))
    assert indicators.congestion_level == pytest.approx((120 + 45) / 120 - 1)
    [found] = indicators.worst_stretches
    assert (found.stretch.road, found.delay_s) == ("a", pytest.approx(60, rel=1e-3))


def test_traffic_faster_than_free_flow_is_not_less_than_none_congested():
    network = straight_network(["a"], [80])
    assert compute_indicators(network, observed(network, [1], [75])).congestion_level == 0.0


def test_unknown_segments_count_for_nothing():
    network = straight_network(["a", "b"], [60, 60])
    indicators = compute_indicators(network, observed(network, [1, 0], [60, 5]))
    assert indicators.congestion_level == pytest.approx(0.0)


def test_nothing_known_gives_no_figure_rather_than_a_wrong_one():
    network = straight_network(["a"], [60])
    indicators = compute_indicators(network, observed(network, [0], [60]))
    assert indicators.congestion_level is None
    assert set(indicators.zone_ratios.values()) == {None}
    assert indicators.worst_stretches == ()


def test_kilometres_of_jam_count_each_direction_and_no_closed_road():
    network = straight_network(["a", "a", "b", "c"], [90] * 4)
    snapshot = observed(network, [3, 3, 2, 4], [20, 20, 50, 0])
    assert compute_indicators(network, snapshot).jam_km == pytest.approx(2.0, abs=0.01)


def test_counts_and_shares_name_every_status():
    network = straight_network(["a"] * 4, [50] * 4)
    indicators = compute_indicators(network, observed(network, [0, 1, 1, 3], [50, 50, 50, 10]))
    assert indicators.counts == {
        "unknown": 1,
        "freeFlow": 2,
        "heavy": 0,
        "congested": 1,
        "impossible": 0,
    }
    assert indicators.length_shares["freeFlow"] == pytest.approx(0.5)
    assert sum(indicators.length_shares.values()) == pytest.approx(1.0)


def road_of(names, speeds, limits=None):
    """Segments of one kilometre that follow one another northwards, each road a place of its own.

    Those of one name are one stretch; roads lie ten kilometres apart.
    """
    step = 1_000 / DEGREE_M
    lon = [-1.9 + list(dict.fromkeys(names)).index(name) / 7 for name in names]
    lat = [48 + names[:place].count(name) * step for place, name in enumerate(names)]
    network = Network(
        city=CITY,
        version="roads",
        segment_ids=tuple(str(i) for i in range(len(names))),
        geometry=tuple([[[x, y], [x, y + step]]] for x, y in zip(lon, lat, strict=True)),
        names=np.array(names),
        road_classes=np.array([""] * len(names)),
        speed_limit_kmh=np.array(limits or [60] * len(names), float),
    )
    codes = [Status.CONGESTED if speed <= 18 else Status.FREE_FLOW for speed in speeds]
    return network, observed(network, codes, speeds)


def test_worst_stretches_lose_the_most_time_first():
    network, snapshot = road_of(["quick", "slow", "slow", "slower"], [60, 40, 30, 10])
    slower, slow = compute_indicators(network, snapshot).worst_stretches
    assert (slower.stretch.road, slow.stretch.road) == ("slower", "slow")
    assert slower.delay_s == pytest.approx(300, rel=0.01)
    assert slower.jam_km == pytest.approx(1.0, abs=0.01)
    assert slow.stretch.segments == (1, 2)
    assert slow.delay_s == pytest.approx(30 + 60, rel=0.01)
    assert slow.speed_kmh == pytest.approx(2 / (90 / 3600 + 120 / 3600), rel=0.01)
    assert slow.segment_index == 2
    assert slow.usual_delay_s is None


def test_a_stretch_is_compared_where_the_usual_of_half_of_it_is_known():
    network, snapshot = road_of(["a", "a", "a", "b", "b", "b", "c"], [30] * 7)
    usual_s = np.array([90.0, 100.0, np.nan, 130.0, np.nan, np.nan, 130.0])
    found = {item.stretch.road: item for item in worst_stretches(network, snapshot, usual_s)}
    assert found["a"].usual_delay_s == pytest.approx(30 + 20, abs=0.1)
    assert found["b"].usual_delay_s is None
    assert found["c"].usual_delay_s == pytest.approx(-10, abs=0.1)


def test_no_more_than_what_is_lost_is_more_than_usual():
    """Where one usually drives faster than in free flow, all that is lost is more than usual."""
    network, snapshot = road_of(["a"], [30])
    [lost] = worst_stretches(network, snapshot, np.array([50.0]))
    assert lost.usual_delay_s == lost.delay_s == pytest.approx(60, abs=0.1)


def test_unknown_segments_have_no_part_in_a_stretch():
    network, snapshot = road_of(["a", "a"], [30, 30])
    snapshot = observed(network, [Status.UNKNOWN, Status.CONGESTED], [5, 30])
    [found] = worst_stretches(network, snapshot)
    assert (found.delay_s, found.segment_index) == (pytest.approx(60, abs=0.1), 1)
    assert found.speed_kmh == pytest.approx(30, abs=0.1)


def test_the_speed_that_is_told_is_measured_and_the_delay_bounded_by_the_limit():
    network, snapshot = road_of(["a", "b", "b"], [30, 90, 45], limits=[60, 60, 60])
    codes, actual_s = snapshot.status_codes(), travel_time_s(network, snapshot)
    figures = stretch_figures(network, codes, actual_s, speed_kmh=measured_kmh(snapshot))
    told = dict(zip([one.road for one in network.stretches], figures.speed_kmh, strict=True))
    # 40 s and 80 s for a kilometre each; in times the first takes 60 s, as at the limit.
    assert told == pytest.approx({"a": 30, "b": 2 * 3_600 / (40 + 80)}, rel=1e-3)
    [slow, fast] = worst_stretches(network, snapshot)
    assert (slow.stretch.road, slow.delay_s) == ("a", pytest.approx(60, rel=1e-3))
    assert (fast.speed_kmh, fast.delay_s) == pytest.approx((60, 20), rel=1e-3)


def test_no_roundabout_nor_short_stretch_nor_road_without_a_name_is_listed():
    network, snapshot = road_of(["Rond-point", "Inconnu Voie non dénommée", "", "Rue A"], [5] * 4)
    assert [item.stretch.road for item in worst_stretches(network, snapshot)] == ["Rue A"]
    rennes = rennes_network()
    jammed = observed(rennes, [3] * len(rennes), [5] * len(rennes))
    listed = worst_stretches(rennes, jammed)
    assert len(listed) == 333
    assert min(item.stretch.length_m for item in listed) >= 200.0
    assert not any(item.stretch.road.startswith("Rond-point") for item in listed)


@pytest.mark.parametrize(
    ("ratio", "status"),
    [
        (1.0, "free"),
        (0.68, "free"),
        (0.67, "dense"),
        (0.41, "dense"),
        (0.40, "blocked"),
        (0.1, "blocked"),
    ],
)
def test_zone_status_follows_the_levels_of_service(ratio, status):
    assert zone_status(ratio) == status


def test_congestion_level_of_free_flow_is_nil():
    assert congestion_level(1.0) == 0.0


def test_a_standstill_is_a_large_delay_not_an_infinite_one():
    network = straight_network(["a"], [50])
    indicators = compute_indicators(network, observed(network, [Status.CONGESTED], [0]))
    assert np.isfinite(indicators.congestion_level)


def test_a_closed_road_adds_no_delay():
    network = straight_network(["open", "closed"], [50, 50])
    indicators = compute_indicators(network, observed(network, [1, 4], [50, 5]))
    assert indicators.congestion_level == pytest.approx(0.0)
    assert indicators.worst_stretches == ()
