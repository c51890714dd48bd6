"""What a segmented picture says about the traffic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from services.camera.classes import GROUPS
from services.camera.reading import BLOCKED_FROM, DENSE_FROM, status_of_occupancy
from services.camera.segmentation import Segmentation
from services.camera.traffic_reader import read_traffic
from tests.cameras import NAMES, PERSON, ROAD, VEHICLE, segment_by_brightness, street

SKY = NAMES.index("sky")


def segmented(mask, confidence=100, classes=GROUPS):
    shares = np.full(mask.shape, confidence, dtype=np.uint8)
    return Segmentation(mask.astype(np.uint8), shares, classes, "a model", 1.0)


def road(height=200, width=256):
    mask = np.full((height, width), SKY)
    mask[height // 2 :] = ROAD
    return mask


@pytest.mark.parametrize(
    ("share", "status"),
    [(0.0, "free"), (0.1, "free"), (0.2, "dense"), (0.39, "dense"), (0.5, "blocked")],
)
def test_the_more_road_is_covered_the_worse(share, status):
    reading = read_traffic(segment_by_brightness(street(share)))
    assert reading.status == status
    assert reading.occupancy == pytest.approx(share, abs=0.01)
    assert reading.confidence > 0.7
    assert reading.occupancy_low <= share - 0.01 or share == 0
    assert reading.occupancy_high >= share + 0.01
    assert reading.vehicles == (share > 0)


def test_the_thresholds_are_where_they_are_said_to_be():
    just_below = (DENSE_FROM - 1e-9, BLOCKED_FROM - 1e-9)
    assert [status_of_occupancy(share) for share in just_below] == ["free", "dense"]
    assert [status_of_occupancy(share) for share in (DENSE_FROM, BLOCKED_FROM)] == [
        "dense",
        "blocked",
    ]


def test_a_doubtful_model_gives_a_range_and_less_confidence():
    mask = road()
    mask[150:190, 20:170] = VEHICLE
    sure, doubtful = read_traffic(segmented(mask, 99)), read_traffic(segmented(mask, 70))
    assert sure.occupancy == doubtful.occupancy
    assert doubtful.occupancy_low < sure.occupancy_low < sure.occupancy < sure.occupancy_high
    assert sure.occupancy_high < doubtful.occupancy_high
    assert doubtful.confidence < sure.confidence <= 1


def test_vehicles_and_people_are_counted_and_specks_are_not():
    mask = road()
    mask[120:140, 20:50] = VEHICLE
    mask[120:140, 100:140] = VEHICLE
    mask[125:127, 200:202] = VEHICLE
    mask[110:140, 160:165] = PERSON
    mask[10:40, 60:65] = PERSON  # On a balcony.
    reading = read_traffic(segmented(mask))
    assert (reading.vehicles, reading.people) == (2, 1)


def test_what_is_counted_does_not_depend_on_the_size_of_the_picture():
    mask = road()
    mask[120:140, 20:50] = VEHICLE
    large = np.kron(mask, np.ones((6, 6), dtype=int))
    small, big = read_traffic(segmented(mask)), read_traffic(segmented(large))
    assert (small.vehicles, small.status) == (big.vehicles, big.status)
    assert small.occupancy == pytest.approx(big.occupancy)


@pytest.mark.parametrize("shown", [SKY, VEHICLE])
def test_where_no_road_is_to_be_seen_nothing_is_said(shown):
    reading = read_traffic(segmented(np.full((100, 100), shown)))
    assert (reading.status, reading.occupancy, reading.confidence) == ("unknown", None, None)
    assert reading.reason == "no_road"


def test_a_model_that_knows_no_road_says_nothing():
    classes = tuple(item for item in GROUPS if item.role is None)
    reading = read_traffic(segmented(np.zeros((50, 50)), classes=classes))
    assert (reading.status, reading.vehicles) == ("unknown", 0)


def test_the_less_familiar_a_picture_is_the_less_certain_its_reading():
    known = segment_by_brightness(street(0.3))
    full = read_traffic(known)
    half = read_traffic(replace(known, familiarity=0.5))
    assert (half.status, half.occupancy) == (full.status, full.occupancy)
    assert half.confidence == pytest.approx(full.confidence / 2)
    assert (full.familiarity, half.familiarity) == (None, 0.5)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"familiarity": 0.0}, "unfamiliar"),
        ({"blindness": "uniform"}, "uniform"),
        ({"blindness": "noise", "familiarity": 0.0}, "noise"),
    ],
)
def test_a_picture_that_is_none_to_ask_about_gets_no_reading(told, reason):
    reading = read_traffic(replace(segment_by_brightness(street(0.3)), **told))
    assert (reading.status, reading.reason) == ("unknown", reason)
    assert (reading.occupancy, reading.confidence) == (None, None)
    # What the model takes for vehicles there is none to count.
    assert (reading.vehicles, reading.people) == (None, None)
