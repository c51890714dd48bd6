"""Nowcasts on disk: what is current, what is kept, and what the pages make of damage."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.base.errors import ForecastUnavailable, StorageError
from services.city.rennes import RENNES
from services.forecast import nowcast_files
from services.forecast.nowcast_files import (
    KEPT_DAYS,
    CachedNowcasts,
    LearnerState,
    current_file,
    issued_file,
    learner_state,
    nowcast_dir,
    prune_nowcasts,
    read_nowcast,
    write_learner_state,
    write_nowcast,
)
from services.forecast.nowcasts import CURRENT_FOR
from tests.factories import OBSERVED_AT, make_network, make_nowcast_table, make_snapshot_for

NETWORK = make_network(24)
VERSION = NETWORK.version
LATER = OBSERVED_AT + timedelta(minutes=3)


def table_at(observed_at=OBSERVED_AT, network=NETWORK):
    return make_nowcast_table(network, make_snapshot_for(network, observed_at=observed_at))


class TestWriting:
    def test_what_is_shown_is_also_on_record(self, tmp_path):
        path = write_nowcast(tmp_path, table_at())
        assert path == nowcast_dir(tmp_path) / "source=live/date=2024-08-26/104300.parquet"
        assert path.read_bytes() == current_file(tmp_path).read_bytes()
        assert read_nowcast(RENNES, path).snapshot_version == table_at().snapshot_version

    def test_the_next_one_takes_the_place_of_the_current_one_and_of_no_record(self, tmp_path):
        first = write_nowcast(tmp_path, table_at())
        second = write_nowcast(tmp_path, table_at(LATER))
        assert read_nowcast(RENNES, first).observed_at == OBSERVED_AT
        assert read_nowcast(RENNES, second).observed_at == LATER
        assert read_nowcast(RENNES, current_file(tmp_path)).observed_at == LATER

    def test_a_write_that_fails_leaves_the_current_one(self, tmp_path, monkeypatch):
        write_nowcast(tmp_path, table_at())

        def fail(path, _current, _document):
            raise StorageError(f"cannot write {path}: No space left on device")

        monkeypatch.setattr(nowcast_files, "write_under_both", fail)
        with pytest.raises(StorageError, match="No space left"):
            write_nowcast(tmp_path, table_at(LATER))
        assert read_nowcast(RENNES, current_file(tmp_path)).observed_at == OBSERVED_AT
        assert not issued_file(tmp_path, "live", LATER).exists()

    def test_nothing_but_whole_files_is_left_behind(self, tmp_path):
        write_nowcast(tmp_path, table_at())
        names = {path.name for path in tmp_path.rglob("*") if path.is_file()}
        assert names == {"current.parquet", "104300.parquet"}

    def test_a_record_lies_by_the_day_in_utc(self, tmp_path):
        paris = datetime.fromisoformat("2024-08-27T00:10:00+02:00")
        assert issued_file(tmp_path, "demo", paris).parent.name == "date=2024-08-26"


class TestReading:
    def test_none_is_no_error(self, tmp_path):
        assert read_nowcast(RENNES, current_file(tmp_path)) is None

    def test_damage_is_told_with_the_file(self, tmp_path):
        path = write_nowcast(tmp_path, table_at())
        path.write_bytes(path.read_bytes()[:100])
        with pytest.raises(ForecastUnavailable, match="104300"):
            read_nowcast(RENNES, path)

    def test_a_directory_in_its_place_is_an_error_of_the_forecast(self, tmp_path):
        current_file(tmp_path).mkdir(parents=True)
        with pytest.raises(ForecastUnavailable):
            read_nowcast(RENNES, current_file(tmp_path))


class TestPruning:
    def test_days_that_can_no_longer_be_scored_go(self, tmp_path):
        today = date(2024, 8, 26)
        for ago in (0, KEPT_DAYS - 1, KEPT_DAYS, KEPT_DAYS + 20):
            write_nowcast(tmp_path, table_at(OBSERVED_AT - timedelta(days=ago)))
        removed = prune_nowcasts(tmp_path, today)
        assert removed == [
            today - timedelta(days=KEPT_DAYS + 20),
            today - timedelta(days=KEPT_DAYS),
        ]
        kept = sorted(path.name for path in nowcast_dir(tmp_path).glob("source=*/date=*"))
        assert kept == ["date=2024-08-18", "date=2024-08-26"]
        assert prune_nowcasts(tmp_path, today) == []
        assert current_file(tmp_path).exists()

    def test_what_is_no_day_is_left_alone(self, tmp_path):
        odd = nowcast_dir(tmp_path) / "source=live" / "date=notes"
        odd.mkdir(parents=True)
        assert prune_nowcasts(tmp_path, date(2024, 8, 26)) == []
        assert odd.is_dir()


class TestLearnerState:
    def test_it_is_read_back(self, tmp_path):
        assert learner_state(tmp_path) is None
        state = LearnerState(has_model=False, reason="no model")
        write_learner_state(tmp_path, state)
        assert learner_state(tmp_path) == state

    @pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b'{"mood": "good"}', b"3"])
    def test_nonsense_says_nothing(self, tmp_path, content):
        path = nowcast_dir(tmp_path) / "state.json"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        assert learner_state(tmp_path) is None


class TestCachedNowcasts:
    def test_the_current_one_is_read_once_and_again_when_it_changed(self, tmp_path):
        cached = CachedNowcasts(RENNES, tmp_path)
        assert cached.current(VERSION, OBSERVED_AT) is None
        write_nowcast(tmp_path, table_at())
        first = cached.current(VERSION, OBSERVED_AT)
        assert first.observed_at == OBSERVED_AT
        assert cached.current(VERSION, OBSERVED_AT) is first
        write_nowcast(tmp_path, table_at(LATER))
        assert cached.current(VERSION, LATER).observed_at == LATER

    def test_it_is_given_for_its_network_and_as_long_as_it_is_of_now(self, tmp_path):
        write_nowcast(tmp_path, table_at())
        cached = CachedNowcasts(RENNES, tmp_path)
        end = OBSERVED_AT + CURRENT_FOR
        assert cached.current(VERSION, end) is not None
        assert cached.current("another", end) is None
        assert cached.current(VERSION, end + timedelta(seconds=1)) is None

    def test_damage_is_journalled_once_and_the_last_good_one_stays(self, tmp_path, caplog):
        write_nowcast(tmp_path, table_at())
        cached = CachedNowcasts(RENNES, tmp_path)
        good = cached.current(VERSION, OBSERVED_AT)
        current_file(tmp_path).write_bytes(b"torn")
        with caplog.at_level(logging.ERROR):
            for _ in range(3):
                assert cached.current(VERSION, OBSERVED_AT) is good
        assert caplog.text.count("cannot be read") == 1
        write_nowcast(tmp_path, table_at(LATER))
        assert cached.current(VERSION, LATER).observed_at == LATER

    def test_damage_from_the_start_is_as_if_there_was_none(self, tmp_path, caplog):
        current_file(tmp_path).parent.mkdir(parents=True)
        current_file(tmp_path).write_bytes(b"torn")
        cached = CachedNowcasts(RENNES, tmp_path)
        assert cached.current(VERSION, OBSERVED_AT) is None
        assert cached.state(VERSION, OBSERVED_AT) == "waiting"

    def test_threads_that_ask_at_once_get_the_same(self, tmp_path):
        write_nowcast(tmp_path, table_at())
        cached = CachedNowcasts(RENNES, tmp_path)
        with ThreadPoolExecutor(8) as pool:
            found = pool.map(lambda _: cached.current(VERSION, OBSERVED_AT), range(32))
        assert len({id(table) for table in found}) == 1

    def test_its_state_says_why_there_is_none(self, tmp_path):
        cached = CachedNowcasts(RENNES, tmp_path)
        assert cached.state(VERSION, OBSERVED_AT) == "waiting"
        write_learner_state(tmp_path, LearnerState(has_model=False, reason="no model"))
        assert cached.state(VERSION, OBSERVED_AT) == "none"
        write_learner_state(tmp_path, LearnerState(has_model=True))
        assert cached.state(VERSION, OBSERVED_AT) == "waiting"
        write_nowcast(tmp_path, table_at())
        assert cached.state(VERSION, OBSERVED_AT) == "ready"
        assert cached.state(VERSION, datetime(2024, 8, 26, 12, tzinfo=UTC)) == "outdated"
        # Of the network before: the one of today is on its way.
        assert cached.state("another", OBSERVED_AT) == "waiting"

    def test_without_a_learner_nobody_is_told_to_wait(self, tmp_path):
        cached = CachedNowcasts(RENNES, tmp_path, is_expected=False)
        assert cached.state(VERSION, OBSERVED_AT) == "none"
        # One that was switched off since is outdated, not being made.
        write_nowcast(tmp_path, replace(table_at(), model_version="2024-08-24-abcdef"))
        assert cached.state(VERSION, OBSERVED_AT) == "ready"
