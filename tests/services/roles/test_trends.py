"""The archive's process as it is started, killed, stopped and started twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import date

import psutil
import pytest

from services.base.errors import ConfigurationError
from services.base.settings import load_settings
from services.metrics.samples import heartbeat_of
from services.plain.trends.asking import Away, Failed
from services.plain.trends.replay import ReplayQuery
from services.roles.trends import costs_of
from services.trends.counts import Costs
from services.trends.messages import socket_path
from services.web.trends_client import Shown, TrendsClient
from tests.waiting import PATIENCE_SECONDS, wait_until

QUESTION = ReplayQuery(day=date(2026, 11, 24))


@contextmanager
def started(data_dir):
    command = [sys.executable, "-m", "services.roles.trends"]
    environment = {**os.environ, "TRAFFIC_DATA_DIR": str(data_dir)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def journal(data_dir):
    path = data_dir / "app.log"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def test_it_answers_may_be_killed_and_is_alone_in_its_directory(tmp_path):
    client = TrendsClient(tmp_path, lambda: Shown("live"))

    def is_answered():
        # A new process is not waited for as if it stood still.
        client._away_until_s = 0.0
        outcome = client.ask(QUESTION)
        return isinstance(outcome, Failed) and "nothing is kept" in outcome.detail

    with started(tmp_path) as first, started(tmp_path) as second:
        wait_until(is_answered)
        wait_until(lambda: "another trends is at work: standing by" in journal(tmp_path))
        at_work, standing_by = sorted((first, second), key=lambda one: not children_of(one))
        assert psutil.Process(at_work.pid).nice() >= 10
        assert heartbeat_of(tmp_path, "trends") is not None
        # What is imported to answer is in the children alone.
        children = children_of(at_work)
        assert all(child.nice() >= 10 for child in children)
        assert not any("duckdb" in path for path in libraries(at_work))

        at_work.kill()
        # None outlives it, and the other one is at work.
        wait_until(lambda: not any(is_there(child) for child in children))
        wait_until(is_answered)
        children = children_of(standing_by)
        assert children
        standing_by.send_signal(signal.SIGTERM)
        assert standing_by.wait(PATIENCE_SECONDS) == 0
        wait_until(lambda: not any(is_there(child) for child in children))
    assert client.ask(QUESTION) == Away()


def children_of(process):
    return psutil.Process(process.pid).children(recursive=True)


def libraries(process):
    return [item.path for item in psutil.Process(process.pid).memory_maps()]


def is_there(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_where_it_cannot_listen_it_says_so_in_one_line(tmp_path):
    folder = tmp_path / ("x" * 100)
    with started(folder) as process:
        assert process.wait(PATIENCE_SECONDS) == 2
        told = process.stderr.read()
    assert len(told.splitlines()) == 1
    assert "too long for a socket" in told
    assert not socket_path(folder).exists()


def test_wrong_lines_of_daily_traffic_are_told_at_start_and_the_others_hold(tmp_path, caplog):
    path = tmp_path / "counts.csv"
    path.write_text("place,vehicles\n10~14,45000\n12,many\n", encoding="utf-8")
    settings = load_settings(
        counts_file=path, vehicle_hour_euros=13.5, vehicle_hour_source="a report of 2026"
    )

    costs = costs_of(settings)

    assert costs == Costs({"10~14": 45_000.0}, 13.5, "a report of 2026")
    assert caplog.messages == [f"{path}, line 3: 'many' is no number of vehicles"]


def test_a_file_of_daily_traffic_that_is_not_there_ends_the_start_in_one_line(tmp_path):
    with pytest.raises(ConfigurationError, match="no file of daily traffic can be read"):
        costs_of(load_settings(counts_file=tmp_path / "missing.csv"))


def test_what_an_hour_is_worth_is_not_told_without_its_source():
    with pytest.raises(ConfigurationError, match="TRAFFIC_VEHICLE_HOUR_SOURCE need each other"):
        load_settings(vehicle_hour_euros=13.5)
