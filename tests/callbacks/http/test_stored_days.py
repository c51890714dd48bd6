"""A stored day over HTTP: its bytes, how long they are kept, and why there are none."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import orjson
import pytest

from services.plain.trends.asking import Away, Busy, Done, Failed, Queued, Running
from services.plain.trends.replay import ReplayAnswer, ReplayQuery
from services.web.trends_client import TrendsClient
from tests.callbacks.conftest import NOW

TODAY = NOW.date()
YESTERDAY = TODAY - timedelta(days=1)
# Long enough to be worth compressing.
DOCUMENT = b"TRR\x01" + bytes(range(256)) * 8


@pytest.fixture
def archive(monkeypatch):
    """What the archive's process would say, and what it was asked."""

    said = SimpleNamespace(outcome=Done(ReplayAnswer(DOCUMENT, is_over=True)), asked=[])

    def ask(_client, query, *_wait):
        said.asked.append(query)
        return said.outcome

    monkeypatch.setattr(TrendsClient, "ask", ask)
    return said


def get(client, day, **headers):
    return client.get(f"/tendances/jour/{day}.bin", headers=headers)


def test_a_day_is_handed_on_as_the_archive_wrote_it(client, archive):
    answer = get(client, YESTERDAY)
    assert (answer.status_code, answer.content_type) == (200, "application/octet-stream")
    assert answer.data == DOCUMENT
    assert archive.asked == [ReplayQuery(YESTERDAY)]


def test_it_comes_compressed_to_who_takes_that(client, archive):
    answer = get(client, YESTERDAY, **{"Accept-Encoding": "br"})
    assert answer.headers["Content-Encoding"] == "br"
    assert len(answer.data) < len(DOCUMENT)


def test_a_day_that_is_over_is_kept_for_a_while(client, archive):
    assert get(client, YESTERDAY).headers["Cache-Control"] == "public, max-age=3600"


def test_today_is_asked_for_again_and_sent_only_when_it_changed(client, archive):
    archive.outcome = Done(ReplayAnswer(DOCUMENT, is_over=False))
    first = get(client, TODAY)
    assert first.headers["Cache-Control"] == "no-cache"
    again = get(client, TODAY, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    archive.outcome = Done(ReplayAnswer(DOCUMENT + b"\1", is_over=False))
    changed = get(client, TODAY, **{"If-None-Match": first.headers["ETag"]})
    assert (changed.status_code, len(changed.data)) == (200, len(DOCUMENT) + 1)


@pytest.mark.parametrize("day", ["2024-02-30", "20240825", "2024-W34-7", "hier", "0000-01-01"])
def test_what_is_no_day_is_the_callers_fault(client, archive, day):
    problem = problem_of(get(client, day), 400)
    assert problem["reason"] == "invalid_request"
    assert archive.asked == []


def test_a_day_to_come_is_asked_of_nobody(client, archive):
    problem = problem_of(get(client, TODAY + timedelta(days=1)), 400)
    assert (problem["reason"], archive.asked) == ("invalid_request", [])


@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [
        (Failed("nothing_stored", "nothing is kept of 2024-08-25"), 404, "nothing_stored"),
        (Failed("no_history", "nothing is kept"), 404, "no_history"),
        (Failed("failed"), 500, "failed"),
        (Failed("time", "more than 20 s"), 422, "time"),
        (Away(), 503, "away"),
        (Busy(), 503, "busy"),
    ],
)
def test_why_there_is_no_day_is_told_as_a_problem(client, archive, outcome, status, reason):
    archive.outcome = outcome
    assert problem_of(get(client, YESTERDAY), status)["reason"] == reason


@pytest.mark.parametrize("outcome", [Running(0, 1), Queued(2)])
def test_a_day_that_is_computed_is_asked_for_again(client, archive, outcome):
    archive.outcome = outcome
    answer = get(client, date(2024, 8, 20))
    assert (answer.status_code, answer.headers["Cache-Control"]) == (202, "no-store")


def problem_of(answer, status):
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.headers["Cache-Control"] == "no-store"
    body = orjson.loads(answer.data)
    assert body["status"] == status
    assert "Traceback" not in answer.text
    return body
