from __future__ import annotations

import queue
import threading

import pytest

from services.monitoring import writer
from services.monitoring.complaints import Complaints
from services.monitoring.writer import RequestWriter
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def short_period(monkeypatch):
    monkeypatch.setattr(writer, "WRITE_PERIOD_SECONDS", 0.05)


def test_rows_of_many_threads_are_all_written_in_few_transactions():
    batches: list[list[dict[str, int]]] = []
    together = RequestWriter(batches.append, Complaints())

    def add_some(first: int) -> None:
        for number in range(first, first + 200):
            together.add({"number": number})

    threads = [threading.Thread(target=add_some, args=(200 * k,)) for k in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: sum(map(len, batches)) == 1_000)
    assert sorted(row["number"] for batch in batches for row in batch) == list(range(1_000))
    assert len(batches) < 100


def test_adding_never_waits_for_the_database():
    release = threading.Event()
    written: list[dict[str, int]] = []

    def write_slowly(rows: list[dict[str, int]]) -> None:
        release.wait(30)
        written.extend(rows)

    together = RequestWriter(write_slowly, Complaints())
    for number in range(500):
        together.add({"number": number})
    assert written == []
    release.set()
    wait_until(lambda: len(written) == 500)


def test_a_failed_write_is_complained_of_and_the_next_one_works(caplog):
    written: list[dict[str, int]] = []

    def write(rows: list[dict[str, int]]) -> None:
        if rows[0]["number"] == 0:
            raise OSError("disk full")
        written.extend(rows)

    together = RequestWriter(write, Complaints())
    together.add({"number": 0})
    wait_until(lambda: "a measure was lost" in caplog.text)
    together.add({"number": 1})
    wait_until(lambda: written == [{"number": 1}])


def test_what_waits_is_bounded(monkeypatch):
    monkeypatch.setattr(writer, "MOST_WAITING_ROWS", 3)
    monkeypatch.setattr(writer, "WRITE_PERIOD_SECONDS", 60)
    together = RequestWriter(lambda _rows: None, Complaints())
    for number in range(3):
        together.add({"number": number})
    with pytest.raises(queue.Full):
        together.add({"number": 3})


def test_what_waits_is_written_when_the_process_ends(monkeypatch):
    monkeypatch.setattr(writer, "WRITE_PERIOD_SECONDS", 60)
    at_exit = []
    monkeypatch.setattr("atexit.register", at_exit.append)
    written: list[dict[str, int]] = []
    together = RequestWriter(written.extend, Complaints())
    together.add({"number": 7})
    [finish] = at_exit
    finish()
    assert written == [{"number": 7}]
