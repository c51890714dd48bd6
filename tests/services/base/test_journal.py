from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys

import pytest

from services.base import journal
from services.base.clock import utc_now
from services.base.http import FetchLimits
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.observe.feeds.sources import LiveFeed
from services.observe.observer import Observer
from services.traffic.store import Store
from tests.fault_server import fault_server, reply_with


@pytest.fixture
def settings(tmp_path):
    return load_settings(data_dir=tmp_path / "data")


def lines(settings):
    return (settings.data_dir / "app.log").read_text().splitlines()


def log_raised(error, logger, message):
    """Write a line of an error with its traceback."""
    try:
        raise error
    except type(error):
        logging.getLogger(logger).exception(message)


def test_a_line_is_time_level_name_message(settings):
    journal.start_journal(settings)
    logging.getLogger("services.roles.worker").info("snapshot %s", "abc")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO services\.roles\.worker snapshot abc",
        lines(settings)[-1],
    )


def test_an_error_comes_with_its_traceback(settings):
    journal.start_journal(settings)
    log_raised(KeyError("trafficstatus"), "x", "refused")
    text = "\n".join(lines(settings))
    assert "ERROR x refused" in text
    assert "Traceback" in text
    assert "KeyError: 'trafficstatus'" in text


def test_a_file_in_the_place_of_its_directory_is_told_by_others(tmp_path, capsys):
    (tmp_path / "file").touch()
    journal.start_journal(load_settings(data_dir=tmp_path / "file"))
    logging.getLogger("test").warning("it goes on")
    assert "it goes on" in capsys.readouterr().err


def test_debug_lines_only_when_asked_for(settings):
    journal.start_journal(settings)
    logging.getLogger("x").debug("hidden")
    journal.start_journal(settings.model_copy(update={"log_level": "DEBUG"}))
    logging.getLogger("x").debug("shown")
    text = "\n".join(lines(settings))
    assert "hidden" not in text
    assert "shown" in text


def test_it_rotates_and_keeps_a_bounded_number_of_files(settings, monkeypatch):
    monkeypatch.setattr(journal, "MAX_BYTES", 2_000)
    journal.start_journal(settings)
    for number in range(400):
        logging.getLogger("x").info("line %d %s", number, "." * 50)
    kept = sorted(path.name for path in settings.data_dir.glob("app.log*"))
    assert len(kept) == 1 + journal.KEPT_FILES
    assert lines(settings)[-1].endswith("line 399 " + "." * 50)


def test_the_journal_is_for_its_owner_only(settings):
    journal.start_journal(settings)
    logging.getLogger("x").info("line")
    assert (settings.data_dir / "app.log").stat().st_mode & 0o077 == 0


def test_a_line_of_json_tells_this_and_no_more(settings):
    journal.start_journal(settings.model_copy(update={"log_format": "json"}))
    logging.getLogger("x").info("snapshot %s", "abc", extra={"visitor": ("203.0.113.9",)})
    log_raised(KeyError("trafficstatus"), "x", "refused")
    told = [json.loads(line) for line in lines(settings)]
    keys = {"time", "level", "logger", "message", "request", "exc_info"}
    assert [set(line) for line in told] == [keys, keys]
    assert told[0]["message"] == "snapshot abc"
    assert told[0]["exc_info"] is None
    assert told[1]["exc_info"].startswith("Traceback")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_line_tells_the_query_or_the_user_of_an_address_whoever_writes_it(settings, log_format):
    """urllib3 warns of every try again with the path and its query; so do errors of redirects."""
    settings = settings.model_copy(update={"log_format": log_format, "log_level": "DEBUG"})
    journal.start_journal(settings)

    def hang_up(handler, _number):
        handler.close_connection = True

    target = {"Location": "http://you:planted@127.0.0.1:1/there?token=planted"}
    for answer in (hang_up, reply_with(status=302, headers=target), reply_with(b"[]")):
        with fault_server(answer) as server:
            url = server.url.replace("://", "://me:planted@") + "?apikey=planted&x='planted"
            limits = FetchLimits(read_timeout_s=1, backoff_s=0, backoff_jitter_s=0)
            store = Store(RENNES, settings.data_dir)
            Observer(store, LiveFeed(url, limits), None, utc_now, city=RENNES).observe()
            assert server.requests
    failed = ValueError("failed at https://me:planted@host/feed?key=planted")
    log_raised(failed, "anybody", "Cookie: planted; b=planted")
    text = "\n".join(lines(settings))
    assert "Retrying" in text
    assert "/feed?-" in text
    assert "Traceback" in text
    for file in settings.data_dir.rglob("*.*"):
        assert b"planted" not in file.read_bytes(), file
    if log_format == "json":
        assert all(json.loads(line)["level"] for line in lines(settings))


def test_a_library_with_a_handler_of_its_own_writes_here_and_nowhere_else(settings):
    """As gunicorn does, which tells of a request that failed with its query, to the terminal."""
    own = io.StringIO()
    logger = logging.getLogger("a.server.of.its.own")
    logger.addHandler(logging.StreamHandler(own))
    logger.propagate = False
    journal.start_journal(settings)
    logger.error("Error handling request /x?token=planted from 203.0.113.9")
    assert lines(settings)[-1].endswith(
        "ERROR a.server.of.its.own Error handling request /x?- from -"
    )
    assert own.getvalue() == ""


WRITER = """
import logging, sys
from services.base import journal
from services.base.settings import load_settings
journal.MAX_BYTES, journal.KEPT_FILES = 20_000, 50
journal.start_journal(load_settings(data_dir=sys.argv[1]))
for number in range(200):
    logging.getLogger("writer").info("%s-%d", sys.argv[2], number)
"""


def test_several_processes_lose_no_line_and_tear_none(settings):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(settings.data_dir), name], stderr=subprocess.DEVNULL
        )
        for name in ("a", "b", "c")
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    text = "".join(path.read_text() for path in settings.data_dir.glob("app.log*"))
    written = re.findall(r"INFO writer ([abc]-\d+)$", text, re.MULTILINE)
    assert sorted(written) == sorted(f"{name}-{n}" for name in "abc" for n in range(200))
