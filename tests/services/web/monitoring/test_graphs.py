"""The monitoring's own graphs: on its pages, and written by one process only."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import resources

import pytest
import tzlocal

from services.city.rennes import RENNES
from services.operations.database import open_operations
from services.operations.tables import Incident
from services.web.monitoring import GRAPHS_EXTENSION, graphs, start_graphs
from tests.services.web.monitoring.app import build_server, eventually, log_in, rows, settings_in

# A worker that has accepted a snapshot ten minutes old and scored two kinds of forecasts.
WORKER = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from services.metrics.shared_directory import metric_registry, share_metrics
share_metrics(Path(sys.argv[1]), "worker")
from services.metrics.work import WorkMetrics
work = WorkMetrics(metric_registry(), "worker")
work.accepted("live", datetime.now(UTC) - timedelta(minutes=10), {"freeFlow": 1})
work.quality([
    ("traffic_forecast_skill", {"kind": kind, "lead_minutes": "60", "baseline": base}, value)
    for kind, base, value in
    [("zones", "average", 0.3), ("segments", "average", 0.1), ("zones", "persistence", -0.5)]
])
"""


@pytest.fixture
def data_dir(tmp_path):
    subprocess.run([sys.executable, "-c", WORKER, str(tmp_path)], check=True)
    return tmp_path


def fire(data_dir, rule: str) -> None:
    now = datetime.now(UTC)
    with open_operations(settings_in(data_dir)).begin() as session:
        session.add(
            Incident(
                id=rule, rule=rule, subject="", severity="critical", unit="", runbook=rule,
                threshold=1, peak=2, started_at=now, fired_at=now, journal=[],
            )
        )  # fmt: skip


def values(client, title: str) -> list[float]:
    """What the page's own requests give for a graph."""
    found = {graph["title"]: graph["graph_id"] for graph in client.get(GRAPHS).json}
    # Days are the city's, as the visitor's browser names them: another one than UTC's at 23 h UTC.
    today = datetime.now(RENNES.time_zone).date()
    address = f"/dashboard/api/custom_graph/{found[title]}/{today - timedelta(days=1)}/{today}"
    return [float(point["value"]) for point in client.get(address).json]


GRAPHS = "/dashboard/api/custom_graphs"


def test_age_of_the_snapshot_skill_and_open_incidents_are_on_the_page(data_dir):
    fire(data_dir, "disk-nearly-full")
    fire(data_dir, "feed-old")
    server = build_server(settings_in(data_dir, monitor_level="1"))
    start_graphs(server)
    client = log_in(server)
    assert eventually(lambda: len(client.get(GRAPHS).json) == 3)
    assert values(client, graphs.SNAPSHOT_AGE) == [pytest.approx(600, abs=60)]
    # Of the two against the average, the worse one.
    assert values(client, graphs.WORST_SKILL) == [0.1]
    assert values(client, graphs.OPEN_INCIDENTS) == [2]


def test_strangers_do_not_see_them(data_dir):
    server = build_server(settings_in(data_dir))
    assert server.test_client().get(GRAPHS).status_code == 401


def test_one_process_writes_and_another_one_goes_on_when_it_ends(data_dir):
    fire(data_dir, "feed-old")
    first, second = (
        build_server(settings_in(data_dir)).extensions[GRAPHS_EXTENSION] for _ in range(2)
    )
    assert first.write()
    assert not second.write()
    assert first.write()
    count = "SELECT count(*) FROM CustomGraphData GROUP BY graph_id"
    assert rows(data_dir, count) == [(2,)] * 3
    first._lock.release()
    assert second.write()
    assert rows(data_dir, count) == [(3,)] * 3


def test_what_is_not_known_has_no_value(tmp_path):
    with open_operations(settings_in(tmp_path)).begin():
        pass
    writer = build_server(settings_in(tmp_path)).extensions[GRAPHS_EXTENSION]
    assert writer.write()
    assert rows(tmp_path, "SELECT title FROM CustomGraph") == [(graphs.OPEN_INCIDENTS,)]


def test_what_nobody_has_kept_yet_is_no_error(data_dir, caplog):
    server = build_server(settings_in(data_dir))
    writer = server.extensions[GRAPHS_EXTENSION]
    # Nobody has made the database of the operations yet.
    assert writer.write()
    assert caplog.text == ""
    assert {title for (title,) in rows(data_dir, "SELECT title FROM CustomGraph")} == {
        graphs.SNAPSHOT_AGE,
        graphs.WORST_SKILL,
    }


def test_without_its_databases_it_says_so_and_tries_again(data_dir, caplog):
    server = build_server(settings_in(data_dir))
    writer = server.extensions[GRAPHS_EXTENSION]
    file = data_dir / "operations.sqlite3"
    file.write_bytes(b"no database")
    assert not writer.write()
    assert "graphs are not written now: the operations database" in caplog.text
    file.unlink()
    fire(data_dir, "feed-old")
    assert writer.write()


def test_they_are_written_again_and_again_whatever_fails(data_dir, monkeypatch):
    fire(data_dir, "feed-old")
    server = build_server(settings_in(data_dir))
    monkeypatch.setattr(graphs, "PERIOD_SECONDS", 0.01)
    writer = server.extensions[GRAPHS_EXTENSION]
    measure, calls = writer._measure, []

    def measure_badly_at_first():
        calls.append(1)
        return {} if len(calls) > 3 else measure() if len(calls) > 1 else 1 / 0

    writer._measure = measure_badly_at_first
    start_graphs(server)
    count = "SELECT count(*) FROM CustomGraphData GROUP BY graph_id"
    assert eventually(lambda: rows(data_dir, count) == [(2,)] * 3)


@pytest.mark.parametrize("zone", ["", "CET-1CEST,M3.5.0,M10.5.0/3"])
def test_the_monitoring_starts_where_the_zone_of_the_machine_has_no_name(
    tmp_path, monkeypatch, zone
):
    # As in a container that has the file of its host.
    (tmp_path / "etc").mkdir()
    paris = resources.files("tzdata").joinpath("zoneinfo", "Europe", "Paris")
    (tmp_path / "etc" / "localtime").write_bytes(paris.read_bytes())
    monkeypatch.setenv("TZ", zone)
    monkeypatch.setattr(tzlocal.unix, "_cache_tz", None)
    ask_system = partial(tzlocal.unix._get_localzone, str(tmp_path))
    monkeypatch.setattr(tzlocal.unix, "_get_localzone", ask_system)
    client = log_in(build_server(settings_in(tmp_path / "data")))
    assert client.get(GRAPHS).status_code == 200
    assert os.environ["TZ"] == zone


def test_where_nothing_is_measured_nothing_starts(tmp_path, monkeypatch):
    server = build_server(settings_in(tmp_path, monitor_level="off"))
    started = []
    monkeypatch.setattr("threading.Thread.start", started.append)
    start_graphs(server)
    assert started == []
