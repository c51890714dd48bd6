"""One process of a role at work in a data directory, and on all hosts."""

from __future__ import annotations

import logging
import threading

import pytest

from services.base.settings import load_settings
from services.operations import house_lock
from services.roles import sole as sole_module
from services.roles.sole import holder_of, sole, sole_of_all_hosts
from tests.postgres import PASSWORD
from tests.waiting import wait_until


def test_a_second_one_stands_by_and_takes_over_when_the_first_has_gone(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    at_work = threading.Event()

    def work():
        with sole(tmp_path, "watch"):
            at_work.set()

    second = threading.Thread(target=work)
    with sole(tmp_path, "watch"):
        second.start()
        wait_until(lambda: "another watch is at work" in caplog.text)
        assert not at_work.is_set()
    wait_until(at_work.is_set)
    second.join()
    assert caplog.text.count("standing by") == 1


def test_roles_do_not_wait_for_one_another_and_one_that_is_asked_to_stop_for_nobody(tmp_path):
    stopping = threading.Event()
    stopping.set()
    with sole(tmp_path, "watch"), sole(tmp_path, "worker"), sole(tmp_path, "watch", stopping):
        assert {path.name for path in tmp_path.iterdir()} == {"watch.lock", "worker.lock"}


class Process:
    """A process of a role on a host of its own, until it ends or loses the lock."""

    def __init__(self, settings, role="worker"):
        self.stopping, self.ended = threading.Event(), threading.Event()
        self.tenure = None
        self.signs_of_life = 0
        self._run = threading.Thread(target=self._work, args=(settings, role))
        self._run.start()

    def _work(self, settings, role):
        with sole_of_all_hosts(settings, role, self.stopping, self._end, self._stand_by) as tenure:
            self.tenure = tenure
            self.stopping.wait()

    def _end(self):
        # What a process that ends does not do any more: give the lock back.
        self.held_at_its_end = self.tenure.is_held()
        self.ended.set()

    def _stand_by(self):
        self.signs_of_life += 1

    def is_at_work(self):
        return self.tenure is not None and self.tenure.is_held()

    def stop(self):
        self.stopping.set()
        self._run.join()


@pytest.fixture
def host(tmp_path, postgres_url):
    started = []

    def start(name, role="worker"):
        data_dir = tmp_path / name
        data_dir.mkdir(exist_ok=True)
        settings = load_settings(data_dir=data_dir, database_url=postgres_url, _env_file=None)
        started.append(Process(settings, role))
        return started[-1]

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(house_lock, "PING_SECONDS", 0.05)
    monkeypatch.setattr(sole_module, "_LOOK_SECONDS", 0.05)


def test_on_one_machine_the_file_says_it_all(tmp_path):
    settings = load_settings(data_dir=tmp_path, _env_file=None)
    with sole_of_all_hosts(settings, "worker") as tenure:
        assert tenure.epoch == 0
        assert tenure.is_held()
        assert {path.name for path in tmp_path.iterdir()} == {"worker.lock"}


def test_one_of_all_hosts_is_at_work_and_the_next_one_begins_at_once_when_it_stops(
    host, soon, caplog
):
    caplog.set_level(logging.INFO)
    first = host("a")
    wait_until(first.is_at_work)
    second, of_another_role = host("b"), host("b", "watch")
    wait_until(lambda: "another worker is at work on some host: standing by" in caplog.text)
    wait_until(of_another_role.is_at_work)
    # Again and again: who looks after it must not take it for dead.
    seen = second.signs_of_life
    wait_until(lambda: second.signs_of_life > seen)
    assert second.tenure is None
    first.stop()
    # Within far less than a lease.
    wait_until(second.is_at_work, house_lock.LEASE_SECONDS / 2)
    # One count for all: what one role writes may become another one's to write.
    assert first.tenure.epoch < of_another_role.tenure.epoch < second.tenure.epoch
    assert not first.ended.is_set()


def test_who_stands_by_for_its_own_host_shows_no_life(host, soon, caplog):
    caplog.set_level(logging.INFO)
    first = host("a")
    wait_until(first.is_at_work)
    beside = host("a")
    wait_until(lambda: "another worker is at work: standing by" in caplog.text)
    # Else a first one that hangs would be taken for alive.
    assert beside.signs_of_life == 0
    first.stop()
    wait_until(beside.is_at_work)


def test_who_loses_the_lock_has_ended_before_another_one_begins(
    host, soon, postgres, postgres_url, monkeypatch, caplog
):
    monkeypatch.setattr(house_lock, "LEASE_SECONDS", 2.0)
    caplog.set_level(logging.INFO)
    first = host("a")
    wait_until(first.is_at_work)
    second = host("b")
    wait_until(lambda: "standing by" in caplog.text)
    [(pid,)] = postgres.execute(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 7462002",
        postgres_url.rpartition("/")[2],
    )
    postgres.execute(f"SELECT pg_terminate_backend({pid})")
    wait_until(lambda: first.ended.is_set() or second.tenure is not None)
    assert second.tenure is None, "the first one had not ended"
    assert first.held_at_its_end is False
    assert "the lock of the worker is lost: this process ends" in caplog.text
    wait_until(second.is_at_work)
    assert second.tenure.epoch > first.tenure.epoch
    assert not first.tenure.is_held()


def test_a_server_that_is_silent_is_no_leave_to_go_on(host, soon, postgres, monkeypatch):
    monkeypatch.setattr(house_lock, "LEASE_SECONDS", 1.0)
    first = host("a")
    wait_until(first.is_at_work)
    with postgres.frozen():
        wait_until(first.ended.is_set)
        assert not first.tenure.is_held()


def test_who_was_ended_and_comes_back_in_its_own_directory_need_not_wait(
    host, soon, postgres, postgres_url
):
    first = host("a")
    wait_until(first.is_at_work)
    postgres.cut(postgres_url.rpartition("/")[2])
    wait_until(first.ended.is_set)
    first.stop()
    again = host("a")
    wait_until(again.is_at_work, house_lock.LEASE_SECONDS / 2)
    assert again.tenure.epoch > first.tenure.epoch


def test_a_database_made_anew_counts_on_from_no_smaller_number(host, soon, postgres, postgres_url):
    before = host("a")
    wait_until(before.is_at_work)
    before.stop()
    postgres.execute("UPDATE role_tenures SET epoch = -9", postgres_url.rpartition("/")[2])
    after = host("b")
    wait_until(after.is_at_work)
    assert after.tenure.epoch >= before.tenure.epoch


def test_hosts_made_of_one_image_are_told_apart(tmp_path, monkeypatch):
    data_dir, started = tmp_path / "data", tmp_path / "started"
    data_dir.mkdir()
    monkeypatch.setattr(sole_module, "_STARTED", started)
    found = [holder_of(data_dir), holder_of(data_dir)]
    assert found[0] == found[1]
    started.write_text("another system\n")
    found.append(holder_of(data_dir))
    # Of another volume, at the same place of another container.
    data_dir.rename(tmp_path / "of-another")
    data_dir.mkdir()
    found.append(holder_of(data_dir))
    assert len(set(found)) == 3


def test_nobody_begins_while_the_server_is_away_and_somebody_does_when_it_is_back(
    host, soon, postgres, caplog
):
    postgres.stop()
    try:
        first = host("a")
        wait_until(lambda: "standing by" in caplog.text)
        assert first.tenure is None
    finally:
        postgres.start()
    wait_until(first.is_at_work)
    assert PASSWORD not in caplog.text
