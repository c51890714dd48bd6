from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from services.base.errors import StorageError
from services.city.rennes import RENNES
from services.history import cube_files, layout, rollups, rows, upkeep, writer
from services.history.cube_files import read_cube
from services.history.networks import KnownNetworks
from services.history.ratio_histogram import quantile_pct
from services.history.rollups import KINDS, SEGMENTS, ZONES
from services.history.typical import typical, typical_zones
from services.plain.statuses import DATEX_NAMES
from services.traffic.indicators import compute_indicators
from services.traffic.status import Status
from tests.factories import make_network, make_snapshot_for
from tests.services.history.days import append, keep_network, moments, observations, typical_week

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAYS = [date(2026, 11, day) for day in (19, 20, 21)]
KEEP_ALL = 10_000


@pytest.fixture
def three_days(tmp_path, network):
    for day in DAYS:
        start = datetime(day.year, day.month, day.day, 5, 30, tzinfo=UTC)
        append(tmp_path, network, moments(start, 6, step_minutes=20))
    upkeep.keep_up(RENNES, tmp_path, NOW, KEEP_ALL)
    return tmp_path


def cubes(data_dir):
    return {kind: read_cube(rollups.path_of(data_dir, "live", kind), kind.form) for kind in KINDS}


def rollups_of(data_dir):
    return rollups.Rollups(data_dir, "live", KnownNetworks(RENNES, data_dir, source="live"))


def assert_equal_cubes(left, right):
    for kind in KINDS:
        assert left[kind].days == right[kind].days
        assert left[kind].keys == right[kind].keys
        for name, sums in left[kind].sums.items():
            np.testing.assert_array_equal(sums, right[kind].sums[name], err_msg=name)


def expected_hours(data_dir, network, days):
    """What the roll-ups should say, counted row by row."""
    frame = pd.concat([observations(data_dir, "live", day) for day in days])
    local = frame["observed_at"].dt.tz_convert(RENNES.time_zone)
    frame["hour"] = local.dt.day_of_week * 24 + local.dt.hour
    frame["limit"] = network.speed_limit_kmh[frame["segment"]]
    closed = frame["status"] == Status.IMPOSSIBLE
    frame["ratio"] = (frame["speed_kmh"].astype(float) / frame["limit"]).mask(closed)
    return frame


def test_a_usual_week_is_what_counting_row_by_row_gives(three_days, network):
    frame = expected_hours(three_days, network, DAYS)
    week = typical_week(three_days, "live", network)
    assert week.days == 3
    for hour in range(168):
        usual = week.at(hour)
        of_hour = frame[frame["hour"] == hour]
        by_segment = of_hour.groupby("segment")
        counts = by_segment["ratio"].count().reindex(range(len(network)), fill_value=0)
        assert usual["known"].tolist() == counts.tolist()
        for code, name in enumerate(DATEX_NAMES):
            seen = of_hour[of_hour["status"] == code].groupby("segment").size()
            assert usual[name].tolist() == seen.reindex(range(len(network)), fill_value=0).tolist()
        mean = by_segment["ratio"].mean().reindex(range(len(network)))
        np.testing.assert_allclose(usual["mean_ratio"], mean, atol=1e-3)
        slow = (1 / of_hour["ratio"].clip(upper=1)).groupby(of_hour["segment"]).mean()
        np.testing.assert_allclose(
            usual["travel_time_index"], slow.reindex(range(len(network))), atol=1e-3
        )


def test_quantiles_are_right_to_the_width_of_a_bin():
    generator = np.random.default_rng(3)
    for size in (1, 2, 7, 500):
        ratios = generator.beta(4, 2, size)
        counts = np.bincount((ratios * 20).astype(int), minlength=28)
        for quantile in (0.1, 0.5, 0.9):
            exact = np.quantile(ratios, quantile, method="inverted_cdf")
            assert abs(quantile_pct(counts, quantile, 5) / 100 - exact) <= 0.05
    assert np.isnan(quantile_pct(np.zeros(28, int), 0.5, 5))


def test_usual_quantiles_are_those_of_what_was_seen(tmp_path, network):
    limit = network.speed_limit_kmh
    keep_network(tmp_path, network)
    monday = datetime(2026, 11, 16, 7, 0, tzinfo=UTC)
    for count, moment in enumerate(moments(monday, 20)):
        snapshot = make_snapshot_for(network, Status.HEAVY, observed_at=moment)
        snapshot.columns["speed_kmh"] = np.round(limit * (count + 1) / 20)
        writer.append_snapshot(tmp_path, snapshot)
    upkeep.keep_up(RENNES, tmp_path, NOW, KEEP_ALL)
    usual = typical(tmp_path, "live", network, 8)
    for name, expected in (
        ("p2", 0.02),
        ("p10", 0.10),
        ("p50", 0.50),
        ("p90", 0.90),
        ("p98", 0.98),
    ):
        assert usual[name].between(expected - 0.051, expected + 0.051).all()
    assert typical(tmp_path, "live", network, 9)["p50"].isna().all()


@pytest.mark.parametrize(
    ("start", "hours_seen"),
    [
        # 2 h comes twice on 2026-10-25 and never on 2026-03-29, both Sundays (6 × 24 + 2).
        (datetime(2026, 10, 24, 23, 30, tzinfo=UTC), {145: 1, 146: 2, 147: 1}),
        (datetime(2026, 3, 28, 23, 30, tzinfo=UTC), {144: 1, 145: 1, 147: 1, 148: 1}),
    ],
)
def test_both_clock_changes_count_in_the_hour_people_read(tmp_path, network, start, hours_seen):
    keep_network(tmp_path, network)
    for moment in moments(start, 4, step_minutes=60):
        writer.append_snapshot(
            tmp_path, make_snapshot_for(network, Status.HEAVY, observed_at=moment)
        )
    upkeep.keep_up(RENNES, tmp_path, NOW, KEEP_ALL)
    known = typical_week(tmp_path, "live", network).values["known"][:, 0]
    seen = {hour: int(count) for hour, count in enumerate(known) if count}
    assert seen == hours_seen


def test_adding_day_by_day_equals_rebuilding(three_days, network):
    day_by_day = cubes(three_days)
    for kind in KINDS:
        rollups.path_of(three_days, "live", kind).unlink()
    told = []
    rollups_of(three_days).rebuild(lambda *said: told.append(said))
    assert_equal_cubes(cubes(three_days), day_by_day)
    assert told == [(day, count, 3) for count, day in enumerate(DAYS, start=1)]


def test_a_day_forgotten_is_as_if_it_had_never_been(three_days, network, tmp_path_factory):
    rollups_of(three_days).forget(DAYS[1:2])
    other = tmp_path_factory.mktemp("without")
    for day in (DAYS[0], DAYS[2]):
        start = datetime(day.year, day.month, day.day, 5, 30, tzinfo=UTC)
        append(other, network, moments(start, 6, step_minutes=20))
    upkeep.keep_up(RENNES, other, NOW, KEEP_ALL)
    assert_equal_cubes(cubes(three_days), cubes(other))


def test_a_late_snapshot_is_counted_once_its_day_is_compacted_again(three_days, network):
    before = typical_week(three_days, "live", network).values["known"].sum()
    late = datetime(2026, 11, 20, 23, 57, tzinfo=UTC)
    keep = make_snapshot_for(network, Status.HEAVY, observed_at=late)
    writer.append_snapshot(three_days, keep)
    upkeep.keep_up(RENNES, three_days, NOW, KEEP_ALL)
    after = typical_week(three_days, "live", network).values["known"].sum()
    assert after == before + len(network)
    fresh = cubes(three_days)
    rollups_of(three_days).rebuild(lambda *_said: None)
    for kind in KINDS:
        for name, sums in fresh[kind].sums.items():
            np.testing.assert_array_equal(sums, cubes(three_days)[kind].sums[name], err_msg=name)


def test_a_day_replaced_behind_their_back_is_counted_as_it_is_now(three_days, network, caplog):
    columns = {
        **make_snapshot_for(network, Status.HEAVY).columns,
        "observed_at": np.full(len(network), np.datetime64("2026-11-20T12:00:00")),
        "segment": np.arange(len(network)),
    }
    given = rows.Observations(network.version, columns)
    writer.write_day(three_days, "live", DAYS[1], given)
    upkeep.keep_up(RENNES, three_days, NOW, KEEP_ALL)
    assert "made again from the raw days" in caplog.text
    frame = expected_hours(three_days, network, DAYS)
    known = typical_week(three_days, "live", network).values["known"].sum()
    assert known == frame["ratio"].notna().sum()


def test_a_damaged_roll_up_is_set_aside_and_made_again(three_days, network, caplog):
    sound = cubes(three_days)
    path = rollups.path_of(three_days, "live", SEGMENTS)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(StorageError, match=r"segments\.parquet: not a roll-up"):
        typical_week(three_days, "live", network)
    upkeep.keep_up(RENNES, three_days, NOW, KEEP_ALL)
    assert "segments.parquet is unreadable and set aside" in caplog.text
    assert_equal_cubes(cubes(three_days), sound)


def test_a_roll_up_of_an_earlier_form_is_made_again(three_days, network, monkeypatch):
    sound = cubes(three_days)
    with monkeypatch.context() as patched:
        patched.setattr(cube_files, "FORMAT", 1)
        rollups_of(three_days).rebuild(lambda *_: None)
    upkeep.keep_up(RENNES, three_days, NOW, KEEP_ALL)
    assert_equal_cubes(cubes(three_days), sound)
    assert typical_week(three_days, "live", network).days == 3


def test_rows_of_a_lost_network_count_again_once_it_is_back(three_days, network, caplog):
    sound = cubes(three_days)
    path = three_days / "networks" / f"{network.version}.geojson"
    document = path.read_bytes()
    path.unlink()
    upkeep.keep_up(RENNES, three_days, NOW, KEEP_ALL)
    assert cubes(three_days)[SEGMENTS].sums["known"].sum() == 0
    assert f"network {network.version}" in caplog.text
    path.write_bytes(document)
    upkeep.keep_up(RENNES, three_days, NOW, KEEP_ALL)
    assert_equal_cubes(cubes(three_days), sound)


def test_snapshots_that_no_upkeep_has_seen_are_part_of_the_usual(three_days, network):
    frame = expected_hours(three_days, network, DAYS)
    # Saturday 2026-11-28, the weekday of none of the days, then Thursday, that of one.
    for start in (datetime(2026, 11, 26, 5, 30, tzinfo=UTC), datetime(2026, 11, 28, 8, tzinfo=UTC)):
        append(three_days, network, moments(start, 3, step_minutes=20))
    new = expected_hours(three_days, network, [date(2026, 11, 26), date(2026, 11, 28)])
    week = typical_week(three_days, "live", network)
    frame = pd.concat([frame, new])
    for hour in sorted(frame["hour"].unique()):
        of_hour = frame[frame["hour"] == hour].groupby("segment")["ratio"]
        counts = of_hour.count().reindex(range(len(network)), fill_value=0)
        assert week.at(hour)["known"].tolist() == counts.tolist()
        mean = of_hour.mean().reindex(range(len(network)))
        np.testing.assert_allclose(week.at(hour)["mean_ratio"], mean, atol=1e-3)
    before = week
    upkeep.keep_up(RENNES, three_days, datetime(2026, 11, 29, 9, tzinfo=UTC), KEEP_ALL)
    after = typical_week(three_days, "live", network)
    for name, values in before.values.items():
        np.testing.assert_array_equal(values, after.values[name], err_msg=name)


def test_the_first_hours_of_an_installation_have_a_usual_already(tmp_path, network):
    empty = typical_week(tmp_path, "live", network)
    assert empty.days == 0
    assert empty.values["known"].sum() == 0
    assert np.isnan(empty.values["p50"]).all()
    append(tmp_path, network, moments(NOW, 2))
    usual = typical(tmp_path, "live", network, 10)
    assert usual["known"].max() == 2
    assert typical_zones(tmp_path, "live", network).loc[(10, "metropole"), "times"] == 2


def test_the_usual_of_zones_is_made_of_the_ratios_on_the_page(tmp_path, network):
    keep_network(tmp_path, network)
    ratios = []
    for moment, status in zip(
        moments(datetime(2026, 11, 20, 7, 0, tzinfo=UTC), 3),
        (Status.FREE_FLOW, Status.HEAVY, Status.CONGESTED),
        strict=True,
    ):
        snapshot = make_snapshot_for(network, status, observed_at=moment)
        writer.append_snapshot(tmp_path, snapshot)
        ratios.append(compute_indicators(network, snapshot).zone_ratios)
    upkeep.keep_up(RENNES, tmp_path, NOW, KEEP_ALL)
    usual = typical_zones(tmp_path, "live", network)
    friday_at_8 = 4 * 24 + 8
    for zone in RENNES.zone_choices[:-1]:
        told = [ratio[zone] for ratio in ratios]
        row = usual.loc[(friday_at_8, zone)]
        assert row["times"] == 3
        assert row["mean_ratio"] == pytest.approx(np.mean(told), abs=1e-3)
        assert row["p50"] == pytest.approx(np.median(told), abs=0.011)
    assert usual["times"].sum() == 3 * len(RENNES.zone_choices)


def test_a_handful_of_segments_says_nothing_of_a_zone(tmp_path, network):
    keep_network(tmp_path, network)
    codes = np.full(len(network), Status.UNKNOWN, dtype=np.uint8)
    codes[0] = Status.CONGESTED
    moment = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
    writer.append_snapshot(tmp_path, make_snapshot_for(network, codes, observed_at=moment))
    zone = RENNES.zone_choices[network.zone_codes[0]]
    times = typical_zones(tmp_path, "live", network)["times"]
    assert times.loc[(104, zone)] == 1
    assert times.loc[(104, "metropole")] == 0


def test_old_observations_read_on_a_network_that_changed(tmp_path, network):
    append(tmp_path, network, moments(datetime(2026, 11, 19, 6, 0, tzinfo=UTC), 3))
    upkeep.keep_up(RENNES, tmp_path, NOW, KEEP_ALL)
    before = typical_week(tmp_path, "live", network)
    # Two segments fewer, two more, and one with another limit.
    wider = make_network(62)
    chosen = np.arange(62) != 5
    changed = type(wider)(
        city=RENNES,
        version="changed",
        segment_ids=tuple(np.array(wider.segment_ids)[chosen].tolist()),
        geometry=tuple(part for part, keep in zip(wider.geometry, chosen, strict=True) if keep),
        names=wider.names[chosen],
        road_classes=wider.road_classes[chosen],
        speed_limit_kmh=np.where(np.arange(61) == 7, 30.0, wider.speed_limit_kmh[chosen]),
    )
    keep_network(tmp_path, changed)
    after = typical_week(tmp_path, "live", changed)
    for place, segment_id in enumerate(changed.segment_ids):
        old = network.index_of_id.get(segment_id)
        for name, values in after.values.items():
            if old is None:
                assert not np.nan_to_num(values[:, place]).any()
            else:
                np.testing.assert_array_equal(values[:, place], before.values[name][:, old])
    append(tmp_path, changed, moments(datetime(2026, 11, 26, 6, 0, tzinfo=UTC), 3), seed=1)
    upkeep.keep_up(RENNES, tmp_path, datetime(2026, 11, 27, 9, tzinfo=UTC), KEEP_ALL)
    both = typical_week(tmp_path, "live", changed)
    new = observations(tmp_path, "live", date(2026, 11, 26))
    new = new[(new["segment"] == 7) & new["speed_kmh"].notna() & (new["status"] != 4)]
    old_place = network.index_of_id[changed.segment_ids[7]]
    known = before.values["known"][79, old_place]
    assert both.values["known"][79, 7] == known + len(new)
    summed = before.values["mean_ratio"][79, old_place] * known if known else 0.0
    expected = (summed + (new["speed_kmh"].astype(float) / 30).sum()) / (known + len(new))
    assert both.values["mean_ratio"][79, 7] == pytest.approx(expected, abs=2e-3)


def test_retention_keeps_the_newest_days_and_the_usual_of_those(three_days, network):
    upkeep.keep_up(RENNES, three_days, NOW, retention_days=2)
    assert layout.days(three_days, "live") == DAYS[1:]
    week = typical_week(three_days, "live", network)
    assert week.days == 2
    frame = expected_hours(three_days, network, DAYS[1:])
    assert week.values["known"].sum() == frame["ratio"].notna().sum()


def test_an_archive_of_years_ago_is_not_removed_for_its_age(three_days, network):
    append(three_days, network, moments(datetime(2021, 11, 19, 6, 0, tzinfo=UTC), 1))
    upkeep.keep_up(RENNES, three_days, NOW, retention_days=4)
    assert len(layout.days(three_days, "live")) == 4
    upkeep.keep_up(RENNES, three_days, NOW, retention_days=3)
    assert layout.days(three_days, "live") == DAYS


def test_retention_leaves_what_is_not_its_own(three_days):
    foreign = layout.partition(three_days, "live", DAYS[0]) / "notes.txt"
    foreign.write_text("mine")
    upkeep.keep_up(RENNES, three_days, NOW, retention_days=1)
    assert [p.name for p in foreign.parent.iterdir()] == ["notes.txt"]


def test_live_and_simulated_are_never_usual_together(tmp_path, network):
    append(tmp_path, network, moments(NOW - timedelta(days=1), 2), source="demo")
    upkeep.keep_up(RENNES, tmp_path, NOW, KEEP_ALL)
    assert typical_week(tmp_path, "demo", network).days == 1
    assert typical_week(tmp_path, "live", network).days == 0
    assert read_cube(rollups.path_of(tmp_path, "live", ZONES), ZONES.form) is None


def test_one_hour_reads_as_it_does_in_the_week(three_days, network):
    # News on a Thursday and a Friday, asked for by the hour.
    append(three_days, network, moments(datetime(2026, 11, 26, 22, 30, tzinfo=UTC), 3, 60))
    week = typical_week(three_days, "live", network)
    for hour in (3 * 24 + 6, 3 * 24 + 23, 4 * 24, 4 * 24 + 7):
        pd.testing.assert_frame_equal(typical(three_days, "live", network, hour), week.at(hour))
