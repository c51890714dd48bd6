"""What is told of a zone never contradicts itself, whatever the traffic is and usually is."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from services.plain.statuses import ZONE_STATUSES
from services.traffic.indicators import BLOCKED_UP_TO_RATIO, FREE_ABOVE_RATIO, zone_status
from services.traffic.status import Status
from services.traffic.usual import Comparison, UsualRatios, compare
from services.traffic.zone_states import lost_min_per_10_km, zone_state
from services.web.latest import TrafficView
from tests.factories import make_network, make_snapshot_for, make_usual_hour, rennes_network

RATIOS = np.round(np.arange(0.05, 1.001, 0.01), 2).tolist()
SPEEDS_KMH = (25.0, 45.0, 85.0)


def usual_of(median, spread):
    ratios = [np.clip(median + step * spread, 0.01, 1.0) for step in (-2, -1, 0, 1, 2)]
    return UsualRatios(*ratios, observations=1_000)


@pytest.mark.parametrize(
    ("ratio", "free_flow_kmh", "minutes"),
    [(1.0, 50.0, 0), (0.5, 60.0, 10), (2 / 3, 60.0, 5), (0.4, 90.0, 10), (0.1, 30.0, 180)],
)
def test_minutes_lost_on_ten_kilometres(ratio, free_flow_kmh, minutes):
    assert lost_min_per_10_km(ratio, free_flow_kmh) == pytest.approx(minutes)
    assert zone_state(ratio, free_flow_kmh).lost_min == minutes


@pytest.mark.parametrize("free_flow_kmh", SPEEDS_KMH)
def test_the_word_follows_from_the_minutes(free_flow_kmh):
    """The more minutes are lost, the worse the word; each word has minutes of its own."""
    states = [zone_state(ratio, free_flow_kmh) for ratio in sorted(RATIOS, reverse=True)]
    told = [(state.lost_min, ZONE_STATUSES.index(state.status)) for state in states]
    assert told == sorted(told)
    assert [state.status for state in states] == [zone_status(ratio) for ratio in RATIOS[::-1]]
    least, most = (
        round(lost_min_per_10_km(ratio, free_flow_kmh))
        for ratio in (FREE_ABOVE_RATIO, BLOCKED_UP_TO_RATIO)
    )
    for state in states:
        assert state.status != "free" or state.lost_min <= least
        assert state.status != "blocked" or state.lost_min >= most


def test_busier_than_usual_loses_more_minutes_than_usual_and_quieter_fewer():
    cases = itertools.product(RATIOS, RATIOS[::3], (0.0, 0.02, 0.1), SPEEDS_KMH)
    seen = set()
    for ratio, median, spread, free_flow_kmh in cases:
        comparison = Comparison(int(compare(ratio, usual_of(median, spread))))
        state = zone_state(ratio, free_flow_kmh, comparison, median)
        usual_min = zone_state(median, free_flow_kmh).lost_min
        seen.add((state.status, state.comparison))
        if state.comparison is Comparison.BUSIER:
            assert state.lost_min > usual_min
        if state.comparison is Comparison.QUIETER:
            assert state.lost_min < usual_min
    words = itertools.product(
        ZONE_STATUSES, (Comparison.QUIETER, Comparison.USUAL, Comparison.BUSIER)
    )
    assert seen == set(words)


def test_a_difference_that_rounds_to_no_minute_is_as_usual():
    # On a ring road 0.4 min of 10 km.
    comparison = Comparison(int(compare(0.95, usual_of(1.0, 0.0))))
    assert comparison is Comparison.BUSIER
    assert zone_state(0.95, 85.0, comparison, 1.0).comparison is Comparison.USUAL
    assert zone_state(0.95, 25.0, comparison, 1.0).comparison is Comparison.BUSIER


def test_what_is_not_compared_stays_so():
    assert zone_state(0.2, 50.0).comparison is Comparison.NOT_TOLD


def test_the_free_flow_speed_of_a_zone_is_that_of_driving_it_once():
    network = rennes_network()
    speeds = network.zone_free_flow_kmh
    ring = network.zone_codes == network.city.zones.index("rocade")
    seconds = network.free_flow_time_s[ring].sum()
    assert speeds[network.city.zones.index("rocade")] == pytest.approx(
        3.6 * network.length_m[ring].sum() / seconds
    )
    assert speeds[network.city.zones.index("centre-ville")] < 50.0


def test_segments_whose_free_flow_is_not_known_leave_the_zone_its_own():
    whole = make_network()
    limits = whole.speed_limit_kmh.copy()
    limits[:10] = np.nan
    speeds = replace(whole, speed_limit_kmh=limits).zone_free_flow_kmh
    assert speeds == pytest.approx(whole.zone_free_flow_kmh, rel=0.2)
    nothing = replace(whole, speed_limit_kmh=np.full(len(whole), np.nan)).zone_free_flow_kmh
    assert np.isnan(nothing).all()


def test_a_view_tells_every_zone():
    network = make_network()
    jammed = make_snapshot_for(network, Status.CONGESTED)
    states = TrafficView(network, jammed, make_usual_hour(network)).zone_states
    assert {state.status for state in states} == {"blocked"}
    # The whole, which is the last, is compared with nothing.
    assert [state.comparison for state in states] == [
        *[Comparison.BUSIER] * len(network.city.zones), Comparison.NOT_TOLD,
    ]  # fmt: skip
    assert TrafficView(network, make_snapshot_for(network, Status.UNKNOWN)).zone_states == (
        (None,) * len(network.city.zone_choices)
    )
