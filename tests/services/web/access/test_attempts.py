"""Wrong passwords: who has to wait, for how long, in every process, and what is kept of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from services.base.settings import load_settings
from services.operations.database import open_operations
from services.operations.log_in_failures import prune_log_in_failures, record_log_in_failure
from services.web.access.attempts import (
    ATTEMPTS_IN_ALL,
    FREE_ATTEMPTS,
    GUESSING_FROM,
    LONGEST_WAIT,
    Attempts,
    Visitor,
    seconds_to_wait,
)

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
def attempts(operations, time):
    return attempts_of(operations, time)


def attempts_of(operations, time):
    return Attempts(operations, operations, "a secret", time)


def fail(attempts, times, address=ADDRESS, device=""):
    """So many wrong passwords, however long one has to wait for the next try."""
    for _ in range(times):
        now = attempts._clock()
        mark = attempts._mark(Visitor(address, device), now)
        with attempts._writing.begin() as session:
            record_log_in_failure(session, mark, now)


def wait(attempts, address=ADDRESS, device=""):
    """How long a visitor has to wait; nothing is counted."""
    return attempts._seconds_to_wait(Visitor(address, device))


def test_a_forgetful_operator_has_some_tries_then_waits_twice_as_long_each_time(attempts, time):
    fail(attempts, FREE_ATTEMPTS - 1)
    assert wait(attempts) == 0
    waits = []
    for _ in range(7):
        fail(attempts, 1)
        waits.append(wait(attempts))
        time.pass_by(1)
    assert waits == [30, 60, 120, 240, 480, 900, 900]
    time.pass_by(LONGEST_WAIT.total_seconds())
    assert wait(attempts) == 0


def test_others_do_not_wait_for_one_but_everybody_for_very_many(attempts, time):
    fail(attempts, FREE_ATTEMPTS)
    assert wait(attempts, OTHER) == 0
    for number in range(ATTEMPTS_IN_ALL):
        fail(attempts, 1, f"198.51.100.{number}")
    assert 0 < wait(attempts, OTHER) <= 60
    time.pass_by(61)
    assert wait(attempts, OTHER) == 0


def test_another_process_and_one_that_starts_later_know_of_it(attempts, tmp_path, time):
    fail(attempts, FREE_ATTEMPTS)
    later = attempts_of(open_operations(load_settings(data_dir=tmp_path)), time)
    assert wait(later) == 30


def test_who_gets_in_starts_afresh(attempts):
    fail(attempts, FREE_ATTEMPTS - 1)
    attempts.succeeded(Visitor(ADDRESS))
    fail(attempts, FREE_ATTEMPTS - 1)
    assert wait(attempts) == 0


def test_an_ipv6_network_is_one_visitor(attempts):
    for number in range(FREE_ATTEMPTS):
        fail(attempts, 1, f"2001:db8:1:2::{number:x}")
    assert wait(attempts, "2001:db8:1:2:ffff::1") > 0
    assert wait(attempts, "2001:db8:1:3::1") == 0


def test_no_address_is_kept_and_what_is_kept_goes_in_time(attempts, operations, tmp_path, time):
    fail(attempts, FREE_ATTEMPTS)
    for file in tmp_path.iterdir():
        assert ADDRESS.encode() not in file.read_bytes(), file
    prune_log_in_failures(operations, NOW + timedelta(hours=1), timedelta(hours=1))
    assert wait(attempts) == 30
    prune_log_in_failures(operations, NOW + timedelta(hours=1, seconds=1), timedelta(hours=1))
    assert wait(attempts) == 0


def test_the_mark_of_a_visitor_is_another_one_the_next_day(attempts, time):
    before = attempts._mark(Visitor(ADDRESS), NOW)
    assert before != attempts._mark(Visitor(ADDRESS), NOW + timedelta(days=1))
    assert before != attempts._mark(Visitor(OTHER), NOW)
    assert before != attempts._mark(Visitor(ADDRESS, "a device"), NOW)


def test_without_a_database_each_process_counts_for_itself(attempts, tmp_path, caplog):
    assert attempts.begin(Visitor(ADDRESS)) == 0
    for path in tmp_path.glob("operations.sqlite3*"):
        path.unlink()
    (tmp_path / "operations.sqlite3").mkdir()
    waits = [attempts.begin(Visitor(ADDRESS)) for _ in range(FREE_ATTEMPTS)]
    assert waits == [0, 0, 0, 0, 30]
    assert attempts.begin(Visitor(OTHER)) == 0
    assert "counted by this process only" in caplog.text


def test_a_clock_that_was_set_back_locks_nobody_out_for_ever():
    failures = [("visitor", NOW + timedelta(days=365))] * 20
    assert seconds_to_wait(failures, "visitor", NOW) == 0


def test_two_hundred_tries_at_once_get_no_more_than_one_after_the_other(operations, time):
    attempts = attempts_of(operations, time)
    with ThreadPoolExecutor(16) as threads:
        waits = list(threads.map(lambda _: attempts.begin(Visitor(ADDRESS)), range(200)))
    assert waits.count(0) == FREE_ATTEMPTS


def test_many_addresses_slow_each_other_and_not_the_operator(attempts):
    crowd = [f"198.51.100.{number}" for number in range(20)]
    guesses = sum(
        attempts.begin(Visitor(address)) == 0 for _ in range(FREE_ATTEMPTS) for address in crowd
    )
    # Once round: then it is an attack, and each address waits.
    assert guesses == GUESSING_FROM
    # An address of which nothing is known may try, and so may a device that is known.
    assert attempts.begin(Visitor(OTHER)) == 0
    assert attempts.begin(Visitor(crowd[0], "a device")) == 0


def test_a_known_device_gets_in_while_all_others_wait(attempts):
    for number in range(ATTEMPTS_IN_ALL):
        fail(attempts, 1, f"198.51.100.{number}")
    assert attempts.begin(Visitor(OTHER)) > 0
    waits = [attempts.begin(Visitor(OTHER, "a device")) for _ in range(FREE_ATTEMPTS + 1)]
    # It has no more free tries than others, and what it gets wrong is its own.
    assert waits == [0] * FREE_ATTEMPTS + [30]
    assert attempts.begin(Visitor(OTHER, "another device")) == 0


def test_ipv4_within_ipv6_is_the_ipv4_address(attempts):
    fail(attempts, FREE_ATTEMPTS, "::ffff:203.0.113.9")
    assert wait(attempts, "203.0.113.9") == 30
    assert wait(attempts, "::ffff:203.0.113.10") == 0
