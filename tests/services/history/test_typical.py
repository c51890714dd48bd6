"""The usual of an hour as the history knows it: by source, and for the hour that was asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from services.city.rennes import RENNES
from services.history.typical import read_usual_hour
from services.history.upkeep import keep_up
from services.traffic.status import Status
from services.traffic.usual import Comparison
from services.traffic.usual_hour import compare_traffic
from tests.factories import make_network, make_snapshot_for
from tests.services.history.days import append, moments

NETWORK = make_network()
# A Monday, 8 h in Rennes, and the same hour of the three weeks before.
NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
WEEKS_BEFORE = [NOW - timedelta(weeks=weeks) for weeks in (3, 2, 1)]


@pytest.fixture
def known(tmp_path):
    """Three weeks of mixed traffic, two of them taken into the roll-ups."""
    for start in WEEKS_BEFORE[:2]:
        append(tmp_path, NETWORK, moments(start, 20))
    keep_up(RENNES, tmp_path, NOW, None)
    append(tmp_path, NETWORK, moments(WEEKS_BEFORE[2], 20))
    return tmp_path


def test_an_hour_is_made_of_the_same_hour_of_the_weeks_before(known):
    usual = read_usual_hour(known, "live", NETWORK, NOW + timedelta(minutes=3))
    assert (usual.source, usual.network_version, usual.start) == ("live", NETWORK.version, NOW)
    assert usual.zones.observations.tolist() == [60] * len(RENNES.zones)
    assert (usual.zones.p10 <= usual.zones.p50).all()
    # Three of the five statuses of the history have a speed.
    assert usual.segments.observations.sum() == pytest.approx(60 * len(NETWORK) * 3 / 5, rel=0.1)
    jam = make_snapshot_for(NETWORK, Status.CONGESTED, observed_at=NOW)
    assert set(compare_traffic(NETWORK, jam, usual).zones) == {Comparison.BUSIER}


def test_nothing_is_told_of_another_hour_or_source(known):
    for source, moment in (("live", NOW + timedelta(hours=1)), ("demo", NOW)):
        usual = read_usual_hour(known, source, NETWORK, moment)
        snapshot = make_snapshot_for(NETWORK, observed_at=moment, source=source)
        compared = compare_traffic(NETWORK, snapshot, usual)
        assert set(compared.segments) == set(compared.zones) == {Comparison.NOT_TOLD}
        assert np.isnan(compared.usual_kmh["p50"]).all()


def test_a_network_with_other_segments_is_compared_where_it_is_known(known):
    larger = make_network(80)
    usual = read_usual_hour(known, "live", larger, NOW)
    is_old = np.isin(larger.segment_ids, NETWORK.segment_ids)
    assert (usual.segments.observations[is_old] > 0).any()
    assert (usual.segments.observations[~is_old] == 0).all()
