"""Questions to the archive: each computed once, within limits, and nobody waits for long."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import msgspec
import psutil
import pytest

from services.plain.trends.asking import Busy, Failed, Queued, Running, view_of
from services.trends import children as children_module
from services.trends import kept_answers as kept_module
from services.trends import pool as pool_module
from services.trends.messages import Answered, Question
from tests.trend_questions import (
    Count,
    Echo,
    End,
    Keep,
    Refuse,
    Said,
    Take,
    open_nothing,
    running_pool,
)
from tests.waiting import PATIENCE_SECONDS, wait_until


def question(query, source="live", network=""):
    return Question(view_of(type(query)), msgspec.msgpack.encode(query), source, network)


def ended(pool, query, version="v", **options):
    """What comes of a question at last, as a page would ask."""
    reply = pool.ask(question(query), version, PATIENCE_SECONDS, **options)
    assert isinstance(reply, Answered | Failed)
    return msgspec.msgpack.decode(reply.answer, type=Said) if isinstance(reply, Answered) else reply


class Counted:
    """A question that goes on until it is let, and tells how often it began."""

    def __init__(self, folder, of=4):
        self._begun, self._until = folder / f"begun{of}", folder / f"until{of}"
        self.query = Count(str(self._begun), str(self._until), of)
        self.question = question(self.query)

    def begun(self):
        return len(self._begun.read_text().splitlines()) if self._begun.exists() else 0

    def let(self):
        self._until.touch()


@pytest.fixture
def counted(tmp_path):
    made = Counted(tmp_path)
    yield made
    made.let()


@pytest.fixture(scope="module")
def pool():
    """One that has no trouble of its own: starting a child takes half a second."""
    with running_pool() as made:
        yield made


def under_way(pool, counted, asker=""):
    """Asks, and returns once it is computed."""
    pool.ask(counted.question, "v", asker=asker)
    wait_until(lambda: counted.begun() and isinstance(pool.ask(counted.question, "v"), Running))


def test_a_question_is_answered_by_a_child(pool):
    said = ended(pool, Echo("hallo"))
    assert said.text == "hallo"
    assert said.pid in pool.children()
    assert said.pid != os.getpid()


def test_what_is_kept_is_answered_until_the_data_change(pool, monkeypatch):
    monkeypatch.setattr(kept_module, "FRESH_SECONDS", -1.0)
    before = ended(pool, Echo("kept"), "one")
    assert isinstance(pool.ask(question(Echo("kept")), "one"), Answered)
    assert isinstance(pool.ask(question(Echo("kept")), "two"), Queued | Running)
    assert ended(pool, Echo("kept"), "two") == before


def test_who_asked_before_the_data_changed_gets_what_was_computed_for_them(pool, counted):
    under_way(pool, counted)
    # Changed again and again, each time before it is computed.
    pool.ask(counted.question, "w")
    counted.let()
    assert isinstance(pool.ask(counted.question, "x", PATIENCE_SECONDS), Answered)
    assert isinstance(pool.ask(counted.question, "y"), Answered)
    assert counted.begun() == 1


def test_questions_of_another_source_or_network_are_others(pool, counted):
    under_way(pool, counted)
    for source, network in (("demo", ""), ("live", "another")):
        assert pool.ask(question(counted.query, source, network), "v") == Queued(
            1 + (source == "live")
        )


def test_the_same_question_of_many_is_computed_once(pool, counted):
    under_way(pool, counted)
    with ThreadPoolExecutor(16) as threads:
        asked = [
            threads.submit(pool.ask, counted.question, "v", PATIENCE_SECONDS, str(number))
            for number in range(16)
        ]
        counted.let()
        replies = {asked.result(PATIENCE_SECONDS) for asked in asked}
    assert len(replies) == 1
    assert isinstance(replies.pop(), Answered)
    assert counted.begun() == 1


def test_progress_is_told(pool, counted):
    pool.ask(counted.question, "v")
    wait_until(lambda: pool.ask(counted.question, "v") == Running(1, 4))


def test_who_asks_while_others_wait_is_told_the_place_and_beyond_that_it_is_busy(counted):
    with running_pool(max_queued=3) as pool:
        under_way(pool, counted)
        told = [pool.ask(question(Echo(str(number))), "v") for number in range(40)]
        assert told[:4] == [Queued(1), Queued(2), Queued(3), Busy()]
        assert set(told[4:]) == {Busy()}
        assert pool.queued() == 3
        # Told their place again, and answered in their order.
        assert pool.ask(question(Echo("1")), "v") == Queued(2)
        counted.let()
        assert ended(pool, Echo("2")).text == "2"


def test_what_takes_too_long_ends_with_that_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(children_module, "HALT_SECONDS", 0.2)
    willing, unwilling = Counted(tmp_path), Counted(tmp_path, of=0)
    with running_pool(seconds=0.2) as pool:
        assert ended(pool, willing.query) == Failed("time", "more than 0.2 s")
        first = pool.children()
        assert ended(pool, unwilling.query) == Failed("time", "more than 0.2 s")
        # Asked again it says so at once: it would take as long again.
        assert pool.ask(willing.question, "v") == Failed("time", "more than 0.2 s")
        assert (willing.begun(), unwilling.begun()) == (1, 1)
        # Who gave up by itself goes on; who did not was replaced.
        assert ended(pool, Echo()).pid not in first
    assert unwilling.begun() == 1


def test_what_takes_too_much_memory_ends_with_that_reason(pool):
    assert ended(pool, Take(32)).text == ""
    failed = ended(pool, Take(1_000))
    assert failed.reason == "memory"
    assert ended(pool, Echo("after")).text == "after"


def test_a_child_goes_on_until_too_much_of_its_memory_stays_taken():
    with running_pool() as pool:
        pids = [ended(pool, Keep(20, number)).pid for number in range(3)]
    # After 20 MB of the 64 that a question may take it goes on, after 40 no more.
    assert pids[0] == pids[1]
    assert pids[2] != pids[1]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP])
def test_a_child_that_is_gone_fails_its_question_and_is_replaced(number, monkeypatch):
    monkeypatch.setattr(children_module, "HALT_SECONDS", 0.2)
    with running_pool(seconds=0.5) as pool:
        failed = ended(pool, End(number))
        # One that stands still is found out by the time that it takes.
        assert failed.reason == ("time" if number == signal.SIGSTOP else "failed")
        assert ended(pool, Echo("after")).text == "after"


def test_a_child_killed_between_questions_is_replaced(pool):
    [child] = {ended(pool, Echo("before")).pid}
    os.kill(child, signal.SIGKILL)
    after = ended(pool, Echo("after it was killed"))
    assert after.pid != child
    assert pool.children() == [after.pid]


def test_where_no_child_can_begin_the_question_fails_and_the_journal_says_why(caplog):
    with running_pool(open_answers=open_nothing) as pool:
        failed = ended(pool, Echo())
    assert failed.reason == "failed"
    assert "nothing can be opened" in failed.detail
    assert "in open_nothing" in caplog.text


def test_what_a_view_refuses_is_told_with_its_reason(pool, caplog):
    assert ended(pool, Refuse("place")) == Failed("unknown_place", "no place 'x'")
    assert ended(pool, Refuse("foreseen")) == Failed("refused", "no")
    assert not caplog.records
    assert ended(pool, Refuse("not")) == Failed("failed", "ZeroDivisionError: not foreseen")
    assert "in _refuse" in caplog.text
    failed = ended(pool, Refuse("disk"))
    assert failed.reason == "failed"
    assert "the disk is gone" in failed.detail


def test_who_stops_takes_it_from_nobody_else(pool, counted):
    under_way(pool, counted, "a")
    pool.ask(counted.question, "v", asker="b")
    pool.stop(counted.question, "")
    pool.stop(counted.question, "a")
    counted.let()
    assert isinstance(pool.ask(counted.question, "v", PATIENCE_SECONDS, "b"), Answered)
    assert counted.begun() == 1


@pytest.mark.parametrize("of", [4, 0])
def test_what_the_last_one_stops_ends_even_if_it_reports_nothing(of, tmp_path, monkeypatch):
    monkeypatch.setattr(children_module, "HALT_SECONDS", 0.2)
    counted, outcomes = Counted(tmp_path, of), []
    with running_pool(ended=lambda _view, outcome, _seconds: outcomes.append(outcome)) as pool:
        under_way(pool, counted)
        pool.stop(counted.question)
        wait_until(lambda: outcomes == ["stopped"])
        # Whoever asks then begins anew, and what was asked for next is answered.
        assert isinstance(pool.ask(counted.question, "v"), Queued | Running)
        wait_until(lambda: counted.begun() == 2)
        counted.let()
        assert ended(pool, counted.query).text == ""
    assert outcomes == ["stopped", "ok"]


def test_what_waits_and_is_stopped_leaves_its_place(pool, counted):
    under_way(pool, counted)
    for text in ("first", "second"):
        pool.ask(question(Echo(text)), "v")
    pool.stop(question(Echo("first")))
    assert pool.ask(question(Echo("second")), "v") == Queued(1)
    # What nobody asked for changes nothing.
    pool.stop(question(Echo("never asked")))


def test_what_nobody_asks_about_any_more_is_given_up(counted, monkeypatch):
    outcomes = []
    with running_pool(
        ended=lambda view, outcome, _seconds: outcomes.append((view, outcome))
    ) as pool:
        under_way(pool, counted)
        pool.ask(question(Echo("waits")), "v")
        monkeypatch.setattr(pool_module, "FORGOTTEN_SECONDS", 0.05)
        wait_until(lambda: outcomes == [("count", "stopped"), ("echo", "stopped")])
        assert pool.queued() == 0


def test_a_place_that_is_forgotten_is_given_to_the_next(counted, monkeypatch):
    with running_pool(max_queued=1) as pool:
        under_way(pool, counted)
        pool.ask(question(Echo("forgotten")), "v")
        assert pool.ask(question(Echo("next")), "v") == Busy()
        monkeypatch.setattr(pool_module, "FORGOTTEN_SECONDS", -1.0)
        assert isinstance(pool.ask(question(Echo("next")), "v"), Queued)


def test_children_begin_with_a_question_and_end_when_idle():
    with running_pool(seats=2, idle_seconds=0.1) as pool:
        assert pool.children() == []
        child = ended(pool, Echo()).pid
        wait_until(lambda: pool.children() == [])
        wait_until(lambda: not psutil.pid_exists(child))
        assert pool.resident_bytes() == 0
        assert ended(pool, Echo("again")).text == "again"


def test_a_seat_that_hangs_beyond_all_limits_is_noticed(counted, monkeypatch):
    with running_pool() as pool:
        under_way(pool, counted)
        assert not pool.is_hung()
        monkeypatch.setattr(pool_module, "_OVERDUE_SECONDS", -PATIENCE_SECONDS)
        assert pool.is_hung()


def test_kept_answers_take_no_more_memory_than_they_may(monkeypatch):
    with running_pool(kept_bytes=4_000) as pool:
        for text in "abcdefgh":
            ended(pool, Echo(text))
        assert pool._kept.size <= 4_000
        assert isinstance(pool.ask(question(Echo("h")), "v"), Answered)
        assert isinstance(pool.ask(question(Echo("a")), "v"), Queued | Running)
