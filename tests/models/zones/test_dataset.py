from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from models.day_split import split_days
from models.errors import HistoryTooShort
from models.zones.dataset import load_zone_history, zone_statuses
from services.city.rennes import RENNES
from services.history import writer
from services.traffic.indicators import compute_indicators, zone_status
from services.traffic.store import Store
from tests.factories import make_network, make_snapshot_for
from tests.models.histories import BLOCKED, DENSE, FREE, rhythm, write_history, zone_history

METROPOLE = RENNES.zone_choices.index(RENNES.whole_network)
# Of unknown, free flow, heavy, congested and impossible.
_SHARES = ([0.1, 0.8, 0.05, 0.0, 0.05], [0.1, 0.1, 0.75, 0.0, 0.05], [0.1, 0.0, 0.05, 0.8, 0.05])


def statuses(moment: str, *ratios: float) -> pd.DataFrame:
    """Of one time, a ratio for each of the first zones."""
    epoch_s = np.array([int(pd.Timestamp(moment, tz="UTC").timestamp())])
    return zone_statuses(RENNES, epoch_s, np.array([ratios]))


def test_ratios_become_statuses_by_the_definition_of_the_live_figures():
    frame = statuses("2026-11-24T07:05", 0.9, 0.5, np.nan, 0.3)
    assert frame["status"].tolist() == [FREE, DENSE, BLOCKED]
    assert frame["zone"].tolist() == [0, 1, 3]


@pytest.mark.parametrize(
    ("moment", "local"),
    [
        ("2026-11-24T07:05", ("2026-11-24", 1, 8)),  # winter: an hour ahead
        ("2026-07-14T06:05", ("2026-07-14", 1, 8)),  # summer: two
        ("2026-11-22T23:30", ("2026-11-23", 0, 0)),  # a Sunday still in UTC, a Monday in Rennes
        ("2026-10-25T00:30", ("2026-10-25", 6, 2)),  # 2 h, before the clocks go back
        ("2026-10-25T01:30", ("2026-10-25", 6, 2)),  # and again
        ("2026-10-25T02:30", ("2026-10-25", 6, 3)),
        ("2026-03-29T00:30", ("2026-03-29", 6, 1)),
        ("2026-03-29T01:30", ("2026-03-29", 6, 3)),  # no 2 h that day
    ],
)
def test_days_and_hours_are_those_of_rennes(moment, local):
    row = statuses(moment, 0.9).iloc[0]
    assert (row["date"].isoformat(), row["day"], row["hour"]) == local


def test_a_stored_snapshot_has_the_statuses_that_the_live_page_shows(tmp_path):
    network = make_network(60)
    met = set()
    for step in range(3):
        # From mostly free to mostly congested, with unknown and closed segments among them.
        codes = np.random.default_rng(step).choice(5, 60, p=_SHARES[step]).astype(np.uint8)
        moment = datetime(2026, 11, 24, 6 + step, 5, tzinfo=UTC)
        snapshot = make_snapshot_for(network, codes, observed_at=moment)
        writer.append_snapshot(tmp_path, snapshot)
        Store(RENNES, tmp_path).publish(network, snapshot)
        frame = load_zone_history(RENNES, tmp_path, "live").frame
        ratios = compute_indicators(network, snapshot).zone_ratios
        shown = {
            RENNES.zone_choices.index(zone): zone_status(ratios[zone]) for zone in RENNES.zones
        }
        stored = frame[(frame["observed_at"] == moment) & (frame["zone"] != METROPOLE)]
        found = {row.zone: ("free", "dense", "blocked")[row.status] for row in stored.itertuples()}
        assert found == shown
        met |= set(shown.values())
    assert met == {"free", "dense", "blocked"}
    described = load_zone_history(RENNES, tmp_path, "live").description()
    assert (described.source, described.days, described.snapshots) == ("live", 1, 3)
    assert described.first_day == described.last_day == date(2026, 11, 24)


def test_a_history_on_disk_keeps_its_rhythm_by_local_hour(tmp_path):
    write_history(tmp_path, weeks=1)
    counts = load_zone_history(RENNES, tmp_path, "demo").counts()
    assert counts.sum() == 7 * 24 * len(RENNES.zone_choices)
    for zone in range(len(RENNES.zone_choices)):
        for day in range(7):
            for hour in range(24):
                assert counts[zone, day, hour, rhythm(day, hour)] == 1


def test_a_source_without_history_is_refused_by_name(tmp_path):
    with pytest.raises(HistoryTooShort, match="no history of source 'live'"):
        load_zone_history(RENNES, tmp_path, "live")
    write_history(tmp_path, weeks=1, source="demo")
    with pytest.raises(HistoryTooShort, match="no history of source 'live'"):
        load_zone_history(RENNES, tmp_path, "live")


def test_a_damaged_network_costs_the_rows_that_refer_to_it_and_no_training(tmp_path, caplog):
    write_history(tmp_path, weeks=1, source="live")
    before = load_zone_history(RENNES, tmp_path, "live").frame
    other = make_network(20)
    moment = datetime(2026, 11, 24, 7, 5, tzinfo=UTC)
    writer.append_snapshot(tmp_path, make_snapshot_for(other, observed_at=moment))
    (tmp_path / "networks" / f"{other.version}.geojson").write_bytes(b"")
    assert len(load_zone_history(RENNES, tmp_path, "live").frame) == len(before)
    assert f"{other.version}.geojson is unreadable and set aside" in caplog.text


def test_parts_share_no_day_and_lose_none():
    days = [date(2026, 8, 31) + timedelta(days=step) for step in range(84)]
    split = split_days(days, seed=35)
    assert (len(split.train), len(split.validation), len(split.test)) == (56, 14, 14)
    assert sorted(split.train + split.validation + split.test) == days
    for part in (split.train, split.validation, split.test):
        assert {day.weekday() for day in part} == set(range(7))


def test_no_observation_of_a_held_out_day_reaches_the_training():
    observed = zone_history(weeks=6)
    split = split_days(observed.dates(), seed=1)
    train, held_out = observed.on(split.train), observed.on([*split.validation, *split.test])
    assert set(train.frame["date"]).isdisjoint(held_out.frame["date"])
    assert len(train.frame) + len(held_out.frame) == len(observed.frame)


def test_the_split_depends_on_the_seed_alone():
    days = [date(2026, 8, 31) + timedelta(days=step) for step in range(84)]
    assert split_days(days, seed=35) == split_days(days[::-1], seed=35)
    assert split_days(days, seed=35) != split_days(days, seed=36)


def test_too_few_of_a_weekday_are_refused_by_name():
    days = [date(2026, 11, 2) + timedelta(days=step) for step in range(20)]
    with pytest.raises(HistoryTooShort, match="2 sundays"):
        split_days(days, seed=35)
