from __future__ import annotations

import numpy as np
import pytest

from models.week.prior import Strengths, class_codes_of, hierarchical_prior, shrunk
from services.history.hour_of_week import HOURS_PER_WEEK

SEGMENTS, BINS = 6, 4
# Two classes of three segments each.
CLASSES = np.array([0, 0, 0, 1, 1, 1])
MONDAY_8, TUESDAY_8, SATURDAY_8 = 8, 32, 128
SLOW, FAST = 0, 3


def no_counts():
    return np.zeros((HOURS_PER_WEEK, SEGMENTS, BINS), np.uint16)


def prior_of(counts):
    return hierarchical_prior(counts, CLASSES, Strengths())


def test_every_level_is_a_distribution_even_of_nothing():
    prior = prior_of(no_counts())
    for level in (prior.week, prior.day_type):
        assert level.shape == (HOURS_PER_WEEK, SEGMENTS, BINS)
        np.testing.assert_allclose(level, 1 / BINS, rtol=1e-5)
    assert not prior.observations.any()


def test_a_segment_never_seen_takes_after_its_class_at_that_hour_of_that_kind_of_day():
    counts = no_counts()
    counts[:, :, FAST] = 100
    counts[:, 2] = 0
    counts[MONDAY_8, :2] = 0
    counts[MONDAY_8, :2, SLOW] = 10_000
    week = prior_of(counts).week
    # Working days share what they know, Saturdays and the other class are untouched.
    assert week[TUESDAY_8, 2, SLOW] > 0.9
    assert week[SATURDAY_8, 2, SLOW] < 0.1
    assert week[TUESDAY_8, 4, SLOW] < 0.1


def test_what_was_seen_often_is_believed_and_what_was_seen_once_is_not():
    counts = no_counts()
    counts[:, :, FAST] = 20
    counts[MONDAY_8, 0] = [1, 0, 0, 0]
    counts[MONDAY_8, 1] = [5_000, 0, 0, 0]
    prior = prior_of(counts)
    assert prior.week[MONDAY_8, 1, SLOW] > 0.98
    # The level above has those many observations too: without them, one would be nothing.
    counts[MONDAY_8, 1] = [0, 0, 0, 20]
    assert prior_of(counts).week[MONDAY_8, 0, SLOW] < 0.1
    assert prior.observations[MONDAY_8, :2].tolist() == [1, 5_000]


@pytest.mark.parametrize("strength", [0.5, 50.0])
def test_without_observations_the_level_above_is_all_that_is_known(strength):
    above = np.array([0.1, 0.2, 0.7])
    np.testing.assert_allclose(shrunk(np.zeros(3), above, strength), above, rtol=1e-6)


def test_classes_are_coded_in_the_order_of_their_names():
    codes, names = class_codes_of(np.array(["urbain", "rocade", "urbain"]))
    assert (codes.tolist(), names) == ([1, 0, 1], ("rocade", "urbain"))
