from __future__ import annotations

import sqlite3
import threading

import pytest
from sqlalchemy.exc import OperationalError

from services.web.monitoring import writer
from services.web.monitoring.complaints import Complaints
from services.web.monitoring.writer import RecordWriter
from tests.waiting import wait_until

LOCKED = OperationalError("INSERT", {}, sqlite3.OperationalError("database is locked"))


@pytest.fixture
def at_exit(monkeypatch):
    registered = []
    monkeypatch.setattr(writer.atexit, "register", registered.append)
    yield registered
    for finish in registered:
        finish()


@pytest.fixture
def complaints(registry):
    return Complaints(registry)


class Database:
    """Takes numbers, unless it is locked; all of a batch or none."""

    def __init__(self):
        self.batches = []
        self.attempts = 0
        self.is_locked = False

    @property
    def written(self):
        return [number for batch in self.batches for number in batch]

    def write(self, batch):
        self.attempts += 1
        if self.is_locked:
            raise LOCKED
        if any(number < 0 for number in batch):
            raise ValueError("what a visitor sent")
        self.batches.append(list(batch))


def test_records_of_many_threads_are_all_written_in_few_transactions(complaints):
    database = Database()
    together = RecordWriter(database.write, complaints)

    def add_some(first: int) -> None:
        for number in range(first, first + 200):
            together.add(number)

    threads = [threading.Thread(target=add_some, args=(200 * k,)) for k in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: len(database.written) == 1_000)
    assert sorted(database.written) == list(range(1_000))
    assert len(database.batches) < 100


def test_adding_never_waits_for_the_database(complaints):
    release = threading.Event()
    written: list[int] = []

    def write_slowly(batch):
        release.wait(30)
        written.extend(batch)

    together = RecordWriter(write_slowly, complaints)
    for number in range(500):
        together.add(number)
    assert written == []
    release.set()
    wait_until(lambda: len(written) == 500)


def test_while_the_database_is_locked_records_wait_and_none_is_lost_or_written_twice(
    complaints, registry, caplog
):
    database = Database()
    database.is_locked = True
    together = RecordWriter(database.write, complaints)
    for number in range(20):
        together.add(number)
    wait_until(lambda: database.attempts >= 3)
    assert "measures cannot be written yet: OperationalError: database is locked" in caplog.text
    assert registry.get_sample_value("traffic_measures_write_failures_total") >= 3
    database.is_locked = False
    wait_until(lambda: sorted(database.written) == list(range(20)))
    assert registry.get_sample_value("traffic_measures_lost_total") == 0


def test_a_record_that_cannot_be_written_takes_no_other_with_it(complaints, registry, caplog):
    database = Database()
    together = RecordWriter(database.write, complaints)
    for number in (1, -2, 3):
        together.add(number)
    wait_until(lambda: registry.get_sample_value("traffic_measures_lost_total") == 1)
    wait_until(lambda: sorted(database.written) == [1, 3])
    assert "a measure was lost: ValueError at test_writer.py:" in caplog.text
    assert "what a visitor sent" not in caplog.text


def test_what_waits_is_bounded_and_what_is_too_much_is_counted_and_told(
    monkeypatch, complaints, registry, caplog
):
    monkeypatch.setattr(writer, "MAX_WAITING_RECORDS", 3)
    monkeypatch.setattr(writer, "WRITE_PERIOD_SECONDS", 60)
    database = Database()
    together = RecordWriter(database.write, complaints)
    for number in range(5):
        together.add(number)
    assert registry.get_sample_value("traffic_measures_lost_total") == 2
    assert "a measure was lost: too many wait to be written" in caplog.text
    assert together.flush()
    assert database.written == [0, 1, 2]


def test_what_waits_is_written_when_the_process_ends(monkeypatch, complaints, at_exit):
    monkeypatch.setattr(writer, "WRITE_PERIOD_SECONDS", 60)
    database = Database()
    together = RecordWriter(database.write, complaints)
    together.add(7)
    [finish] = at_exit
    finish()
    assert database.written == [7]


def test_the_end_of_the_process_waits_for_what_is_being_written(complaints, at_exit):
    started, release = threading.Event(), threading.Event()
    written: list[int] = []

    def write_slowly(batch):
        started.set()
        release.wait(30)
        written.extend(batch)

    RecordWriter(write_slowly, complaints).add(7)
    assert started.wait(30)
    [finish] = at_exit
    ending = threading.Thread(target=finish)
    ending.start()
    release.set()
    ending.join(30)
    assert written == [7]


def test_what_cannot_be_written_at_the_end_is_counted(
    monkeypatch, complaints, registry, at_exit, caplog
):
    monkeypatch.setattr(writer, "LAST_PATIENCE_SECONDS", 0.1)
    database = Database()
    database.is_locked = True
    together = RecordWriter(database.write, complaints)
    together.add(1)
    together.add(2)
    [finish] = at_exit
    thread = together._rounds.thread
    finish()
    assert registry.get_sample_value("traffic_measures_lost_total") == 2
    assert "the process ended before they could be written (1 more" in caplog.text
    # Nothing is tried, counted or told any more.
    thread.join(30)
    assert not thread.is_alive()
    finish()
    assert registry.get_sample_value("traffic_measures_lost_total") == 2
    # A record that comes all the same is one of a new beginning.
    database.is_locked = False
    together.add(3)
    wait_until(lambda: database.written == [3])
