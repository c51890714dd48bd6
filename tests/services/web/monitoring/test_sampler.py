"""What levels 2 and 3 see of a slow request: where its time went, and that it stands out."""

from __future__ import annotations

import gc
import sys
import threading

import pytest
from prometheus_client import CollectorRegistry

from services.web.monitoring.complaints import Complaints
from services.web.monitoring.sampler import InProgress, Sampler, calls_within, head_of
from tests.services.web.monitoring.app import (
    build_server,
    eventually,
    log_in,
    measured,
    rows,
    settings_in,
)

LINES = (
    "SELECT code, indent, StackLine.duration, Request.duration FROM StackLine"
    " JOIN CodeLine ON CodeLine.id = StackLine.code_id"
    " JOIN Request ON Request.id = StackLine.request_id ORDER BY position"
)


def test_level_3_tells_which_line_took_the_time(tmp_path):
    server = build_server(settings_in(tmp_path, monitor_level="3"))
    server.test_client().get("/slow")
    assert eventually(lambda: len(measured(tmp_path, "slow")) == 1)
    found = rows(tmp_path, LINES)
    codes = [code for code, *_ in found]
    assert codes[:2] == ['@server.get("/slow")', "def slow() -> str:"]
    assert [indent for _, indent, *_ in found[:2]] == [0, 0]
    [(_, indent, in_line, whole)] = [row for row in found if row[0] == "time.sleep(0.01)"]
    assert indent > 0
    assert 0.5 * whole < in_line <= whole


def test_level_2_keeps_no_lines(tmp_path):
    server = build_server(settings_in(tmp_path, monitor_level="2"))
    server.test_client().get("/slow")
    assert eventually(lambda: len(measured(tmp_path, "slow")) == 1)
    assert rows(tmp_path, "SELECT * FROM StackLine") == []


def test_a_request_far_slower_than_the_others_is_an_outlier_with_its_place(tmp_path):
    server = build_server(settings_in(tmp_path, monitor_level="2"))
    client = server.test_client()
    client.get("/slow")
    assert eventually(lambda: len(rows(tmp_path, "SELECT * FROM Outlier")) == 1)
    # As slow as the last time: nothing that stands out.
    client.get("/slow")
    assert eventually(lambda: len(measured(tmp_path, "slow")) == 2)
    [(url, place, processors)] = rows(
        tmp_path, "SELECT request_url, stacktrace, cpu_percent FROM Outlier"
    )
    assert url == "-"
    assert "time.sleep(0.01)" in place
    assert processors.startswith("[")
    page = log_in(server)
    [(endpoint,)] = rows(tmp_path, "SELECT id FROM Endpoint WHERE name = 'slow'")
    [shown] = page.get(f"/dashboard/api/outlier_table/{endpoint}/0/10").json
    assert "time.sleep(0.01)" in shown["stacktrace"]


def test_the_profiler_page_shows_the_lines(tmp_path):
    server = build_server(settings_in(tmp_path, monitor_level="3"))
    server.test_client().get("/slow")
    assert eventually(lambda: len(measured(tmp_path, "slow")) == 1)
    [(endpoint,)] = rows(tmp_path, "SELECT id FROM Endpoint WHERE name = 'slow'")
    page = log_in(server)
    [profiled] = page.get(f"/dashboard/api/profiler_table/{endpoint}/0/10").json
    assert "time.sleep(0.01)" in [line["code"]["code"] for line in profiled["stack_lines"]]


def test_no_thread_is_started_for_a_request(tmp_path, monkeypatch):
    started = []
    start = threading.Thread.start

    def note(thread):
        started.append(thread.name)
        start(thread)

    client = build_server(settings_in(tmp_path, monitor_level="3")).test_client()
    monkeypatch.setattr("threading.Thread.start", note)
    for _ in range(20):
        client.get("/pair")
    assert sorted(started) == ["monitoring", "sampling"]


def test_a_thread_that_answers_nothing_has_no_calls():
    seen = []

    def outermost():
        inner()

    def inner():
        seen.append(calls_within(__import__("sys")._getframe(), outermost.__code__))
        seen.append(calls_within(__import__("sys")._getframe(), head_of.__code__))

    outermost()
    assert [call[2] for call in seen[0]] == ["inner"]
    assert seen[1] == ()


def test_no_garbage_is_collected_while_another_thread_is_looked_at():
    collecting = []

    class Watched(InProgress):
        def look(self, *_seen):
            collecting.append(gc.isenabled())
            raise ZeroDivisionError

    sampler = Sampler(60.0, head_of.__code__, Complaints(CollectorRegistry()))
    sampler._in_progress[threading.get_ident()] = Watched(1.0, is_profiled=True)
    with pytest.raises(ZeroDivisionError):
        sampler.look()
    assert (collecting, gc.isenabled()) == ([False], True)


def test_what_is_seen_of_a_request_before_it_is_answered_is_no_outlier():
    request = InProgress(0.0, is_profiled=True)
    request.look(sys._getframe(), head_of.__code__)
    assert request.outlier is None
    request.look(sys._getframe(), sys._getframe(1).f_code)
    assert "test_what_is_seen_of_a_request" in request.outlier.stacktrace


def test_a_request_that_nobody_looked_at_has_no_lines():
    request = InProgress(1.0, is_profiled=True)
    assert request.lines(head_of(build_server), 2.0) == []


def test_code_without_source_has_no_head():
    assert head_of(len) == ()
