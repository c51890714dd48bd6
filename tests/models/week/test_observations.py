from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from models.errors import HistoryTooShort
from models.week.observations import (
    NOT_KNOWN,
    load_segment_history,
    ratios_of,
)
from models.week.quantiles import status_shares
from services.city.rennes import RENNES
from services.traffic.status import Status
from tests.models.histories import write_history

MONDAY = date(2026, 11, 2)
MONDAY_3, MONDAY_8, TUESDAY_12 = 3, 8, 36


@pytest.fixture(scope="module")
def observed(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("data")
    write_history(data_dir, weeks=2)
    return load_segment_history(RENNES, data_dir, "demo", report=lambda line: None)


class TestRatios:
    def test_what_was_not_measured_and_what_was_closed_is_in_no_count(self):
        status = np.array([[Status.UNKNOWN, Status.IMPOSSIBLE, Status.HEAVY, Status.FREE_FLOW]])
        speed_kmh = np.array([[40.0, 40.0, np.nan, 40.0]])
        percent, bins = ratios_of(RENNES.thresholds, status, speed_kmh, np.full(4, 50.0))
        assert percent.tolist() == [[NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, 80]]
        assert bins.tolist() == [[NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, 16]]

    def test_the_feed_s_status_decides_on_which_side_of_a_threshold_a_ratio_is(self):
        status = np.array([[Status.FREE_FLOW, Status.HEAVY, Status.HEAVY, Status.CONGESTED]])
        percent, bins = ratios_of(
            RENNES.thresholds, status, np.array([[69.0, 71.0, 29.0, 31.0]]), np.full(4, 100.0)
        )
        assert bins.tolist() == [[14, 13, 6, 5]]
        assert percent.tolist() == [[69, 71, 29, 31]]

    def test_a_ratio_beyond_every_bin_is_in_the_last_one(self):
        percent, bins = ratios_of(
            RENNES.thresholds, np.array([[Status.FREE_FLOW]]), np.array([[300.0]]), np.ones(1)
        )
        assert (percent.item(), bins.item()) == (NOT_KNOWN - 1, 27)


class TestHistory:
    def test_days_are_those_of_rennes(self, observed):
        assert (observed.dates()[0], len(observed.dates())) == (MONDAY, 14)
        assert observed.description().snapshots == 2 * 7 * 24
        assert observed.on([MONDAY]).dates() == [MONDAY]

    def test_every_observation_is_counted_at_its_hour_of_the_week(self, observed):
        counts = observed.counts()
        assert (counts.sum(axis=-1) == 2).all()
        by_status = status_shares(RENNES.thresholds, counts)
        for hour, status in ((MONDAY_3, 2), (MONDAY_8, 0), (TUESDAY_12, 1)):
            assert (by_status[hour, :, status] == 2).all(), hour

    def test_days_and_not_observations_are_evidence(self, observed):
        assert (observed.days_observed() == 2).all()
        monday = observed.on([MONDAY]).days_observed()
        assert (monday[:24] == 1).all()
        assert not monday[24:].any()

    def test_no_history_is_told(self, tmp_path):
        with pytest.raises(HistoryTooShort, match="no history of source 'live'"):
            load_segment_history(RENNES, tmp_path, "live", report=lambda line: None)
