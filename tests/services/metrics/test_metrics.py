from __future__ import annotations

import socket
import subprocess
import sys
from datetime import UTC, datetime

import flask
import pytest

from services.metrics.dash_callbacks import callback_label
from services.metrics.requests import measure_requests, note_login
from services.metrics.samples import Sample, exposition, read_samples
from services.metrics.work import WorkMetrics

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)

# One process of a role: counts some requests and says that it is alive.
PROCESS = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from services.metrics.shared_directory import metric_registry, share_metrics
share_metrics(Path(sys.argv[1]), "web")
import flask
from services.metrics.requests import measure_requests
from services.metrics.work import WorkMetrics
server, registry = flask.Flask("test"), metric_registry()
measure_requests(server, registry, frozenset)
server.get("/page")(lambda: "")
for _ in range(int(sys.argv[2])):
    server.test_client().get("/page")
WorkMetrics(metric_registry(), "worker").alive(datetime(2026, 11, 23, 7, 0, tzinfo=UTC))
print("counted", flush=True)
sys.stdin.read()
"""


def processing(data_dir, requests):
    """One that says when it has counted, and lives until it is ended."""
    command = [sys.executable, "-c", PROCESS, str(data_dir), str(requests)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


@pytest.fixture
def server(registry):
    server = flask.Flask("test")
    measure_requests(server, registry, lambda: frozenset({"..map.data...age.children.."}))
    server.get("/page", endpoint="page")(lambda: "")

    @server.get("/broken")
    def broken():
        raise ZeroDivisionError

    @server.post("/connect")
    def connect():
        note_login("refused")
        return ""

    return server


def value(tmp_path, registry, name, **labels):
    found = [
        sample.value
        for sample in read_samples(tmp_path, registry)
        if sample.name == name and labels.items() <= dict(sample.labels).items()
    ]
    assert len(found) <= 1
    return found[0] if found else None


def test_requests_are_counted_and_timed_by_endpoint_callback_and_status(server, registry, tmp_path):
    client = server.test_client()
    client.get("/page")
    client.get("/page")
    client.get("/nowhere")
    client.get("/broken")
    count = "traffic_requests_total"
    assert value(tmp_path, registry, count, endpoint="page", status="2xx") == 2
    assert value(tmp_path, registry, count, endpoint="unknown", status="4xx") == 1
    assert value(tmp_path, registry, count, endpoint="broken", status="5xx") == 1
    timed = "traffic_request_duration_seconds_count"
    assert value(tmp_path, registry, timed, endpoint="broken", callback="-") == 1


def test_callbacks_are_told_apart_and_made_up_ones_are_not(registry, tmp_path):
    server = flask.Flask("test")
    measure_requests(server, registry, lambda: frozenset({"..map.data...age.children.."}))
    server.post("/_dash-update-component", endpoint="dash")(lambda: "")
    client = server.test_client()
    for output in ("..map.data...age.children..", "made.up", "made.up.again", None):
        client.post("/_dash-update-component", json={"output": output})
    client.post("/_dash-update-component", data=b"{", content_type="application/json")
    count = "traffic_requests_total"
    assert value(tmp_path, registry, count, callback="map.data") == 1
    assert value(tmp_path, registry, count, callback="other") == 4


def test_logins_are_counted_by_outcome(server, registry, tmp_path):
    server.test_client().post("/connect")
    assert value(tmp_path, registry, "traffic_logins_total", outcome="refused") == 1


def test_work_is_told_as_prometheus_expects(registry, tmp_path):
    work = WorkMetrics(registry, "worker")
    work.alive(NOW)
    work.fetched("live", "refused", 0.2)
    work.accepted("live", NOW, {"freeFlow": 3, "unknown": 1})
    work.history_written("live", NOW)
    work.failed("scoring")
    labels = {"kind": "zones", "lead_minutes": "60", "baseline": "average"}
    work.quality([Sample("traffic_forecast_skill", labels, 0.1)])
    text = exposition(tmp_path, registry).decode()
    at = NOW.timestamp()
    for line in (
        f'traffic_heartbeat_timestamp_seconds{{role="worker"}} {at}',
        'traffic_feed_fetches_total{outcome="refused",source="live"} 1.0',
        f'traffic_feed_observed_timestamp_seconds{{source="live"}} {at}',
        'traffic_segments{status="unknown"} 1.0',
        f'traffic_history_append_timestamp_seconds{{source="live"}} {at}',
        'traffic_job_failures_total{job="scoring"} 1.0',
        'traffic_forecast_skill{baseline="average",kind="zones",lead_minutes="60"} 0.1',
        "# TYPE traffic_disk_free_bytes gauge",
    ):
        assert line in text or _same_up_to_float_form(line, text), line
    assert value(tmp_path, registry, "traffic_process_resident_memory_bytes", role="worker") > 1e7


def _same_up_to_float_form(line: str, text: str) -> bool:
    name, wanted = line.rsplit(" ", 1)
    return any(
        found.startswith(name + " ") and float(found.rsplit(" ", 1)[1]) == float(wanted)
        for found in text.splitlines()
    )


def test_counts_of_several_processes_add_up_and_outlive_them(tmp_path):
    runs = [processing(tmp_path, count) for count in (3, 4)]
    for run in runs:
        assert run.stdout.readline() == b"counted\n"
    samples = read_samples(tmp_path)
    [requests] = [s.value for s in samples if s.name == "traffic_requests_total"]
    [heartbeat] = [s.value for s in samples if s.name == "traffic_heartbeat_timestamp_seconds"]
    memory = [s for s in samples if s.name == "traffic_process_resident_memory_bytes"]
    assert requests == 7
    assert heartbeat == NOW.timestamp()
    assert {s.labels["pid"] for s in memory} == {str(run.pid) for run in runs}
    assert {s.labels["host"] for s in memory} == {socket.gethostname().replace("_", "-")}
    for run in runs:
        run.kill()
        run.communicate()
    samples = read_samples(tmp_path)
    assert [s.value for s in samples if s.name == "traffic_requests_total"] == [7]
    # Memory is the living's alone.
    assert [s for s in samples if s.name == "traffic_process_resident_memory_bytes"] == []


def test_a_label_is_short_whatever_a_callback_writes():
    assert callback_label(f"..{'x' * 200}.data...b.data..") == "x" * 60
