from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.zones.features import HOUR_HARMONICS, Cells, encode, every_cell, features_of
from services.city.rennes import RENNES
from services.forecast.zone_forecasts import table_shape
from services.plain.statuses import ZONE_STATUSES

FEATURES = features_of(RENNES)


def cell(zone: int = 0, day: int = 0, hour: int = 0) -> Cells:
    return Cells(*(np.array([code]) for code in (zone, day, hour)))


def test_every_cell_is_every_zone_day_and_hour_once_in_the_order_of_the_table():
    cells = every_cell(FEATURES)
    places = np.ravel_multi_index((cells.zone, cells.day, cells.hour), table_shape(RENNES)[:-1])
    np.testing.assert_array_equal(places, np.arange(len(RENNES.zone_choices) * 7 * 24))


def test_no_two_cells_are_encoded_alike():
    inputs = encode(FEATURES, every_cell(FEATURES))
    rows = np.concatenate([inputs[item.name] for item in FEATURES.inputs], axis=1)
    assert len(np.unique(rows.round(5), axis=0)) == len(every_cell(FEATURES))


def test_the_encoding_is_what_the_specification_says():
    inputs = encode(FEATURES, every_cell(FEATURES))
    assert list(inputs) == [item.name for item in FEATURES.inputs]
    for item in FEATURES.inputs:
        assert inputs[item.name].shape == (len(every_cell(FEATURES)), item.width)
        assert inputs[item.name].dtype == item.dtype
    assert encode(FEATURES, cell())["hour_waves"].shape == (1, 2 * HOUR_HARMONICS)


def test_midnight_is_as_near_to_23_h_as_to_1_h():
    waves = [encode(FEATURES, cell(hour=hour))["hour_waves"] for hour in (23, 0, 1)]
    before, after = (np.linalg.norm(waves[1] - waves[place]) for place in (0, 2))
    assert before == pytest.approx(after)
    assert before < np.linalg.norm(waves[1] - encode(FEATURES, cell(hour=12))["hour_waves"])


@pytest.mark.parametrize(
    "wrong", [{"zone": len(RENNES.zone_choices)}, {"day": 7}, {"hour": 24}, {"hour": -1}], ids=str
)
def test_a_code_out_of_range_is_refused(wrong):
    [name] = wrong
    with pytest.raises(ValueError, match=name):
        encode(FEATURES, cell(**wrong))


def test_the_version_changes_with_anything_that_changes_the_meaning():
    versions = {
        FEATURES.version,
        replace(FEATURES, zones=FEATURES.zones[::-1]).version,
        replace(FEATURES, statuses=FEATURES.statuses[::-1]).version,
        replace(FEATURES, inputs=FEATURES.inputs[:2]).version,
        replace(
            FEATURES, inputs=(*FEATURES.inputs[:2], replace(FEATURES.inputs[2], width=8))
        ).version,
    }
    assert len(versions) == 5
    assert FEATURES.zones == RENNES.zone_choices
    assert FEATURES.statuses == ZONE_STATUSES
