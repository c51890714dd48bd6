"""Child processes that are kept running: what dies comes again, and nothing outlives the end."""

from __future__ import annotations

import errno
import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from services.roles import processes
from services.roles.processes import (
    CAMERA,
    CHALLENGE,
    LEARNER,
    TRENDS,
    WATCH,
    WORKER,
    Child,
    Supervisor,
    following,
)
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
    monkeypatch.setattr(processes, "SECOND_RESTART_PAUSE_SECONDS", 0.01)


def command(script, pids):
    return [sys.executable, "-c", script, str(pids)]


def child(script, pids):
    return Child(command(script, pids))


def is_running(pid):
    try:
        # Who adopts it may leave it unburied.
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def started(pids):
    return [int(line) for line in pids.read_text().split()] if pids.exists() else []


def test_what_dies_is_started_again_and_ended_with_the_others(pids, tmp_path):
    other = tmp_path / "others"
    with Supervisor([child(LIVES, pids), child(LIVES, other)]):
        wait_until(lambda: started(pids) and started(other))
        os.kill(started(pids)[0], signal.SIGKILL)
        wait_until(lambda: len(started(pids)) == 2)
        # Its neighbour never noticed.
        assert len(started(other)) == 1
    for pid in started(pids) + started(other):
        assert not psutil.pid_exists(pid)


def test_what_dies_comes_back_at_once_then_ever_more_slowly_and_is_journalled(pids, caplog):
    with Supervisor([child(DIES, pids)]):
        wait_until(lambda: len(started(pids)) == 5)
    pauses = [record.args[2] for record in caplog.records]
    assert pauses[:4] == [0, 0.01, 0.02, 0.04]
    assert "ended with 3" in caplog.text


def test_a_pause_has_a_longest(pids, caplog, monkeypatch):
    monkeypatch.setattr(processes, "LONGEST_RESTART_PAUSE_SECONDS", 0.02)
    with Supervisor([child(DIES, pids)]):
        wait_until(lambda: len(started(pids)) == 5)
    assert max(record.args[2] for record in caplog.records) == 0.02


def test_a_process_that_was_healthy_comes_back_promptly(pids, caplog, monkeypatch):
    monkeypatch.setattr(processes, "HEALTHY_AFTER_SECONDS", 0.0)
    with Supervisor([child(DIES, pids)]):
        wait_until(lambda: len(started(pids)) == 4)
    assert {record.args[2] for record in caplog.records} == {0}


def test_one_that_does_not_listen_is_ended_by_force(pids, monkeypatch):
    monkeypatch.setattr(processes, "STOP_GRACE_SECONDS", 0.1)
    with Supervisor([child(IS_DEAF, pids)]):
        wait_until(lambda: started(pids))
    assert not psutil.pid_exists(started(pids)[0])


def test_an_end_before_the_first_start_starts_nothing(pids):
    with Supervisor([Child(command(LIVES, pids), lambda stopping: stopping.wait(60))]):
        pass
    assert started(pids) == []


def test_one_that_has_to_wait_holds_up_no_other(pids, tmp_path):
    other, may_start = tmp_path / "others", threading.Event()

    def wait(stopping):
        may_start.wait(60)

    with Supervisor([Child(command(LIVES, pids), wait), child(LIVES, other)]):
        wait_until(lambda: started(other))
        assert started(pids) == []
        may_start.set()
        wait_until(lambda: started(pids))


def test_nothing_to_run_is_nothing_to_do():
    with Supervisor([]) as supervisor:
        supervisor.stop()
        supervisor.wait()


# A supervisor that tells its number and does nothing else.
SUPERVISES = """
import sys, time
from services.roles.processes import Child, Supervisor
with Supervisor([Child([sys.executable, "-c", *sys.argv[1:]])]):
    print("begun", flush=True)
    time.sleep(60)
"""


# Its own child, which stands still, would hold what the next one needs.
LEAVES_A_CHILD = (
    "import os, signal, subprocess, sys; "
    "left = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
    "left.send_signal(signal.SIGSTOP); "
    "open(sys.argv[1], 'a').write(f'{left.pid}\\n')"
)


def test_what_one_leaves_behind_is_ended_before_it_is_started_again(pids):
    with Supervisor([child(LEAVES_A_CHILD, pids)]):
        wait_until(lambda: len(started(pids)) == 3)
        for pid in started(pids)[:2]:
            wait_until(lambda pid=pid: not is_running(pid))


def test_nothing_outlives_a_supervisor_that_is_killed(pids):
    supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISES, LIVES, str(pids)])
    wait_until(lambda: started(pids))
    supervisor.kill()
    supervisor.wait()
    wait_until(lambda: not is_running(started(pids)[0]))


def test_one_whose_parent_is_gone_before_it_begins_never_begins(pids, monkeypatch):
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    monkeypatch.setattr(os, "getpid", lambda: gone.pid)
    subprocess.run(following(command(LIVES, pids)), check=True, timeout=30)
    assert started(pids) == []


@pytest.fixture
def _quick_pulse(monkeypatch):
    monkeypatch.setattr(processes, "PULSE_PERIOD_SECONDS", 0.0)
    monkeypatch.setattr(processes, "HUNG_AFTER_SECONDS", 0.5)


@pytest.mark.usefixtures("_quick_pulse")
def test_one_that_hangs_is_ended_and_started_again(pids, caplog):
    beats = iter([1, 2, 3])
    last = [0]

    def pulse():
        # It beats while it lives, then no more.
        last[0] = next(beats, last[0])
        return last[0]

    with Supervisor([Child(command(LIVES, pids), pulse=pulse)]):
        wait_until(lambda: len(started(pids)) == 2)
        # The second one never was heard: its start may take long.
        assert psutil.pid_exists(started(pids)[1])
    assert "hangs: it is ended" in caplog.text
    assert not psutil.pid_exists(started(pids)[0])


@pytest.mark.usefixtures("_quick_pulse")
@pytest.mark.parametrize("pulse", [time.monotonic, lambda: None, lambda: 7, lambda: 1 / 0])
def test_one_that_lives_or_of_which_nothing_is_known_is_left_alone(pids, pulse):
    felt = []
    with Supervisor([Child(command(LIVES, pids), pulse=lambda: felt.append(1) or pulse())]):
        wait_until(lambda: len(felt) > 8)
        assert len(started(pids)) == 1


def test_what_cannot_be_started_now_is_started_later(pids, caplog, monkeypatch):
    refusals = [BlockingIOError(errno.EAGAIN, "no process is left"), MemoryError(), OSError()]
    start = subprocess.Popen

    def popen(*arguments, **options):
        if refusals:
            raise refusals.pop()
        return start(*arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", popen)
    with Supervisor([child(LIVES, pids)]):
        wait_until(lambda: started(pids))
    assert "no process is left" in caplog.text


@pytest.mark.parametrize("module", [WORKER, WATCH, CAMERA, TRENDS, LEARNER, CHALLENGE])
def test_what_is_started_by_its_name_is_a_command(module):
    found = importlib.util.find_spec(module)
    assert "run_command(main)" in Path(found.origin).read_text(encoding="utf-8")
