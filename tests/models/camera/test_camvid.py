from __future__ import annotations

import numpy as np
import pytest

from models.camera.camvid import CAMVID_GROUPS, GROUP_NAMES, to_groups


def test_the_table_is_total_and_every_group_comes_from_somewhere():
    assert [value for value, _, _ in CAMVID_GROUPS] == list(range(12))
    assert {group for _, _, group in CAMVID_GROUPS} == set(GROUP_NAMES)


def test_each_value_becomes_the_group_that_the_table_says():
    mapped = to_groups(np.arange(12, dtype=np.uint8))
    assert [GROUP_NAMES[value] for value in mapped] == [group for _, _, group in CAMVID_GROUPS]


def test_roads_are_flat_cars_vehicles_and_riders_human():
    road, car, bicyclist, unlabelled = to_groups(np.array([3, 8, 10, 11], dtype=np.uint8))
    names = [GROUP_NAMES[value] for value in (road, car, bicyclist, unlabelled)]
    assert names == ["flat", "vehicle", "human", "void"]


def test_a_value_that_is_not_in_the_table_is_refused():
    with pytest.raises(ValueError, match="12"):
        to_groups(np.array([[0, 12]], dtype=np.uint8))
