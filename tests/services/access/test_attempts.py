"""Wrong passwords: who has to wait, for how long, in every process, and what is kept of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.access.attempts import (
    ATTEMPTS_IN_ALL,
    FREE_ATTEMPTS,
    LONGEST_WAIT,
    Attempts,
    seconds_to_wait,
)
from services.operations import open_operations, prune_log_in_failures
from services.settings import load_settings

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
ADDRESS, OTHER = "203.0.113.9", "203.0.113.10"


class Time:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def operations(tmp_path):
    return open_operations(load_settings(data_dir=tmp_path))


@pytest.fixture
def attempts(operations, time):
    return Attempts(operations, "a secret", time)


def fail(attempts, times, address=ADDRESS):
    for _ in range(times):
        attempts.failed(address)


def test_a_forgetful_operator_has_some_tries_then_waits_twice_as_long_each_time(attempts, time):
    fail(attempts, FREE_ATTEMPTS - 1)
    assert attempts.wait_seconds(ADDRESS) == 0
    waits = []
    for _ in range(7):
        fail(attempts, 1)
        waits.append(attempts.wait_seconds(ADDRESS))
        time.pass_by(1)
    assert waits == [30, 60, 120, 240, 480, 900, 900]
    time.pass_by(LONGEST_WAIT.total_seconds())
    assert attempts.wait_seconds(ADDRESS) == 0


def test_others_do_not_wait_for_one_but_everybody_for_very_many(attempts, time):
    fail(attempts, FREE_ATTEMPTS)
    assert attempts.wait_seconds(OTHER) == 0
    for number in range(ATTEMPTS_IN_ALL):
        fail(attempts, 1, f"198.51.100.{number}")
    assert 0 < attempts.wait_seconds(OTHER) <= 60
    time.pass_by(61)
    assert attempts.wait_seconds(OTHER) == 0


def test_another_process_and_one_that_starts_later_know_of_it(attempts, tmp_path, time):
    fail(attempts, FREE_ATTEMPTS)
    later = Attempts(open_operations(load_settings(data_dir=tmp_path)), "a secret", time)
    assert later.wait_seconds(ADDRESS) == 30


def test_who_gets_in_starts_afresh(attempts):
    fail(attempts, FREE_ATTEMPTS - 1)
    attempts.succeeded(ADDRESS)
    fail(attempts, FREE_ATTEMPTS - 1)
    assert attempts.wait_seconds(ADDRESS) == 0


def test_an_ipv6_network_is_one_visitor(attempts):
    for number in range(FREE_ATTEMPTS):
        fail(attempts, 1, f"2001:db8:1:2::{number:x}")
    assert attempts.wait_seconds("2001:db8:1:2:ffff::1") > 0
    assert attempts.wait_seconds("2001:db8:1:3::1") == 0


def test_no_address_is_kept_and_what_is_kept_goes_in_time(attempts, operations, tmp_path, time):
    fail(attempts, FREE_ATTEMPTS)
    for file in tmp_path.iterdir():
        assert ADDRESS.encode() not in file.read_bytes(), file
    prune_log_in_failures(operations, NOW + timedelta(hours=1), timedelta(hours=1))
    assert attempts.wait_seconds(ADDRESS) == 30
    prune_log_in_failures(operations, NOW + timedelta(hours=1, seconds=1), timedelta(hours=1))
    assert attempts.wait_seconds(ADDRESS) == 0


def test_the_mark_of_a_visitor_is_another_one_the_next_day(attempts, time):
    before = attempts._mark(ADDRESS, NOW)
    assert before != attempts._mark(ADDRESS, NOW + timedelta(days=1))
    assert before != attempts._mark(OTHER, NOW)


def test_without_a_database_each_process_counts_for_itself(attempts, tmp_path, caplog):
    fail(attempts, 1)
    for path in tmp_path.glob("operations.sqlite3*"):
        path.unlink()
    (tmp_path / "operations.sqlite3").mkdir()
    fail(attempts, FREE_ATTEMPTS)
    assert attempts.wait_seconds(ADDRESS) > 0
    assert attempts.wait_seconds(OTHER) == 0
    assert "counted by this process only" in caplog.text


def test_a_clock_that_was_set_back_locks_nobody_out_for_ever():
    failures = [("visitor", NOW + timedelta(days=365))] * 20
    assert seconds_to_wait(failures, "visitor", NOW) == 0
