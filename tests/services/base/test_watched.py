"""What is read again when its file changed: once, by one thread, and never at the others' cost."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from services.base import watched
from services.base.errors import StorageError
from services.base.files import read_if_present, stamp_of, write_atomically
from services.base.watched import Watched
from tests.hanging import HangingWork


class Number:
    """A file that holds a number, and how often it was read."""

    def __init__(self, path):
        self.path = path
        self.readings = 0
        self.watched = Watched("the number", partial(stamp_of, path), self._read)

    def write(self, content):
        write_atomically(self.path, content.encode())

    def value(self):
        return self.watched.value()

    def _read(self, _last):
        self.readings += 1
        content = read_if_present(self.path)
        if content is None:
            return None
        try:
            return int(content)
        except ValueError as error:
            raise StorageError(f"not a number: {content!r}") from error


@pytest.fixture
def number(tmp_path):
    return Number(tmp_path / "number")


def test_nothing_is_read_before_the_first_question_and_then_once_per_change(number):
    number.write("1")
    assert number.readings == 0
    assert [number.value() for _ in range(3)] == [1, 1, 1]
    assert number.readings == 1
    number.write("2")
    assert [number.value() for _ in range(3)] == [2, 2, 2]
    assert number.readings == 2


def test_a_file_written_again_with_the_same_content_is_read_again(number):
    for readings in (1, 2):
        number.write("1")
        assert number.value() == 1
        assert number.readings == readings


def test_a_file_that_is_not_there_is_asked_for_once_and_so_is_one_that_is_gone(number):
    assert [number.value(), number.value()] == [None, None]
    number.write("1")
    assert number.value() == 1
    number.path.unlink()
    assert [number.value(), number.value()] == [None, None]
    assert number.readings == 3
    assert number.watched.problem is None


def test_the_reader_may_keep_the_last_value_of_what_is_gone(tmp_path):
    path = tmp_path / "number"
    path.write_bytes(b"1")
    watched = Watched(
        "the number", partial(stamp_of, path), lambda last: read_if_present(path) or last
    )
    assert watched.value() == b"1"
    path.unlink()
    assert watched.value() == b"1"


def test_a_damaged_file_leaves_the_last_good_value_and_is_told_once(number, caplog):
    number.write("1")
    number.value()
    number.write("one")
    assert [number.value() for _ in range(3)] == [1, 1, 1]
    assert number.readings == 2
    assert caplog.messages == ["the number cannot be read: not a number: b'one'"]
    assert str(number.watched.problem) == "not a number: b'one'"
    number.write("uno")
    assert number.value() == 1
    assert len(caplog.messages) == 2
    number.write("2")
    assert number.value() == 2
    assert number.watched.problem is None


def test_while_there_is_no_value_what_cannot_be_read_is_tried_again_and_told_once(
    number, monkeypatch, caplog
):
    number.write("1")

    def refuse(_path):
        raise StorageError("too many open files")

    with monkeypatch.context() as patch:
        patch.setitem(Number._read.__globals__, "read_if_present", refuse)
        assert [number.value(), number.value()] == [None, None]
    assert len(caplog.messages) == 1
    # Although the file has not changed.
    assert number.value() == 1
    assert number.watched.problem is None


def test_what_failed_beside_a_good_value_is_tried_again_after_a_minute(number, monkeypatch, caplog):
    now = [100.0]
    monkeypatch.setattr(watched.time, "monotonic", lambda: now[0])
    number.write("1")
    number.value()
    number.write("2")

    def refuse(_path):
        raise StorageError("too many open files")

    with monkeypatch.context() as patch:
        patch.setitem(Number._read.__globals__, "read_if_present", refuse)
        assert number.value() == 1
    now[0] += watched.TRIED_AGAIN_AFTER_SECONDS - 1
    assert (number.value(), number.readings) == (1, 2)
    now[0] += 1
    # Although the file has not changed.
    assert (number.value(), number.readings) == (2, 3)
    assert len(caplog.messages) == 1


def test_an_error_nobody_foresaw_reaches_the_caller_and_the_next_one_reads(tmp_path):
    outcomes = iter([ZeroDivisionError(), 1])

    def read(_last):
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    watched = Watched("the number", lambda: "stamp", read)
    with pytest.raises(ZeroDivisionError):
        watched.value()
    assert watched.value() == 1


def test_threads_that_find_a_change_together_read_it_once():
    threads, readings = 8, []
    asked = threading.Barrier(threads)

    def read(_last):
        readings.append(object())
        return readings[-1]

    watched = Watched("the object", lambda: "stamp", read)

    def ask(_number):
        asked.wait(20)
        return watched.value()

    with ThreadPoolExecutor(threads) as pool:
        found = set(pool.map(ask, range(threads)))
    assert found == set(readings)
    assert len(readings) == 1


def test_what_hangs_while_it_is_read_holds_nobody_else():
    stamps, hang = ["first"], HangingWork()

    def read(last):
        if last is not None:
            hang()
        return stamps[0]

    watched = Watched("the stamp", lambda: stamps[0], read)
    assert watched.value() == "first"
    stamps[0] = "second"
    with hang.under_way(watched.value):
        # At once: a thread that waited would wait for the end of this block.
        assert watched.value() == "first"
    assert watched.value() == "second"


def test_a_change_during_the_reading_is_not_missed():
    stamps = ["first"]

    def read(_last):
        found = stamps[0]
        stamps[0] = "second"
        return found

    watched = Watched("the stamp", lambda: stamps[0], read)
    assert watched.value() == "first"
    assert watched.value() == "second"
