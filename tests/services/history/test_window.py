from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from services.city.rennes import RENNES
from services.history import upkeep, writer
from services.history.window import replay, window
from services.traffic.status import Status
from tests.factories import make_network, make_snapshot_for
from tests.services.history.days import append, keep_network, moments

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("compacted", [False, True])
def test_a_replay_is_every_snapshot_of_a_day_in_rennes(tmp_path, network, compacted):
    times = moments(datetime(2026, 11, 20, 22, 30, tzinfo=UTC), 52, step_minutes=30)
    append(tmp_path, network, times)
    shown = [
        make_snapshot_for(
            network,
            np.random.default_rng([0, int(t.timestamp())]).integers(0, 5, 60).astype(np.uint8),
            observed_at=t,
        )
        for t in times
    ]
    if compacted:
        upkeep.keep_up(RENNES, tmp_path, NOW, 100)
    day = replay(
        tmp_path,
        "live",
        date(2026, 11, 21),
        network,
        values=("status", "speed_kmh", "probes", "reliability_pct"),
    )
    assert day.times() == times[1:49]
    assert day.times()[0] == RENNES.midnight(date(2026, 11, 21))
    for name, matrix in day.values.items():
        for row, snapshot in zip(matrix, shown[1:49], strict=True):
            np.testing.assert_array_equal(row, snapshot.columns[name], err_msg=name)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-10-25", 25), ("2026-03-29", 23), ("2026-11-20", 24)]
)
def test_the_days_of_the_clock_changes_have_their_own_length(tmp_path, network, day, hours):
    start = RENNES.midnight(date.fromisoformat(day)) - timedelta(hours=2)
    append(tmp_path, network, moments(start, 30, step_minutes=60))
    upkeep.keep_up(RENNES, tmp_path, NOW, 100)
    assert len(replay(tmp_path, "live", date.fromisoformat(day), network).epoch_s) == hours


def test_nothing_kept_is_an_empty_replay(tmp_path, network):
    day = replay(tmp_path, "live", date(2026, 11, 20), network)
    assert day.values["status"].shape == (0, len(network))
    assert day.times() == []


def test_the_last_hour_ends_before_its_end(tmp_path, network):
    times = moments(NOW, 30)
    append(tmp_path, network, times)
    hour = window(tmp_path, "live", times[5], times[25], network)
    assert hour.times() == times[5:25]
    assert np.isnan(hour.values["speed_kmh"][hour.values["status"] == Status.UNKNOWN]).all()


def test_old_days_are_shown_on_the_network_of_today(tmp_path, network):
    old = make_network(40, version="old")
    keep_network(tmp_path, old)
    keep_network(tmp_path, network)
    snapshots = [
        make_snapshot_for(old, observed_at=NOW),
        make_snapshot_for(network, Status.HEAVY, observed_at=NOW + timedelta(minutes=3)),
    ]
    for snapshot in snapshots:
        writer.append_snapshot(tmp_path, snapshot)
    shown = window(tmp_path, "live", NOW, NOW + timedelta(hours=1), network).values["status"]
    for place, segment_id in enumerate(network.segment_ids):
        old_place = old.index_of_id.get(segment_id)
        expected = Status.UNKNOWN if old_place is None else snapshots[0].status_codes()[old_place]
        assert shown[0, place] == expected
    assert (shown[1] == Status.HEAVY).all()
    backwards = window(tmp_path, "live", NOW, NOW + timedelta(hours=1), old).values["status"]
    np.testing.assert_array_equal(backwards[0], snapshots[0].status_codes())
    assert (backwards[1] == Status.HEAVY).all()
