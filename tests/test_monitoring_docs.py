"""The examples for Prometheus and Grafana name metrics that exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import flask
import pytest

from services.metrics import (
    CameraMetrics,
    WorkMetrics,
    measure_requests,
    metric_registry,
    read_samples,
)
from services.metrics.requests import note_login
from services.watch.rules import load_rules
from services.web.monitoring.complaints import Complaints

DOCS = Path(__file__).parents[1] / "docs" / "monitoring"
# Published by the scoring of the forecasts, and with the first forecast of the next hour.
LATER = {
    "traffic_forecast_skill",
    "traffic_forecast_coverage",
    "traffic_input_drift",
    "traffic_nowcast_timestamp_seconds",
}
_NAME = re.compile(r"\btraffic_[a-z0-9_]+")


def published(tmp_path) -> set[str]:
    registry = metric_registry()
    server = flask.Flask("test")
    measure_requests(server, registry, frozenset)
    Complaints(registry)

    @server.get("/")
    def page() -> str:
        note_login("accepted")
        return ""

    server.test_client().get("/")
    worker_registry, now = metric_registry(), datetime.now(UTC)
    work = WorkMetrics(worker_registry, "worker")
    work.alive(now)
    work.fetched("live", "ok", 0.1)
    work.accepted("live", now, {"freeFlow": 1})
    work.history_written("live", now)
    work.forecasts_present("zones", are_there=True)
    work.failed("job")
    work.probed("health", succeeded=True)
    camera_registry = metric_registry()
    camera = CameraMetrics(camera_registry)
    camera.alive(now)
    camera.looked("ok")
    camera.took(0.1)
    registries = (registry, worker_registry, camera_registry)
    samples = [sample for each in registries for sample in read_samples(tmp_path, each)]
    damaged = tmp_path / "metrics" / "web" / "counter_1.db"
    damaged.parent.mkdir(parents=True)
    damaged.touch()
    samples += read_samples(tmp_path)
    # "_created" goes with every counter; Prometheus' own clients leave it out of what they tell.
    return {sample.name for sample in samples if not sample.name.endswith("_created")} | LATER


def bare(names: set[str]) -> set[str]:
    """Without what a histogram adds."""
    return {re.sub(r"_(bucket|count|sum)$", "", name) for name in names}


def test_rules_dashboard_and_table_name_metrics_that_exist(tmp_path):
    there = bare(published(tmp_path))
    for path in sorted(DOCS.iterdir()):
        named = bare(set(_NAME.findall(path.read_text("utf-8"))))
        assert named <= there, path.name


def test_every_metric_is_told_of(tmp_path):
    told = bare(set(_NAME.findall((DOCS / "README.md").read_text("utf-8"))))
    assert bare(published(tmp_path)) <= told


def test_every_rule_is_about_a_metric_that_exists(tmp_path):
    there = bare(published(tmp_path))
    assert {rule.metric for rule in load_rules().rule} <= there


def test_the_rules_are_ones_that_prometheus_reads():
    beside = Path(sys.executable).with_name("promtool")
    promtool = str(beside) if beside.exists() else shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not here, and no Debian package to take it from")
    command = [promtool, "check", "rules", str(DOCS / "prometheus-rules.yml")]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "10 rules found" in checked.stdout


def test_the_dashboard_is_one_that_grafana_reads():
    dashboard = json.loads((DOCS / "grafana-dashboard.json").read_text("utf-8"))
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids)) >= 8
    assert all(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
