"""Child processes that are kept running: what dies comes again, and nothing outlives the end."""

from __future__ import annotations

import os
import signal
import sys

import psutil
import pytest

from services import processes
from services.processes import Supervisor
from tests.waiting import wait_until

_NOTES_ITS_PID = "import os, sys; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); "
LIVES = _NOTES_ITS_PID + "import time; time.sleep(60)"
DIES = _NOTES_ITS_PID + "sys.exit(3)"
IS_DEAF = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + _NOTES_ITS_PID
) + "import time; time.sleep(60)"


@pytest.fixture
def pids(tmp_path):
    return tmp_path / "pids"


@pytest.fixture(autouse=True)
def _prompt(monkeypatch):
    monkeypatch.setattr(processes, "FIRST_RESTART_PAUSE_SECONDS", 0.01)


def command(script, pids):
    return [sys.executable, "-c", script, str(pids)]


def started(pids):
    return [int(line) for line in pids.read_text().split()] if pids.exists() else []


def test_what_dies_is_started_again_and_ended_with_the_others(pids, tmp_path):
    other = tmp_path / "others"
    with Supervisor([command(LIVES, pids), command(LIVES, other)]):
        wait_until(lambda: started(pids) and started(other))
        os.kill(started(pids)[0], signal.SIGKILL)
        wait_until(lambda: len(started(pids)) == 2)
        # Its neighbour never noticed.
        assert len(started(other)) == 1
    for pid in started(pids) + started(other):
        assert not psutil.pid_exists(pid)


def test_what_dies_at_once_is_started_ever_more_slowly_and_journalled(pids, caplog):
    with Supervisor([command(DIES, pids)]):
        wait_until(lambda: len(started(pids)) == 4)
    pauses = [record.args[2] for record in caplog.records]
    assert pauses[:3] == [0.01, 0.02, 0.04]
    assert "ended with 3" in caplog.text


def test_a_pause_has_a_longest(pids, caplog, monkeypatch):
    monkeypatch.setattr(processes, "LONGEST_RESTART_PAUSE_SECONDS", 0.02)
    with Supervisor([command(DIES, pids)]):
        wait_until(lambda: len(started(pids)) == 5)
    assert max(record.args[2] for record in caplog.records) == 0.02


def test_a_process_that_was_healthy_comes_back_promptly(pids, caplog, monkeypatch):
    monkeypatch.setattr(processes, "HEALTHY_AFTER_SECONDS", 0.0)
    with Supervisor([command(DIES, pids)]):
        wait_until(lambda: len(started(pids)) == 4)
    assert {record.args[2] for record in caplog.records} == {0.01}


def test_one_that_does_not_listen_is_ended_by_force(pids, monkeypatch):
    monkeypatch.setattr(processes, "STOP_GRACE_SECONDS", 0.1)
    with Supervisor([command(IS_DEAF, pids)]):
        wait_until(lambda: started(pids))
    assert not psutil.pid_exists(started(pids)[0])


def test_an_end_before_the_first_start_starts_nothing(pids):
    with Supervisor([command(LIVES, pids)], delay_seconds=60):
        pass
    assert started(pids) == []


def test_nothing_to_run_is_nothing_to_do():
    with Supervisor([]) as supervisor:
        supervisor.stop()
        supervisor.wait()
