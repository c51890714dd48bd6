"""What strangers can have the journal say: little, on one line, and never the whole of it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import flask
import pytest

from callbacks.http import problems
from services.base.journal import FILE_NAME, KEPT_FILES, MAX_BYTES, repeats, start_journal
from services.base.settings import load_settings
from services.metrics.requests import measure_requests
from services.metrics.shared_directory import metric_registry
from services.watch.excerpt import journal_around

SEPARATORS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
FORGED = "2026-01-01 00:00:00,000 CRITICAL services.watch forged"


@pytest.fixture(params=["text", "json"])
def journal(tmp_path, request):
    """The journal of a server that fails whatever it is asked."""
    settings = load_settings(data_dir=tmp_path, log_format=request.param, _env_file=None)
    start_journal(settings)
    return tmp_path / FILE_NAME


@pytest.fixture
def client(journal):
    server = flask.Flask("failing")
    measure_requests(server, metric_registry(), frozenset)
    problems.register(server)

    @server.get("/<path:path>")
    def fail(path):
        raise ValueError(f"nothing at {path}: {flask.request.args.get('said')}")

    return server.test_client()


@pytest.mark.parametrize("separator", SEPARATORS, ids=ascii)
def test_no_separator_makes_a_line_of_its_own(client, journal, separator):
    for path in (quote(f"a{separator}{FORGED}"), f"a?said={quote(separator + FORGED)}"):
        client.get(f"/{path}")
    now = datetime.now(UTC)
    lines = journal_around(journal.parent, now - timedelta(minutes=1), now)
    assert lines
    assert not [line for line in lines if line.startswith(("2026-01-01", '{"time": "2026-01-01'))]
    # Whatever splits the text again, as a page or a terminal does.
    assert not [line for line in journal.read_text("utf-8").splitlines() if line.startswith(FORGED)]


def test_a_flood_of_failures_is_counted_and_pushes_nothing_out(client, journal, monkeypatch):
    logging.getLogger("services.roles.worker").error("what must not be lost")
    for _ in range(300):
        client.get("/" + "x" * 4_000)
    text = journal.read_text("utf-8")
    assert "what must not be lost" in text
    assert text.count("unexpected error in GET") == repeats.MAX_LINES
    # One of them with its traceback; six files of 5 MB hold hours of the worst.
    assert len(text) < 200_000 < MAX_BYTES * (1 + KEPT_FILES) / 100
    assert "x" * 300 not in text.partition("Traceback")[0]


def test_what_was_left_out_is_told_once_and_other_kinds_are_written():
    now = 0.0
    told = repeats.Repeats(lambda: now)
    server = flask.Flask("test")
    server.add_url_rule("/a", "a", lambda: "")
    server.add_url_rule("/b", "b", lambda: "")

    def line(path="/a", level=logging.WARNING):
        record = logging.LogRecord("services.x", level, __file__, 1, "slow", (), None)
        with server.test_request_context(path):
            return told.filter(record)

    assert [line() for _ in range(repeats.MAX_LINES + 5)].count(True) == repeats.MAX_LINES
    assert line("/b")
    assert line(level=logging.ERROR)
    # What no request asked for is written however often.
    for _ in range(50):
        record = logging.LogRecord("services.x", logging.WARNING, __file__, 1, "slow", (), None)
        assert told.filter(record)
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    repeats.log.addHandler(handler)
    try:
        now = repeats.PERIOD_SECONDS
        assert line()
        assert line()
    finally:
        repeats.log.removeHandler(handler)
    assert said == ["5 more lines about requests like those of services.x:1 were left out (a)"]
