from __future__ import annotations

import gzip
import json
import logging

import flask

from services.base import journal
from services.base.journal.__main__ import main
from services.base.journal.lines import RequestMark, formatter, moment_of_line
from services.base.settings import load_settings

TEXT = """\
2026-11-24 07:59:59,000 INFO services.roles.worker live snapshot abc
2026-11-24 08:00:01,000 WARNING services.metrics.requests GET /qualite/ 200 in 1830 ms
2026-11-24 08:00:02,000 ERROR callbacks.http.problems unexpected error in GET /api/v1/traffic
Traceback (most recent call last):
  File "x.py", line 1, in <module>
    raise ValueError("KeyError: not this one")
ValueError: KeyError: not this one
2026-11-24 08:00:02,010 WARNING services.metrics.requests GET /api/v1/traffic 500 in 12 ms
2026-11-24 09:10:00,000 ERROR services.observe.observer history not written: disk full
what is this?
"""
ACCESS = (
    '127.0.0.1 - - [24/Nov/2026 08:01:00] "\x1b[35m\x1b[1mGET /?q=1 HTTP/1.1\x1b[0m" 500 -\n'
    '127.0.0.1 - - [24/Nov/2026 08:01:01] "GET / HTTP/1.1" 200 -\n'
)


def report(capsys, *arguments):
    assert main(["report", *map(str, arguments), "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_errors_paths_codes_and_exceptions_are_summed_up(tmp_path, capsys):
    path = tmp_path / "app.log"
    path.write_text(TEXT, "utf-8")
    found = report(capsys, path)
    assert found["errors_by_hour"] == {"2026-11-24 08": 1, "2026-11-24 09": 1}
    assert found["slowest_ms"] == {"/qualite/": 1830, "/api/v1/traffic": 12}
    assert found["statuses"] == {"200": 1, "500": 1}
    assert found["exceptions"] == {"ValueError": 1}
    assert found["first_seen"] == {"ValueError": "2026-11-24 08:00:02"}
    assert found["unreadable"] == 1


def test_rotated_files_and_access_lines_with_colours_are_read_too(tmp_path, capsys):
    (tmp_path / "app.log").write_text(TEXT, "utf-8")
    (tmp_path / "app.log.1").write_text(ACCESS, "utf-8")
    (tmp_path / "app.log.2.gz").write_bytes(gzip.compress(TEXT.encode()))
    (tmp_path / "app.log.lock").write_text("no journal")
    found = report(capsys, tmp_path / "app.log")
    assert found["exceptions"] == {"ValueError": 2}
    assert found["statuses"] == {"200": 3, "500": 3}


def test_only_what_is_new_enough(tmp_path, capsys):
    path = tmp_path / "app.log"
    path.write_text(TEXT, "utf-8")
    found = report(capsys, path, "--since", "2026-11-24T09:00")
    assert found["errors_by_hour"] == {"2026-11-24 09": 1}
    assert found["exceptions"] == {}


def test_people_get_words_and_a_missing_file_one_line(tmp_path, capsys):
    path = tmp_path / "app.log"
    path.write_text(TEXT, "utf-8")
    assert main(["report", str(path)]) == 0
    text = capsys.readouterr().out
    assert "Slowest paths, ms\n  /qualite/  1830" in text
    assert "ValueError  1 × since 2026-11-24 08:00:02" in text
    assert main(["report", str(tmp_path / "nothing.log")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_machines_get_a_json_line_that_the_report_reads(tmp_path, capsys):
    journal.start_journal(load_settings(data_dir=tmp_path, log_format="json"))
    try:
        raise KeyError("trafficstatus")
    except KeyError:
        logging.getLogger("x").exception("GET /qualité/ 500 in 7 ms")
    line = (tmp_path / "app.log").read_text("utf-8").splitlines()[-1]
    content = json.loads(line)
    assert content["level"] == "ERROR"
    assert content["logger"] == "x"
    assert moment_of_line(line) is not None
    found = report(capsys, tmp_path / "app.log")
    assert found["statuses"] == {"500": 1}
    assert found["exceptions"] == {"KeyError": 1}


def written(message, *arguments):
    record = logging.LogRecord("x", logging.INFO, "", 0, message, arguments, None)
    RequestMark().filter(record)
    return formatter("text").format(record)


def test_every_line_of_a_request_and_every_error_answer_carry_its_id(tmp_path):
    server = flask.Flask("test")
    given = "a1b2c3d4-e5f6"
    with server.test_request_context("/", headers={"X-Request-ID": given}):
        assert written("hello").endswith(f"INFO x hello request={given}")
    with server.test_request_context("/", headers={"X-Request-ID": "evil id\t<b>"}):
        first, second = written("one"), written("two")
        assert "evil" not in first
        assert first.rsplit("=")[-1] == second.rsplit("=")[-1]
    assert "request=" not in written("outside")


def test_what_a_client_sends_cannot_look_like_a_line_of_its_own():
    line = written("path %s", "/x\n2026-11-24 08:00:00,000 ERROR forged \x1b[31m")
    assert "\n" not in line
    assert "\x1b" not in line
