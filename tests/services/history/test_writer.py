from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from services.city.rennes import RENNES
from services.history import layout, rows, writer
from services.history.day_counts import zone_times_by_day
from services.history.history import History
from services.history.networks import KnownNetworks
from services.traffic.indicators import compute_indicators, travel_time_s
from services.traffic.status import Status
from tests.factories import make_snapshot_for
from tests.services.history.days import files

MORNING = datetime(2026, 11, 23, 7, 40, tzinfo=UTC)


def zone_times(data_dir, source, network):
    days = layout.days(data_dir, source)
    networks = KnownNetworks(RENNES, data_dir, [network])
    return list(zone_times_by_day(History(data_dir, source, networks), days))


def test_a_snapshot_is_one_small_file_in_the_partition_of_its_source_and_date(tmp_path, network):
    snapshot = make_snapshot_for(network, observed_at=MORNING, source="live")
    path = writer.append_snapshot(tmp_path, snapshot)
    assert (
        path.relative_to(tmp_path).as_posix()
        == "history/source=live/date=2026-11-23/074000.parquet"
    )
    frame = pq.read_table(path, partitioning=None).to_pandas()
    assert len(frame) == len(network)
    assert frame["status"].tolist() == snapshot.status_codes().tolist()
    assert frame["observed_at"].dt.to_pydatetime()[0] == MORNING
    assert set(frame["network_version"]) == {network.version}


def test_unknown_speeds_are_null_in_the_history(tmp_path, network):
    codes = np.full(len(network), Status.UNKNOWN, dtype=np.uint8)
    codes[0] = Status.FREE_FLOW
    path = writer.append_snapshot(tmp_path, make_snapshot_for(network, statuses=codes))
    speeds = pq.read_table(path, partitioning=None).column("speed_kmh")
    assert speeds.null_count == len(network) - 1


def test_fractions_of_the_feed_are_kept_as_whole_numbers(tmp_path, network):
    snapshot = make_snapshot_for(network, Status.FREE_FLOW)
    snapshot.columns["speed_kmh"] += np.float32(0.4)
    frame = pq.read_table(writer.append_snapshot(tmp_path, snapshot), partitioning=None).to_pandas()
    assert frame["speed_kmh"].tolist() == np.round(snapshot.columns["speed_kmh"]).tolist()


def test_the_same_snapshot_twice_is_kept_once(tmp_path, network):
    snapshot = make_snapshot_for(network, observed_at=MORNING, source="live")
    writer.append_snapshot(tmp_path, snapshot)
    writer.append_snapshot(tmp_path, snapshot)
    assert len(files(tmp_path, "live")) == 1


def test_live_and_simulated_histories_never_mix(tmp_path, network):
    writer.append_snapshot(tmp_path, make_snapshot_for(network, observed_at=MORNING, source="live"))
    writer.append_snapshot(tmp_path, make_snapshot_for(network, observed_at=MORNING, source="demo"))
    assert len(files(tmp_path, "live")) == len(files(tmp_path, "demo")) == 1


def test_a_corrupt_file_is_set_aside_and_named_and_the_others_read(tmp_path, network, caplog):
    for minutes in (0, 3):
        at = MORNING + timedelta(minutes=minutes)
        writer.append_snapshot(tmp_path, make_snapshot_for(network, observed_at=at, source="live"))
    bad = files(tmp_path, "live")[0]
    bad.write_bytes(bad.read_bytes()[:100])
    [(_, epoch_s, _)] = zone_times(tmp_path, "live", network)
    assert epoch_s.tolist() == [int(MORNING.timestamp()) + 180]
    assert "074000.parquet is unreadable" in caplog.text
    assert bad.with_suffix(".parquet.unreadable").exists()


def test_zone_ratios_from_history_are_those_of_the_live_figures(tmp_path, network):
    snapshot = make_snapshot_for(network, observed_at=MORNING, source="live")
    writer.append_snapshot(tmp_path, snapshot)
    [(_, _, times)] = zone_times(tmp_path, "live", network)
    read = times.speed_ratios()[0, : len(RENNES.zones)].tolist()
    live = compute_indicators(network, snapshot).zone_ratios
    # The same to the last digit: it is one definition.
    assert [None if np.isnan(ratio) else ratio for ratio in read] == list(live.values())


def test_a_whole_day_reads_like_its_snapshots(tmp_path, network):
    snapshots = [
        make_snapshot_for(network, observed_at=MORNING + timedelta(minutes=m), source="demo")
        for m in (0, 15)
    ]
    frame = pd.concat(
        pd.DataFrame(s.columns).assign(observed_at=s.observed_at, segment=np.arange(len(network)))
        for s in snapshots
    )
    writer.write_day(tmp_path, "demo", MORNING.date(), rows.Observations(network.version, frame))
    [(day, epoch_s, times)] = zone_times(tmp_path, "demo", network)
    assert day == MORNING.date()
    assert epoch_s.tolist() == [int(s.observed_at.timestamp()) for s in snapshots]
    expected = np.nansum(travel_time_s(network, snapshots[0]))
    assert times.actual_s[0, -1] == pytest.approx(expected, rel=1e-6)
