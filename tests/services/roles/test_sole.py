"""One process of a role at work in a data directory."""

from __future__ import annotations

import logging
import threading

from services.roles.sole import sole
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
