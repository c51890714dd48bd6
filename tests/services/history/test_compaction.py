from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.base.errors import StorageError
from services.city.rennes import RENNES
from services.history import compaction, day_files, layout, upkeep
from services.observe.demo import DemoFeed
from services.observe.simulated_history import write_simulated_history
from tests.factories import make_network
from tests.services.history.days import (
    append,
    file_names,
    files,
    moments,
    observations,
    typical_week,
)
from tests.waiting import wait_until

YESTERDAY = date(2026, 11, 22)
START = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
TODAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KEEP_ALL = 10_000


def snapshot_paths(data_dir):
    return sorted((data_dir / "history" / "source=live").glob("date=*/*.parquet"))


def test_a_day_that_is_over_becomes_one_file_sorted_by_segment_then_time(tmp_path, network):
    append(tmp_path, network, moments(START, 40))
    before = observations(tmp_path, "live", YESTERDAY)
    upkeep.keep_up(RENNES, tmp_path, TODAY, KEEP_ALL)
    assert file_names(tmp_path, "live", YESTERDAY) == ["day.parquet"]
    pd.testing.assert_frame_equal(observations(tmp_path, "live", YESTERDAY), before)
    stored = pq.read_table(layout.day_file(tmp_path, "live", YESTERDAY), partitioning=None)
    keys = list(zip(stored["segment"].to_pylist(), stored["observed_at"].to_pylist(), strict=True))
    assert keys == sorted(keys)
    assert "travel_time_s" not in stored.column_names


def test_compacting_again_writes_nothing(tmp_path, network):
    append(tmp_path, network, moments(START, 5))
    upkeep.keep_up(RENNES, tmp_path, TODAY, KEEP_ALL)
    stamps = {p: p.stat().st_mtime_ns for p in (tmp_path / "history").rglob("*.parquet")}
    upkeep.keep_up(RENNES, tmp_path, TODAY, KEEP_ALL)
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "history").rglob("*.parquet")} == stamps


def test_the_running_day_is_left_alone_until_it_has_many_files(tmp_path, network):
    morning = TODAY.replace(hour=0)
    append(tmp_path, network, moments(morning, upkeep.FOLD_TODAY_FROM_FILES - 1))
    upkeep.keep_up(RENNES, tmp_path, TODAY, KEEP_ALL)
    assert len(file_names(tmp_path, "live", TODAY.date())) == upkeep.FOLD_TODAY_FROM_FILES - 1
    append(tmp_path, network, moments(morning + timedelta(hours=5), 1))
    before = observations(tmp_path, "live", TODAY.date())
    upkeep.keep_up(RENNES, tmp_path, TODAY, KEEP_ALL)
    append(tmp_path, network, moments(morning + timedelta(hours=6), 1))
    assert file_names(tmp_path, "live", TODAY.date()) == ["060000.parquet", "day.parquet"]
    after = observations(tmp_path, "live", TODAY.date())
    pd.testing.assert_frame_equal(after[: len(before)], before)
    assert len(after) == len(before) + len(network)


def test_a_compacted_demo_day_takes_two_bytes_an_observation_at_most(tmp_path):
    times = moments(datetime(2026, 11, 22, tzinfo=UTC), 480)
    list(write_simulated_history(DemoFeed(segments=600), tmp_path, times))
    before = observations(tmp_path, "demo", YESTERDAY)
    upkeep.keep_up(RENNES, tmp_path, TODAY, KEEP_ALL)
    path = layout.day_file(tmp_path, "demo", YESTERDAY)
    assert path.stat().st_size / (480 * 600) <= 2.0
    pd.testing.assert_frame_equal(observations(tmp_path, "demo", YESTERDAY), before)


def test_snapshots_whose_removal_was_interrupted_do_not_count_twice(tmp_path, network):
    append(tmp_path, network, moments(START, 6))
    contents = {path: path.read_bytes() for path in snapshot_paths(tmp_path)}
    before = observations(tmp_path, "live", YESTERDAY)
    upkeep.keep_up(RENNES, tmp_path, TODAY, KEEP_ALL)
    for path, content in list(contents.items())[3:]:
        path.write_bytes(content)
    pd.testing.assert_frame_equal(observations(tmp_path, "live", YESTERDAY), before)
    assert [path.name for path in files(tmp_path, "live")] == ["day.parquet"]
    assert observations(tmp_path, "live", YESTERDAY)["observed_at"].nunique() == 6
    upkeep.keep_up(RENNES, tmp_path, TODAY, KEEP_ALL)
    assert file_names(tmp_path, "live", YESTERDAY) == ["day.parquet"]
    pd.testing.assert_frame_equal(observations(tmp_path, "live", YESTERDAY), before)


def test_a_snapshot_that_comes_during_compaction_is_kept(tmp_path, network, monkeypatch):
    append(tmp_path, network, moments(START, 3))
    write = compaction.write_atomically

    def write_while_a_late_snapshot_arrives(path, content):
        append(tmp_path, network, moments(START + timedelta(hours=1), 1))
        write(path, content)

    monkeypatch.setattr(compaction, "write_atomically", write_while_a_late_snapshot_arrives)
    upkeep.keep_up(RENNES, tmp_path, TODAY, KEEP_ALL)
    assert file_names(tmp_path, "live", YESTERDAY) == ["070000.parquet", "day.parquet"]
    monkeypatch.undo()
    upkeep.keep_up(RENNES, tmp_path, TODAY, KEEP_ALL)
    assert file_names(tmp_path, "live", YESTERDAY) == ["day.parquet"]
    assert observations(tmp_path, "live", YESTERDAY)["observed_at"].nunique() == 4


def test_a_full_disk_leaves_the_snapshots_and_is_journalled(tmp_path, network, monkeypatch, caplog):
    append(tmp_path, network, moments(START, 3))
    before = observations(tmp_path, "live", YESTERDAY)

    def full(path, content):
        raise StorageError(f"cannot write {path.name}: No space left on device")

    monkeypatch.setattr(compaction, "write_atomically", full)
    upkeep.keep_up(RENNES, tmp_path, TODAY, KEEP_ALL)
    assert "No space left on device" in caplog.text
    assert len(file_names(tmp_path, "live", YESTERDAY)) == 3
    pd.testing.assert_frame_equal(observations(tmp_path, "live", YESTERDAY), before)


def spoil_footer(path):
    path.write_bytes(path.read_bytes()[:-20])


def spoil_pages(path):
    content = bytearray(path.read_bytes())
    content[4:400] = bytes(396)
    path.write_bytes(bytes(content))


def make_foreign(path):
    pq.write_table(pa.table({"something": [1, 2]}), path)


def make_text(path):
    path.write_text("not Parquet at all")


@pytest.mark.parametrize("spoil", [spoil_footer, spoil_pages, make_foreign, make_text])
def test_a_bad_file_is_set_aside_and_named_and_the_others_are_compacted(
    tmp_path, network, caplog, spoil
):
    append(tmp_path, network, moments(START, 4))
    bad = snapshot_paths(tmp_path)[1]
    spoil(bad)
    upkeep.keep_up(RENNES, tmp_path, TODAY, KEEP_ALL)
    assert file_names(tmp_path, "live", YESTERDAY) == ["060300.parquet.unreadable", "day.parquet"]
    assert "060300.parquet is unreadable and set aside" in caplog.text
    assert observations(tmp_path, "live", YESTERDAY)["observed_at"].nunique() == 3


@pytest.mark.parametrize("spoil", [spoil_footer, spoil_pages])
def test_a_damaged_day_costs_that_day_only(tmp_path, network, caplog, spoil):
    append(tmp_path, network, moments(START - timedelta(days=1), 4))
    append(tmp_path, network, moments(START, 4))
    upkeep.keep_up(RENNES, tmp_path, TODAY, KEEP_ALL)
    spoil(layout.day_file(tmp_path, "live", YESTERDAY))
    assert len(observations(tmp_path, "live", YESTERDAY)) == 0
    assert "day.parquet is unreadable and set aside" in caplog.text
    upkeep.keep_up(RENNES, tmp_path, TODAY, KEEP_ALL)
    week = typical_week(tmp_path, "live", network)
    assert week.days == 1
    assert week.values["known"].sum() > 0


def test_a_file_of_another_name_is_no_snapshot(tmp_path, network, caplog):
    append(tmp_path, network, moments(START, 2))
    [first, _] = snapshot_paths(tmp_path)
    first.with_name("copy of 060000.parquet").write_bytes(first.read_bytes())
    assert observations(tmp_path, "live", YESTERDAY)["observed_at"].nunique() == 2
    assert "its name is no time of day" in caplog.text


def test_a_fault_of_the_machine_sets_nothing_aside(tmp_path, network, monkeypatch):
    append(tmp_path, network, moments(START, 2))

    def too_many(*_arguments):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(pq, "read_metadata", too_many)
    with pytest.raises(StorageError, match="Too many open files"):
        day_files.read_day(tmp_path, "live", YESTERDAY)
    assert file_names(tmp_path, "live", YESTERDAY) == ["060000.parquet", "060300.parquet"]


def test_a_reader_overtaken_by_compaction_reads_the_day_again(tmp_path, network, monkeypatch):
    append(tmp_path, network, moments(START, 3))
    before = observations(tmp_path, "live", YESTERDAY)
    read, calls = day_files.read_file, []

    def compacted_meanwhile(path, columns):
        calls.append(path)
        if len(calls) == 2:
            monkeypatch.setattr(day_files, "read_file", read)
            upkeep.keep_up(RENNES, tmp_path, TODAY, KEEP_ALL)
        return read(path, columns)

    monkeypatch.setattr(day_files, "read_file", compacted_meanwhile)
    pd.testing.assert_frame_equal(observations(tmp_path, "live", YESTERDAY), before)
    assert len(calls) == 2


def test_what_a_day_held_already_wins_over_what_comes_later(tmp_path, network):
    append(tmp_path, network, moments(START, 2), seed=1)
    upkeep.keep_up(RENNES, tmp_path, TODAY, KEEP_ALL)
    before = observations(tmp_path, "live", YESTERDAY)
    append(tmp_path, network, moments(START, 1), seed=2)
    upkeep.keep_up(RENNES, tmp_path, TODAY, KEEP_ALL)
    pd.testing.assert_frame_equal(observations(tmp_path, "live", YESTERDAY), before)


def test_the_same_segment_of_two_networks_counts_once_a_time(tmp_path, network):
    append(tmp_path, network, moments(START, 1))
    upkeep.keep_up(RENNES, tmp_path, TODAY, KEEP_ALL)
    append(tmp_path, make_network(version="redrawn"), moments(START, 1))
    upkeep.keep_up(RENNES, tmp_path, TODAY, KEEP_ALL)
    found = observations(tmp_path, "live", YESTERDAY)
    assert set(found["network_version"]) == {network.version}
    assert len(found) == len(network)


# Slowed down, so that there is something left to do when the first kill comes.
UPKEEP_SCRIPT = """
import sys, time
from datetime import datetime, UTC
from pathlib import Path
from services.city.rennes import RENNES
from services.history import compaction, upkeep
fold_day = compaction.fold_day
compaction.fold_day = lambda *given: (time.sleep(0.05), fold_day(*given))[1]
upkeep.keep_up(RENNES, Path(sys.argv[1]), datetime(2026, 11, 23, 9, tzinfo=UTC), 10_000)
"""


def test_killed_at_any_moment_nothing_is_lost_or_counted_twice(tmp_path, network):
    days = [YESTERDAY - timedelta(days=count) for count in range(18)]
    for day in days:
        start = datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
        append(tmp_path, network, moments(start, 8))
    expected = {day: observations(tmp_path, "live", day) for day in days}

    def compacted():
        return len(list((tmp_path / "history" / "source=live").glob("date=*/day.parquet")))

    kills = 0
    while compacted() < len(days):
        target = min(compacted() + 6, len(days))
        process = subprocess.Popen([sys.executable, "-c", UPKEEP_SCRIPT, str(tmp_path)])
        try:
            wait_until(lambda: compacted() >= target)  # noqa: B023
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        kills += 1
        for day in days:
            pd.testing.assert_frame_equal(observations(tmp_path, "live", day), expected[day])
    assert kills >= 2
    upkeep.keep_up(RENNES, tmp_path, TODAY, KEEP_ALL)
    assert [file_names(tmp_path, "live", day) for day in days] == [["day.parquet"]] * len(days)
    assert typical_week(tmp_path, "live", network).days == len(days)
    for day in days:
        pd.testing.assert_frame_equal(observations(tmp_path, "live", day), expected[day])
