"""The learner: its jobs do not disturb each other, and it never outlives the worker."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from unittest.mock import Mock

import pytest

from models import learner, night
from models.learner import Job, journalled, make_jobs, make_scheduler
from models.nowcast.issuer import NowcastIssuer
from services.base.errors import StorageError
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.forecast.nowcast_files import LearnerState, learner_state
from services.operations.tables import FORECAST_KINDS
from services.roles.turns import Turns
from services.traffic.store import Store
from tests.factories import make_network, make_snapshot_for
from tests.hanging import HangingWork
from tests.schedules import EVES_OF_CLOCK_CHANGES, pauses
from tests.waiting import wait_until


def test_it_forecasts_the_next_hour_and_challenges_the_champions(tmp_path):
    jobs = make_jobs(RENNES, load_settings(data_dir=tmp_path), Turns())
    assert [job.name for job in jobs] == ["nowcast", "challenge"]
    # A forecast is waited for, a challenge is not.
    assert jobs[0].period_seconds < 10 < jobs[1].period_seconds


def test_its_jobs_run_on_an_empty_data_directory_and_write_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(learner, "challenge_at_night", lambda *_: None)
    for job in make_jobs(RENNES, load_settings(data_dir=tmp_path / "data"), Turns()):
        job.run()
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("hung", ["nowcast", "challenge"])
def test_it_gives_no_sign_of_life_while_a_job_hangs(tmp_path, monkeypatch, hung):
    work, metrics, turns = HangingWork(), Mock(), Turns()
    monkeypatch.setattr(learner, "LONGEST_NOWCAST_SECONDS", 0.0)
    monkeypatch.setattr(learner, "LONGEST_CHALLENGE_SECONDS", 0.0)
    monkeypatch.setattr(learner, "challenge_at_night", work)
    monkeypatch.setattr(NowcastIssuer, "run", work)
    jobs = {job.name: job.run for job in make_jobs(RENNES, load_settings(data_dir=tmp_path), turns)}
    beat = learner.heartbeat(metrics, turns).run
    with work.under_way(jobs[hung]):
        beat()
        assert not metrics.alive.called
    beat()
    assert metrics.alive.called


def test_a_night_may_take_as_long_as_all_its_challenges():
    assert len(FORECAST_KINDS) * night.LONGEST_SECONDS < learner.LONGEST_CHALLENGE_SECONDS


def test_a_network_that_no_model_knows_gets_no_nowcast_but_a_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(learner, "SHIPPED_ARTIFACTS", tmp_path / "none")
    network = make_network()
    store = Store(RENNES, tmp_path)
    store.prepare()
    store.publish(network, make_snapshot_for(network))
    make_jobs(RENNES, load_settings(data_dir=tmp_path), Turns())[0].run()
    assert learner_state(tmp_path) == LearnerState(has_model=False, reason="no model")


def test_a_job_that_fails_stops_neither_itself_nor_the_others(caplog):
    runs = {"broken": 0, "unlucky": 0, "well": 0}
    errors = {"broken": ZeroDivisionError("by zero"), "unlucky": StorageError("disk full")}

    def job(name):
        def run():
            runs[name] += 1
            if name in errors:
                raise errors[name]

        return Job(name, 0.02, run)

    scheduler = make_scheduler([job(name) for name in runs])
    scheduler.start()
    try:
        wait_until(lambda: min(runs.values()) >= 3)
    finally:
        scheduler.shutdown()
    assert "job broken failed" in caplog.text
    assert "job unlucky: disk full" in caplog.text


def test_what_was_foreseen_is_told_in_one_line_and_what_was_not_with_its_trace(caplog):
    def fail(error):
        def run():
            raise error

        return run

    with caplog.at_level(logging.ERROR):
        journalled(Job("first", 1.0, fail(StorageError("disk full"))))()
        journalled(Job("second", 1.0, fail(KeyError("x"))))()
    assert [bool(record.exc_info) for record in caplog.records] == [False, True]


def test_a_job_that_takes_long_delays_no_other():
    release, runs = threading.Event(), []
    jobs = [Job("long", 0.02, release.wait), Job("short", 0.02, lambda: runs.append(1))]
    scheduler = make_scheduler(jobs)
    scheduler.start()
    try:
        wait_until(lambda: len(runs) >= 5)
    finally:
        release.set()
        scheduler.shutdown()


@pytest.mark.parametrize("eve", EVES_OF_CLOCK_CHANGES)
def test_its_jobs_keep_their_pace_when_the_clocks_change(tmp_path, eve):
    jobs = make_jobs(RENNES, load_settings(data_dir=tmp_path), Turns())
    due = {job.id: pauses(job, eve) for job in make_scheduler(jobs).get_jobs()}
    assert due == {job.name: {timedelta(seconds=job.period_seconds)} for job in jobs}


def test_a_wrong_setting_is_told_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(learner.signal, "signal", lambda *_arguments: None)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    monkeypatch.setenv("TRAFFIC_SOURCE", "nowhere")
    assert learner.main([]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_help_says_what_it_does_and_starts_nothing(capsys):
    with pytest.raises(SystemExit) as ended:
        learner.main(["--help"])
    assert ended.value.code == 0
    assert "TRAFFIC_LEARNER" in capsys.readouterr().out
