"""Journals as Flask, gunicorn, uvicorn and logging write them, and what is found in each."""

from __future__ import annotations

import gzip
import json
import time

import pytest

from services.base.journal.__main__ import main

OWN_TEXT = """\
2026-03-02 10:00:00,020 INFO app starting on port 8050
2026-03-02 10:00:01,100 INFO werkzeug 127.0.0.1 - - [02/Mar/2026 10:00:01] "GET / HTTP/1.1" 200 -
2026-03-02 10:00:02,100 INFO werkzeug 127.0.0.1 - - [02/Mar/2026 10:00:02] "GET /c HTTP/1.1" 500 -
2026-03-02 10:00:02,101 ERROR app Exception on /c [GET]
Traceback (most recent call last):
  File "/srv/app.py", line 40, in c
    raise FeedRefused("datetime")
services.base.errors.FeedRefused: datetime: not an ISO 8601 time
2026-03-02 11:00:02,100 WARNING app POST /_dash-update-component 204 in 1700 ms
"""
NAME_FIRST = """\
2026-03-02 10:00:01,100 - werkzeug - INFO - ::1 - - [02/Mar/2026 10:00:01] "GET / HTTP/1.1" 200 -
2026-03-02 10:00:02,100 - werkzeug - INFO - ::1 - - [02/Mar/2026 10:00:02] "GET /c HTTP/1.1" 500 -
2026-03-02 10:00:02,100 - dash.dash - ERROR - Exception on /c [GET]
Traceback (most recent call last):
  File "/srv/feed.py", line 12, in fetch
    return requests.get(url, timeout=10)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
requests.exceptions.ReadTimeout: HTTPSConnectionPool(host='x', port=443): Read timed out.
"""
LEVEL_ONLY = """\
2026-03-02 10:00:00 - INFO - Chargement des données
2026-03-02 10:00:02 - ERROR - Erreur lors de la récupération
Traceback (most recent call last):
  File "main.py", line 3, in <module>
    next(iter(()))
StopIteration
2026-03-02 10:00:05 - INFO - ::1 - - [02/Mar/2026 10:00:05] "GET /assets/a.css HTTP/1.1" 304 -
"""
FLASK_DEFAULT = """\
 * Serving Flask app 'app'
 * Running on http://127.0.0.1:5000
[2026-03-02 10:00:02,101] ERROR in app: Exception on /c [GET]
Traceback (most recent call last):
  File "/srv/app.py", line 40, in c
    1 / 0
    ~~^~~
ZeroDivisionError: division by zero
127.0.0.1 - - [02/Mar/2026 10:00:02] "GET /c HTTP/1.1" 500 -
[2026-03-02 10:00:03,000] INFO in views: ready
"""
LOGGING_DEFAULT = """\
INFO:werkzeug:127.0.0.1 - - [02/Mar/2026 10:00:01] "GET / HTTP/1.1" 200 -
ERROR:app:Exception on /c [GET]
Traceback (most recent call last):
  File "/srv/app.py", line 40, in c
    raise SystemExit
SystemExit
INFO:werkzeug:127.0.0.1 - - [02/Mar/2026 10:00:02] "\x1b[35m\x1b[1mGET /c HTTP/1.1\x1b[0m" 500 -
"""
GUNICORN = """\
[2026-03-02 10:00:00 +0000] [1] [INFO] Starting gunicorn 23.0.0
[2026-03-02 10:00:00 +0000] [7] [INFO] Booting worker with pid: 7
10.0.0.9 - - [02/Mar/2026:10:00:01 +0000] "GET /?q=1 HTTP/1.1" 200 5123 "-" "Mozilla/5.0 (X11)"
10.0.0.9 - op [02/Mar/2026:10:00:02 +0000] "GET /c HTTP/1.1" 500 290 "http://h/" "curl/8"
[2026-03-02 10:00:02 +0000] [7] [ERROR] Error handling request /c
Traceback (most recent call last):
  File "/usr/lib/gunicorn/workers/sync.py", line 134, in handle
    self.handle_request(listener, req, client, addr)
gunicorn.http.errors.NoMoreData: No more data after: b''
[2026-03-02 10:00:33 +0000] [1] [CRITICAL] WORKER TIMEOUT (pid:7)
"""
UVICORN = """\
INFO:     Started server process [1]
INFO:     127.0.0.1:51234 - "GET / HTTP/1.1" 200 OK
INFO:     127.0.0.1:51235 - "GET /c HTTP/1.1" 500 Internal Server Error
ERROR:    Exception in ASGI application
Traceback (most recent call last):
  File "/srv/app.py", line 4, in c
    raise Refused
app.Refused
"""
LOGURU = """\
2026-03-02 10:00:01.345 | INFO     | app.server:start:12 - listening
2026-03-02 10:00:02.345 | ERROR    | app.views:c:40 - failed
Traceback (most recent call last):

  File "/srv/app.py", line 40, in c
    raise TooFar("x")
          \u2502      \u2514 'x'

app.TooFar: x
second line of what it says
2026-03-02 10:00:03.000 | INFO     | app.views:hook:9 - GET /c 500 (12.6 ms)
"""
ISO_UTC = """\
2026-03-02T10:00:01.123Z INFO app.hooks GET / 200 in 0.25 s
2026-03-02T10:00:02.123Z ERROR app.hooks GET /c 500
2026-03-02T10:00:03.123Z WARN app.feed late
"""
COMPOSE = """\
web-1     | [2026-03-02 10:00:02 +0000] [7] [ERROR] Error handling request /c
web-1     | Traceback (most recent call last):
web-1     |   File "/srv/app.py", line 40, in c
web-1     |     raise ValueError("x: y")
web-1     | ValueError: x: y
web-1     | 10.0.0.9 - - [02/Mar/2026:10:00:02 +0000] "GET /c HTTP/1.1" 500 290 "-" "-"
worker-1  | 2026-03-02 10:00:05,000 INFO services.roles.worker live snapshot abc
"""
JOURNALD = """\
Mar 02 10:00:02 srv gunicorn[812]: 2026-03-02 10:00:02,101 ERROR app Exception on /c [GET]
Mar 02 10:00:02 srv gunicorn[812]: Traceback (most recent call last):
Mar 02 10:00:02 srv gunicorn[812]:   File "/srv/app.py", line 40, in c
Mar 02 10:00:02 srv gunicorn[812]:     {}["a"]
Mar 02 10:00:02 srv gunicorn[812]: KeyError: 'a'
Mar 02 10:00:02 srv gunicorn[812]: ::1 - - [02/Mar/2026:10:00:02 +0000] "GET /c HTTP/1.1" 500 0
"""
STRUCTLOG = """\
{"event": "listening", "level": "info", "timestamp": "2026-03-02T10:00:01Z"}
{"event": "failed", "level": "error", "timestamp": "2026-03-02T10:00:02Z", "exception": \
"Traceback (most recent call last):\\n  File \\"a.py\\", line 1, in c\\n    raise\\na.Odd: x"}
{"ts": 1772445603.5, "level": "info", "msg": "handled request", "status": 500}
"""
CHAINED = """\
2026-03-02 10:00:02,101 ERROR app Traceback (most recent call last):
  File "a.py", line 1, in c
    {}["a"]
KeyError: 'a'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "a.py", line 3, in c
    raise Refused from None
app.Refused: no: such key
Error: this is the text of the exception, no exception
"""

# The text, statuses, errors, exceptions, and how many lines are of no known shape.
JOURNALS = {
    "own text": (OWN_TEXT, {200: 1, 500: 1, 204: 1}, 1, {"services.base.errors.FeedRefused": 1}, 0),
    "name first": (NAME_FIRST, {200: 1, 500: 1}, 1, {"requests.exceptions.ReadTimeout": 1}, 0),
    "level only": (LEVEL_ONLY, {304: 1}, 1, {"StopIteration": 1}, 0),
    "Flask": (FLASK_DEFAULT, {500: 1}, 2, {"ZeroDivisionError": 1}, 2),
    "logging": (LOGGING_DEFAULT, {200: 1, 500: 1}, 1, {"SystemExit": 1}, 0),
    "gunicorn": (GUNICORN, {200: 1, 500: 1}, 3, {"gunicorn.http.errors.NoMoreData": 1}, 0),
    "uvicorn": (UVICORN, {200: 1, 500: 1}, 1, {"app.Refused": 1}, 0),
    "loguru": (LOGURU, {500: 1}, 1, {"app.TooFar": 1}, 0),
    "ISO": (ISO_UTC, {200: 1, 500: 1}, 1, {}, 0),
    "Compose": (COMPOSE, {500: 1}, 2, {"ValueError": 1}, 0),
    "journald": (JOURNALD, {500: 1}, 2, {"KeyError": 1}, 0),
    "structlog": (STRUCTLOG, {500: 1}, 1, {"a.Odd": 1}, 0),
    "chained": (CHAINED, {}, 1, {"KeyError": 1, "app.Refused": 1}, 0),
}


@pytest.fixture(autouse=True)
def _utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def report(capsys, path, *arguments, code=0):
    assert main(["report", str(path), "--format", "json", *arguments]) == code
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("text", "statuses", "errors", "exceptions", "strange"), JOURNALS.values(), ids=JOURNALS
)
def test_what_a_journal_holds_is_found(
    tmp_path, capsys, text, statuses, errors, exceptions, strange
):
    path = tmp_path / "app.log"
    path.write_text(text, "utf-8")
    found = report(capsys, path)
    assert found["statuses"] == {str(code): count for code, count in statuses.items()}
    assert sum(found["errors_by_hour"].values()) == errors
    assert found["exceptions"] == exceptions
    assert found["unreadable"] == strange
    assert found["not_understood"] == []


@pytest.mark.parametrize("name", [name for name in JOURNALS if name != "uvicorn"])
def test_errors_are_told_by_their_hour_whatever_writes_the_time(tmp_path, capsys, name):
    path = tmp_path / "app.log"
    path.write_text(JOURNALS[name][0], "utf-8")
    assert set(report(capsys, path)["errors_by_hour"]) == {"2026-03-02 10"}


def test_lines_without_any_time_say_so(tmp_path, capsys):
    path = tmp_path / "app.log"
    path.write_text(UVICORN, "utf-8")
    found = report(capsys, path)
    assert found["errors_by_hour"] == {"no time told": 1}
    assert found["first_seen"] == {"app.Refused": "no time told"}


def test_times_with_a_zone_are_told_in_local_time(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    path = tmp_path / "app.log"
    path.write_text(GUNICORN, "utf-8")
    assert set(report(capsys, path)["errors_by_hour"]) == {"2026-03-02 11"}


def test_how_long_answers_took_is_found_in_whatever_unit(tmp_path, capsys):
    path = tmp_path / "app.log"
    path.write_text(OWN_TEXT + LOGURU + ISO_UTC, "utf-8")
    slowest = {"/_dash-update-component": 1700, "/": 250, "/c": 13}
    assert report(capsys, path)["slowest_ms"] == slowest


def test_only_what_is_new_enough_is_counted_with_its_traceback(tmp_path, capsys):
    path = tmp_path / "app.log"
    path.write_text(OWN_TEXT + CHAINED.replace("10:00", "12:00"), "utf-8")
    found = report(capsys, path, "--since", "2026-03-02T10:30")
    assert found["exceptions"] == {"KeyError": 1, "app.Refused": 1}
    assert found["statuses"] == {"204": 1}


@pytest.mark.parametrize(
    "content",
    [
        b"just\nsome words: of no journal\n",
        b"datetime;speed\n2026-03-02T10:00:00+01:00;71\n",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
        b'{"type": "FeatureCollection"}\n',
    ],
    ids=["words", "table", "picture", "JSON"],
)
def test_a_file_of_which_nothing_was_understood_says_just_that(tmp_path, capsys, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert main(["report", str(path)]) == 1
    told = capsys.readouterr().out
    assert told.startswith(f"{path}: nothing in it was understood.")
    assert told.count("\n") == 1
    assert report(capsys, path, code=1)["not_understood"] == [str(path)]


def test_beside_a_journal_such_a_file_is_named_and_the_journal_summed_up(tmp_path, capsys):
    (tmp_path / "app.log").write_text(OWN_TEXT, "utf-8")
    (tmp_path / "notes").write_text("hello\n")
    assert main(["report", str(tmp_path / "app.log"), str(tmp_path / "notes")]) == 1
    told = capsys.readouterr().out
    assert f"{tmp_path / 'notes'}: nothing in it was understood." in told
    assert "services.base.errors.FeedRefused  1 \u00d7 since 2026-03-02 10:00:02" in told


def test_a_packed_journal_that_was_cut_ends_in_one_line(tmp_path, capsys):
    path = tmp_path / "app.log.gz"
    path.write_bytes(gzip.compress(OWN_TEXT.encode())[:-20])
    assert main(["report", str(path)]) == 2
    told = capsys.readouterr().err
    assert str(path) in told
    assert told.count("\n") == 1
