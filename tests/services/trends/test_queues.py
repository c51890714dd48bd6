"""Queues and bottlenecks in diagrams drawn by hand."""

from datetime import date

import numpy as np
import pytest

from services.trends.queues import Queue, Route, bottlenecks_of, queues_of_day

STEP_S = 900.0
FREE_S = 40.0
# What each sign of a diagram takes: a row is a step of time, a column 100 m of road.
SIGNS = {".": 40.0, "o": 80.0, "#": 200.0, "?": np.nan, "x": np.nan}


def route_of(segments, key="a", *, is_ring=False):
    count = len(segments)
    return Route(
        key, np.array(segments), np.full(count, 100.0), np.full(count, FREE_S), is_ring=is_ring
    )


def found_in(diagram, *routes, first_hour=7):
    rows = diagram.split()
    travel_s = np.array([[SIGNS[sign] for sign in row] for row in rows])
    is_closed = np.array([[sign == "x" for sign in row] for row in rows])
    hours = first_hour + np.arange(len(rows)) // 4
    routes = routes or (route_of(range(len(rows[0]))),)
    return queues_of_day(routes, travel_s, is_closed, hours, STEP_S)


def test_a_queue_has_a_head_a_length_a_duration_and_lost_time():
    [queue] = found_in("""
        ........
        ...oo...
        ..ooo...
        .#ooo...
        ....o...
        ........
    """)
    assert (queue.head, queue.first_step, queue.last_step) == (4, 1, 4)
    assert (queue.length_m, queue.mean_length_m) == (400, (200 + 300 + 400 + 100) / 4)
    assert queue.duration_s == 4 * 900
    # 40 s are lost in each o, 160 in the #.
    assert queue.lost_s == pytest.approx(80 + 120 + 280 + 40)
    assert queue.worst_s == pytest.approx(280)
    assert queue.hours == {7, 8}
    assert not queue.reaches_end


def test_what_is_slow_by_less_than_four_tenths_is_no_queue():
    """The free-flow time of 40 s, at just 60 % of the speed."""
    route = route_of(range(3))
    at_share = np.full((4, 3), FREE_S / 0.6)
    nothing_closed, hours = np.zeros((4, 3), bool), np.arange(4)
    assert queues_of_day([route], at_share, nothing_closed, hours, STEP_S) == []
    assert len(queues_of_day([route], at_share * 1.01, nothing_closed, hours, STEP_S)) == 1


@pytest.mark.parametrize(
    ("diagram", "why"),
    [
        ("........ ...oo... ........", "shorter than half an hour"),
        ("........ ...o.... ...o.... ...o....", "shorter than 200 m"),
    ],
)
def test_what_is_short_is_not_told(diagram, why):
    assert found_in(diagram) == [], why


def test_what_costs_nobody_half_a_minute_is_not_told():
    """A queue of 200 m, 14 s in each 100 where 5 are free: 18 s; at 21 s it is 32."""
    route = Route("a", np.arange(3), np.full(3, 100.0), np.full(3, 5.0))
    nothing_closed, hours = np.zeros((4, 3), bool), np.arange(4)
    slow_s = np.tile([5.0, 14.0, 14.0], (4, 1))
    assert queues_of_day([route], slow_s, nothing_closed, hours, STEP_S) == []
    slow_s[2] = [5.0, 21.0, 21.0]
    [queue] = queues_of_day([route], slow_s, nothing_closed, hours, STEP_S)
    assert queue.worst_s == pytest.approx(32)


def test_unknown_cells_between_do_not_cut_a_queue_and_lose_nothing():
    [queue] = found_in("""
        .oo?oo..
        .?????..
        .?????..
        .oooooo.
    """)
    assert (queue.first_step, queue.last_step, queue.head) == (0, 3, 5)
    assert queue.lost_s == pytest.approx(160 + 240)


def test_what_is_unknown_for_longer_than_half_an_hour_is_two_queues():
    gap = "........ ".replace(".", "?") * 3
    assert len(found_in(f"..ooo... ..ooo... {gap} ..ooo... ..ooo...")) == 2


def test_a_moment_of_known_free_flow_ends_a_queue():
    assert len(found_in("..ooo... ..ooo... ........ ..ooo... ..ooo...")) == 2


def test_a_short_free_piece_is_bridged_and_a_long_one_is_not():
    """200 m, and 300 m: a driver meets one queue, then two."""
    assert len(found_in("oo..oo.. oo..oo..")) == 1
    assert len(found_in("oo...oo. oo...oo.")) == 2


def test_nothing_is_bridged_where_the_road_is_closed():
    assert len(found_in("oo.xoo.. oo.xoo..")) == 2


def test_two_places_at_one_time_are_two_queues_the_one_that_loses_more_first():
    first, second = found_in("""
        oo......##
        oo......##
        oo......##
    """)
    assert (first.head, second.head) == (9, 1)
    assert (first.reaches_end, second.reaches_end) == (True, False)


def test_the_head_is_where_the_queue_ends_for_the_longest_and_not_the_furthest_cell():
    [queue] = found_in("""
        .ooo....
        .ooo....
        .ooo....
        .ooooo..
    """)
    assert queue.head == 3


def test_of_two_heads_of_equal_time_the_one_further_on_counts():
    [queue] = found_in(".ooo.... .ooooo..")
    assert queue.head == 5


def test_a_queue_across_the_seam_of_a_ring_is_one():
    diagram = "oo....oo oo....oo"
    assert len(found_in(diagram, route_of(range(8)))) == 2
    [queue] = found_in(diagram, route_of(range(8), is_ring=True))
    assert (queue.head, queue.length_m, queue.reaches_end) == (1, 400, False)


def test_a_queue_that_two_routes_share_is_told_once():
    """The first leaves the other at 5, where the queue goes on."""
    diagram = "..ooooo. ..ooooo. ........"
    shared, whole = route_of(range(6), "b"), route_of(range(8), "a")
    [queue] = found_in(diagram, shared, whole)
    assert (queue.route, queue.head, queue.length_m) == ("a", 6, 500)


def test_routes_in_the_other_direction_have_queues_of_their_own():
    diagram = "..oo....oo.. ..oo....oo.."
    there, back = route_of(range(6), "a"), route_of(range(6, 12), "a-retour")
    assert {queue.route for queue in found_in(diagram, there, back)} == {"a", "a-retour"}


def test_nothing_known_and_nothing_slow_is_no_queue():
    assert found_in("???? ???? ????") == []
    assert found_in(".... .... ....") == []


def queue_at(head, lost_s=60.0, first_step=0, hours=(8,)):
    return Queue("a", head, first_step, first_step + 3, frozenset(hours), 500.0, 400.0, 3_600.0,
                 lost_s, 30.0, reaches_end=False)  # fmt: skip


def day(number):
    return date(2026, 11, number)


def test_heads_up_to_400_m_apart_are_one_bottleneck_named_after_the_worst():
    route = route_of(range(30))
    found = [(day(2), queue_at(10)), (day(3), queue_at(14, 90)), (day(4), queue_at(19, 70))]
    worst, other = bottlenecks_of(found, [route])
    assert (worst.head, worst.days, worst.lost_s) == (14, 2, 150)
    assert (other.head, other.days, other.lost_s) == (19, 1, 70)


def test_bottlenecks_are_ranked_by_lost_time_and_not_by_days():
    found = [(day(2), queue_at(0, 10)), (day(3), queue_at(0, 10)), (day(3), queue_at(20, 90))]
    assert [place.head for place in bottlenecks_of(found, [route_of(range(30))])] == [20, 0]


def test_a_bottleneck_counts_days_by_hour_once_a_day():
    found = [
        (day(2), queue_at(5, hours=(7, 8))),
        (day(2), queue_at(5, first_step=40, hours=(8, 17))),
        (day(3), queue_at(5, hours=(8,))),
    ]
    [place] = bottlenecks_of(found, [route_of(range(9))])
    assert (place.days, len(place.queues)) == (2, 3)
    by_hour = place.days_by_hour()
    assert (by_hour[7], by_hour[8], by_hour[17], sum(by_hour)) == (1, 2, 1, 4)


def test_heads_on_both_sides_of_the_seam_of_a_ring_are_one_bottleneck():
    found = [(day(2), queue_at(29)), (day(3), queue_at(1))]
    assert len(bottlenecks_of(found, [route_of(range(30))])) == 2
    assert len(bottlenecks_of(found, [route_of(range(30), is_ring=True)])) == 1


def test_heads_on_different_routes_are_different_places():
    found = [(day(2), queue_at(2)), (day(2), queue_at(7))]
    assert len(bottlenecks_of(found, [route_of(range(5)), route_of(range(5, 9), "b")])) == 2


def test_no_queue_is_no_bottleneck():
    assert bottlenecks_of([], [route_of(range(5))]) == []
