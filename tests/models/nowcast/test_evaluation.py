"""How forecasts of a city are evaluated: against what was observed, beside two baselines."""

from __future__ import annotations

import numpy as np
import pytest

from models.nowcast.city_table import CityTable, step_ends, to_row_times
from models.nowcast.evaluation import (
    AVERAGE,
    NOWCASTER,
    PERSISTENCE,
    HourOfWeek,
    from_quantiles,
    lead_table,
    measures_by_lead,
    objection,
    persistence,
    status_table,
)
from models.nowcast.features import HORIZONS, LAGS
from services.city.rennes import RENNES
from tests.factories import make_network
from tests.models.nowcast.cities import START

NETWORK = make_network(4)
ROWS_OF_A_DAY = 288
FREE, HEAVY, CONGESTED = 0.9, 0.5, 0.2


def table_of(ratio):
    end_s = step_ends(START, 1, len(ratio))
    zones = np.full((len(ratio), len(RENNES.zone_choices)), np.nan)
    return CityTable(
        NETWORK, "demo", end_s, ratio, to_row_times(RENNES, end_s), (len(ratio),), zones
    )


@pytest.fixture
def table():
    """Heavy at first, congested from noon on; one segment is never known."""
    ratio = np.full((ROWS_OF_A_DAY, len(NETWORK)), HEAVY, dtype=np.float32)
    ratio[ROWS_OF_A_DAY // 2 :] = CONGESTED
    ratio[:, 3] = np.nan
    return table_of(ratio)


def average_of(table):
    return HourOfWeek(table, np.ones(len(table.end_s), dtype=bool), RENNES.thresholds)


def certain(value, rows):
    """Everything at one ratio, between two others that are as near as can be."""
    shape = (len(rows), 4, len(NETWORK))
    return np.stack([np.full(shape, value + step, np.float32) for step in (-0.01, 0.0, 0.01)])


def evaluated(table, rows, value):
    average = average_of(table)
    return measures_by_lead(
        {
            NOWCASTER: from_quantiles(certain(value, rows), RENNES.thresholds),
            PERSISTENCE: persistence(table, average, rows, RENNES.thresholds),
            AVERAGE: average.at(rows),
        },
        table,
        rows,
        RENNES.thresholds,
    )


def test_a_certain_and_right_forecast_has_no_error(table):
    rows = np.arange(LAGS - 1, ROWS_OF_A_DAY // 2 - HORIZONS)
    found = evaluated(table, rows, HEAVY)
    assert found["observations"] == [3 * len(rows)] * 4
    for lead in found["forecasters"][NOWCASTER]:
        assert lead["mae_ratio"] == pytest.approx(0.0, abs=1e-6)
        assert lead["rps"] == pytest.approx(0.0, abs=1e-6)
        assert lead["coverage"] == 1.0
        assert lead["by_status"]["heavy"]["share"] == 1.0


def test_a_certain_and_wrong_forecast_is_told_by_how_much(table):
    rows = np.arange(LAGS - 1, ROWS_OF_A_DAY // 2 - HORIZONS)
    found = evaluated(table, rows, FREE)["forecasters"][NOWCASTER][0]
    assert found["mae_ratio"] == pytest.approx(FREE - HEAVY, abs=1e-6)
    limits = NETWORK.speed_limit_kmh[:3]
    assert found["mae_kmh"] == pytest.approx((FREE - HEAVY) * limits.mean(), abs=1e-4)
    # One status beside it, of two steps.
    assert found["rps"] == pytest.approx(0.5, abs=1e-6)
    assert found["coverage"] == 0.0


def test_persistence_misses_the_change_and_only_it(table):
    rows = np.array([ROWS_OF_A_DAY // 2 - 1, ROWS_OF_A_DAY // 2 + 20])
    found = evaluated(table, rows, CONGESTED)["forecasters"]
    assert found[NOWCASTER][0]["mae_ratio"] == pytest.approx(0.0, abs=1e-6)
    assert found[PERSISTENCE][0]["mae_ratio"] == pytest.approx((HEAVY - CONGESTED) / 2, abs=1e-6)


def test_persistence_looks_back_to_the_last_known_and_then_takes_the_average(table):
    table.ratio[100:106, 0] = np.nan
    table.ratio[80:106, 1] = np.nan
    found = persistence(table, average_of(table), np.array([105]), RENNES.thresholds)
    np.testing.assert_allclose(found.ratio[0, :, :2], HEAVY, atol=1e-6)


def test_the_average_is_that_of_the_hour_and_of_the_rest_where_the_hour_is_not_known(table):
    average = average_of(table)
    found = average.at(np.array([50, 200]))
    np.testing.assert_allclose(found.ratio[0, :, 0], HEAVY, atol=1e-6)
    np.testing.assert_allclose(found.ratio[1, :, 0], CONGESTED, atol=1e-6)
    np.testing.assert_allclose(found.shares.sum(axis=0), 1.0, atol=1e-5)
    # Never known: what all segments do on average.
    assert CONGESTED < found.ratio[0, 0, 3] < HEAVY


@pytest.mark.parametrize(("value", "expected"), [(HEAVY, True), (FREE, False)])
def test_a_champion_must_be_no_worse_than_either_baseline(table, value, expected):
    rows = np.arange(LAGS - 1, ROWS_OF_A_DAY // 2 - HORIZONS)
    assert (objection(evaluated(table, rows, value)) is None) is expected


def test_the_tables_name_every_forecaster_lead_and_status_observed(table):
    rows = np.arange(LAGS - 1, ROWS_OF_A_DAY // 2 + 20)
    found = evaluated(table, rows, HEAVY)
    by_lead, by_status = lead_table(found), status_table(found)
    assert len(by_lead.splitlines()) == 2 + 3 * 4
    assert "| 45 min |" in by_lead
    assert "congested" in by_status
    assert "freeFlow" not in by_status
