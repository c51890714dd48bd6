"""Every index against values that were worked out on paper."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from services.trends.indices import (
    WEEK,
    Observed,
    Reliability,
    jam_km_hours,
    percentile,
    reliability,
)

MONDAY, SATURDAY = date(2026, 11, 23), date(2026, 11, 28)
# Eleven drives of 100 s to 200 s, in steps of 10 s, free flow 80 s.
DRIVES_S = np.arange(100.0, 201.0, 10.0)


def test_percentiles_lie_in_proportion_between_the_two_nearest_values():
    # Of 11 values the 80th percentile is at place 0.8 × 10 = 8, the 95th at 9.5.
    assert percentile(DRIVES_S, 0.80) == pytest.approx(180.0)
    assert percentile(DRIVES_S, 0.95) == pytest.approx(195.0)


def test_the_indices_of_eleven_drives():
    found = reliability(DRIVES_S, 80.0)

    assert found is not None
    assert (found.mean_s, found.median_s) == (150.0, 150.0)
    assert found.travel_time_index == pytest.approx(150 / 80)
    assert found.planning_time_index == pytest.approx(195 / 80)
    assert found.buffer_index == pytest.approx((195 - 150) / 150)
    assert found.lottr == 1.20  # 180 ÷ 150
    assert found.is_reliable


def test_quarters_that_were_not_observed_are_left_out_and_not_filled_in():
    with_gaps = np.concatenate([DRIVES_S, np.full(30, np.nan)])

    assert reliability(with_gaps, 80.0) == reliability(DRIVES_S, 80.0)
    assert reliability(np.full(4, np.nan), 80.0) is None


@pytest.mark.parametrize(
    ("p80_s", "lottr", "is_reliable"),
    [(149.4, 1.49, True), (149.6, 1.50, False), (150.0, 1.50, False), (180.0, 1.80, False)],
)
def test_reliable_is_what_stays_below_one_and_a_half_once_rounded(p80_s, lottr, is_reliable):
    found = Reliability(mean_s=110.0, median_s=100.0, p80_s=p80_s, p95_s=200.0, free_s=90.0)

    assert found.lottr == lottr
    assert found.is_reliable is is_reliable


@pytest.mark.parametrize(
    ("day", "hour", "part"),
    [
        (MONDAY, 5.75, None),
        (MONDAY, 6.0, "morning"),
        (MONDAY, 9.75, "morning"),
        (MONDAY, 10.0, "midday"),
        (MONDAY, 16.0, "evening"),
        (MONDAY, 19.75, "evening"),
        (MONDAY, 20.0, None),
        (SATURDAY, 6.0, "weekend"),
        (SATURDAY, 19.75, "weekend"),
        (SATURDAY, 20.0, None),
    ],
)
def test_the_parts_of_the_week_are_those_of_the_rule(day, hour, part):
    holding = [of.key for of in WEEK if of.holds(day, np.array([hour]))[0]]

    assert holding == ([part] if part else [])


def test_a_week_has_so_many_quarters_of_each_part():
    hours = np.arange(96) / 4
    week = [date(2026, 11, 23 + number) for number in range(7)]

    counted = {part.key: sum(int(part.holds(day, hours).sum()) for day in week) for part in WEEK}

    # Five days of 4, 6 and 4 hours, two of 14, four quarters each.
    assert counted == {"morning": 80, "midday": 120, "evening": 80, "weekend": 112}


@pytest.mark.parametrize(
    ("observed", "untold"),
    [
        (Observed(quarters=0, of_quarters=80, days=0), "never"),
        (Observed(quarters=32, of_quarters=80, days=5), "share"),
        (Observed(quarters=19, of_quarters=20, days=5), "few"),
        (Observed(quarters=40, of_quarters=80, days=4), "days"),
        (Observed(quarters=40, of_quarters=80, days=5), None),
        (Observed(quarters=0, of_quarters=0, days=0), "never"),
    ],
)
def test_a_figure_needs_half_of_its_time_twenty_quarters_and_five_days(observed, untold):
    assert observed.untold == untold


def test_jam_is_length_times_how_long():
    # A quarter with 2 km, one with 1 km, one that was not observed, one without any.
    jam_km = np.array([2.0, 1.0, np.nan, 0.0])

    assert jam_km_hours(jam_km, 900.0) == pytest.approx(0.5 + 0.25)
    assert jam_km_hours(np.array([np.nan]), 900.0) is None
