"""Driving through time, on fields whose drives were worked out on paper."""

import numpy as np
import pytest

from services.trends.driving import drive, speed_field

NAN = float("nan")
STEP_S = 180.0


def field_of(travel_s, *, closed=(), free_s=60.0, length_m=1_000.0, step_s=STEP_S):
    travel_s = np.array(travel_s, dtype=np.float64)
    is_closed = np.zeros(travel_s.shape, bool)
    for cell in closed:
        is_closed[cell] = True
    segments = travel_s.shape[1]
    free, length = (np.full(segments, each, np.float64) for each in (free_s, length_m))
    return speed_field(travel_s, is_closed, free, length, step_s)


def durations(field, *departures_s):
    return drive(field, np.array(departures_s, dtype=np.float64)).duration_s.tolist()


def test_a_steady_route_takes_the_sum_of_its_segments():
    assert durations(field_of([[60, 70, 50]] * 3), 0, 100) == pytest.approx([180, 180])


def test_a_speed_that_changes_within_a_segment_holds_for_what_is_left_of_it():
    """120 s, then the second segment: half of it in the 60 s left, the other at half the speed."""
    field = field_of([[120, 120], [240, 240], [240, 240]])
    assert durations(field, 0) == pytest.approx([120 + 60 + 120])


def test_the_speed_is_the_one_when_one_gets_there_and_not_the_one_when_one_leaves():
    """The second kilometre clears just as one gets there: the sum of now would say 60 + 600."""
    field = field_of([[60, 600], [60, 60], [60, 60]])
    assert durations(field, 120, 0) == pytest.approx([120, 60 + 120 + 60 * (1 - 120 / 600)])


def test_a_segment_may_take_many_steps():
    """A tenth of it in each of the first three steps, the rest at 90 s."""
    field = field_of([[1_800], [1_800], [1_800], [90], [90]])
    assert durations(field, 0) == pytest.approx([540 + 0.7 * 90])


def test_nobody_overtakes():
    travel_s = np.random.default_rng(5).uniform(20, 900, (60, 8))
    departures_s = np.arange(0.0, 7_200.0, 10.0)
    found = drive(field_of(travel_s), departures_s)
    arrivals_s = departures_s + found.duration_s
    assert not np.isnan(arrivals_s).any()
    assert (np.diff(arrivals_s) >= -1e-6).all()


def test_an_unknown_segment_is_as_slow_as_what_is_known_of_the_route_at_that_time():
    """180 s for what takes 120 in free flow: the third takes 60 x 1.5."""
    found = drive(field_of([[120, NAN, 60]] * 3), np.array([0.0]))
    assert found.duration_s.tolist() == pytest.approx([270])
    assert found.known_share.tolist() == pytest.approx([2 / 3])


def test_a_drive_of_which_less_than_half_was_measured_is_not_told():
    found = drive(field_of([[60, NAN, NAN]] * 3), np.array([0.0]))
    assert np.isnan(found.duration_s).all()
    assert found.known_share.tolist() == pytest.approx([1 / 3])
    assert not found.is_closed.any()


def test_what_was_known_last_stands_for_a_quarter_of_an_hour_and_no_longer():
    """A segment of twelve steps, five of which in the middle nothing was measured."""
    gap, measured = [[NAN]] * 5, [[2_160]] * 6
    assert durations(field_of([[2_160], *gap, *measured]), 0) == pytest.approx([2_160])
    assert np.isnan(durations(field_of([[2_160], *gap, [NAN], *measured]), 0)).all()


def test_who_meets_a_closed_segment_does_not_get_through_and_who_passed_before_does():
    field = field_of([[60, 60], [60, 60], [60, 60]], closed=[(1, 1)])
    found = drive(field, np.array([0.0, 100.0, 130.0, 360.0]))
    assert found.is_closed.tolist() == [False, True, True, False]
    assert found.duration_s[[0, 3]].tolist() == pytest.approx([120, 120])
    assert np.isnan(found.duration_s[[1, 2]]).all()


def test_a_closed_segment_makes_the_others_no_slower():
    field = field_of([[60, 3_000, NAN]] * 2, closed=[(0, 1)])
    assert field.pace_s[0, 2] == 60


def test_a_drive_ends_with_what_is_known_and_goes_nowhere_beyond():
    field = field_of([[90, 90], [90, 90]])
    assert durations(field, 180) == pytest.approx([180])
    assert np.isnan(durations(field, 181, -1, 360)).all()


def test_without_free_flow_what_is_known_is_driven_and_nothing_is_filled():
    assert durations(field_of([[60, 60]] * 3, free_s=NAN), 0) == pytest.approx([120])
    assert np.isnan(durations(field_of([[60, NAN]] * 3, free_s=NAN), 0)).all()


def test_no_departure_is_no_drive():
    assert durations(field_of([[60]])) == []
