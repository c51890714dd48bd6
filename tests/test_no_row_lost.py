"""Four real web processes on one monitoring database: every request that was answered is in it.

On one machine they share a file, on two hosts a server.
"""

from __future__ import annotations

import http.client
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from services.base.settings import load_settings
from services.operations.database import open_operations
from tests.ports import HOST, free_port
from tests.postgres import PASSWORD, Postgres
from tests.services.web.monitoring.app import measured, rows
from tests.waiting import wait_until

PROCESSES = 4
VISITORS = 8
PATH = "/_dash-layout"
GRAPH_TIMES = (
    "SELECT time FROM CustomGraphData JOIN CustomGraph USING (graph_id)"
    " WHERE title = 'Open incidents' ORDER BY time"
)


class Visitor(threading.Thread):
    """Asks again and again, over a new connection now and then, and counts the answers."""

    def __init__(self, port: int, asking: threading.Event, leaving: threading.Event) -> None:
        super().__init__()
        self._port = port
        self._asking = asking
        self._leaving = leaving
        self.answers = 0
        # Asked, and perhaps answered, but nothing came.
        self.unanswered = 0

    def run(self) -> None:
        while not self._leaving.is_set():
            try:
                with closing(http.client.HTTPConnection(HOST, self._port, timeout=60)) as line:
                    self._ask_some(line)
            except ConnectionRefusedError:
                return
            except (OSError, http.client.HTTPException):
                self.unanswered += 1

    def _ask_some(self, line: http.client.HTTPConnection) -> None:
        for _ in range(20):
            self._asking.wait()
            line.request("GET", PATH)
            answer = line.getresponse()
            answer.read()
            assert answer.status == 200
            self.answers += 1


Served = subprocess.Popen[bytes]


@pytest.fixture
def served(tmp_path):
    """The port and the process of the application, with four processes that answer."""
    with serving(tmp_path, PROCESSES) as (port, process):
        wait_until(lambda: starts(tmp_path) == PROCESSES, 180)
        yield port, process


@contextmanager
def serving(data_dir: Path, processes: int, **settings: str) -> Iterator[tuple[int, Served]]:
    """The port and the process of an application that starts, with its processes that answer."""
    port = free_port()
    environment = {
        **os.environ,
        "TRAFFIC_DATA_DIR": str(data_dir),
        "TRAFFIC_HOST": HOST,
        "TRAFFIC_PORT": str(port),
        "TRAFFIC_WEB_PROCESSES": str(processes),
        "TRAFFIC_MONITOR_LEVEL": "3",
        "TRAFFIC_TILES_URL": "none",
        **settings,
    }
    command = [sys.executable, "-m", "gunicorn", "app:server"]
    # What the graph of incidents reads.
    with open_operations(load_settings(data_dir=data_dir, _env_file=None)).begin():
        pass
    with (
        (data_dir / "terminal.txt").open("wb") as terminal,
        subprocess.Popen(command, env=environment, stderr=terminal) as process,
    ):
        try:
            yield port, process
        finally:
            for child in psutil.Process(process.pid).children() if process.poll() is None else ():
                child.kill()
            process.kill()


def starts(data_dir) -> int:
    """How many processes have made their application, and with it counters at 0."""
    return len(list((data_dir / "metrics" / "web").glob("counter_*.db")))


def rows_of(data_dir) -> int:
    return len(measured(data_dir, PATH))


def test_not_one_row_is_lost_under_load_with_the_database_locked_and_at_the_end(served, tmp_path):
    port, process = served
    asking, leaving = threading.Event(), threading.Event()
    asking.set()
    visitors = [Visitor(port, asking, leaving) for _ in range(VISITORS)]
    # Four processes have a thread for them; one of them writes the graphs.
    wait_until(lambda: rows(tmp_path, GRAPH_TIMES), 120)
    for visitor in visitors:
        visitor.start()
    answers = lambda: sum(visitor.answers for visitor in visitors)  # noqa: E731
    wait_until(lambda: answers() > 100, 120)
    database = tmp_path / "monitoring" / "requests.sqlite3"
    # Four busy writers would hardly leave a fifth one its turn.
    asking.clear()
    with closing(sqlite3.connect(database, timeout=120)) as other:
        other.execute("BEGIN IMMEDIATE")
        asked = answers()
        asking.set()
        wait_until(lambda: answers() > asked + 100, 120)
        asking.clear()
        # Longer than a writer waits before it gives up.
        wait_until(lambda: "cannot be written yet" in journal_of(tmp_path), 120)
        other.rollback()
    before = answers()
    asking.set()
    wait_until(lambda: answers() > before + 100, 120)
    # Asked to stop in the midst of it.
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    leaving.set()
    for visitor in visitors:
        visitor.join(60)
    kept, broken = rows_of(tmp_path), sum(visitor.unanswered for visitor in visitors)
    assert answers() <= kept <= answers() + broken
    times = [datetime.fromisoformat(time) for (time,) in rows(tmp_path, GRAPH_TIMES)]
    assert all(later - earlier > timedelta(seconds=30) for earlier, later in pairwise(times))
    assert "a measure was lost" not in journal_of(tmp_path)
    assert "Traceback" not in (tmp_path / "terminal.txt").read_text()


def test_not_one_row_is_lost_or_kept_twice_while_the_server_of_two_hosts_is_away_and_killed(
    postgres: Postgres, tmp_path: Path
):
    hosts = [tmp_path / "first", tmp_path / "second"]
    asking, leaving = threading.Event(), threading.Event()
    asking.set()
    with postgres.database() as name, ExitStack() as ending:
        address = {"TRAFFIC_MONITORING_DATABASE_URL": postgres.url(name)}
        served = [ending.enter_context(serving(host, PROCESSES // 2, **address)) for host in hosts]
        # All of them at once on a database without tables.
        wait_until(lambda: all(starts(host) == PROCESSES // 2 for host in hosts), 180)
        visitors = [
            Visitor(port, asking, leaving) for port, _ in served for _ in range(VISITORS // 2)
        ]
        for visitor in visitors:
            visitor.start()

        def wait_for_more() -> None:
            before = [visitor.answers for visitor in visitors]
            wait_until(
                lambda: all(
                    visitor.answers > some + 10
                    for visitor, some in zip(visitors, before, strict=True)
                ),
                120,
            )

        wait_for_more()
        postgres.stop()
        wait_for_more()
        wait_until(lambda: all("cannot be written yet" in journal_of(host) for host in hosts), 120)
        postgres.start()
        wait_for_more()
        postgres.restart(crash=True)
        wait_for_more()
        for _, process in served:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(60) for _, process in served] == [0, 0]
        leaving.set()
        for visitor in visitors:
            visitor.join(60)
        ((kept,),) = postgres.execute(
            'SELECT count(*) FROM "Request" r JOIN "Endpoint" e ON r.endpoint_id = e.id'  # noqa: S608
            f" WHERE name = '{PATH}'",
            name,
        )
    answers = sum(visitor.answers for visitor in visitors)
    broken = sum(visitor.unanswered for visitor in visitors)
    assert answers <= kept <= answers + broken
    for host in hosts:
        assert "a measure was lost" not in journal_of(host)
        terminal = (host / "terminal.txt").read_text()
        assert "Traceback" not in terminal
        assert PASSWORD not in journal_of(host) + terminal


def journal_of(data_dir) -> str:
    journal = data_dir / "app.log"
    # Not there before its first line.
    return journal.read_text("utf-8") if journal.exists() else ""
