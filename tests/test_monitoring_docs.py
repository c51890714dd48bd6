"""The documents for Prometheus and Grafana say what there is: every metric and every rule."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import flask
import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from services.city.rennes import RENNES
from services.metrics import definitions
from services.metrics.camera import CameraMetrics
from services.metrics.definitions import DEFINITIONS, QUALITY, Definition, ProcessGaugeDefinition
from services.metrics.requests import measure_requests, note_login
from services.metrics.samples import Sample, exposition
from services.metrics.shared_directory import metric_registry
from services.metrics.trends import TrendsMetrics
from services.metrics.work import WorkMetrics
from services.watch.prometheus import (
    RULES_FILE,
    TABLE_FILE,
    WATCH_SILENT,
    alert_name,
    documents,
    expression,
)
from services.watch.rules import load_rules
from services.web.monitoring.complaints import Complaints

BY_NAME = {definition.name: definition for definition in DEFINITIONS}
# What each signal can be made of.
KINDS = {
    "value": {"gauge"},
    "age": {"gauge"},
    "part": {"gauge"},
    "growth": {"gauge"},
    "increase": {"counter"},
    "share": {"counter"},
    "p95": {"histogram"},
}
ENDINGS = {
    "seconds": "_seconds",
    "seconds since 1970": "_timestamp_seconds",
    "bytes": "_bytes",
}
_NAME = re.compile(r"\btraffic_[a-z0-9_]+")


def published(tmp_path) -> dict[str, Metric]:
    """Everything that all roles can measure, by the name under which it is published."""
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
    work.roadworks_fetched("live", "ok")
    work.roadworks_kept("live", now, {"avoid": 1})
    work.forecasts_present("zones", are_there=True)
    work.in_step("traffic", now)
    work.failed("job")
    work.probed("health", succeeded=True)
    work.quality(Sample(each.name, dict.fromkeys(each.labels, "x"), 0.1) for each in QUALITY)
    camera_registry = metric_registry()
    camera = CameraMetrics(camera_registry)
    camera.alive(now)
    camera.looked("ok")
    camera.took(0.1)
    trends_registry = metric_registry()
    trends = TrendsMetrics(trends_registry)
    trends.alive(now, 0, 0)
    trends.ended("courbe", "ok", 0.1)
    for path in ("metrics/web/counter_1.db", "forecasts/nowcast/current.parquet"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).touch()
    found = [
        family
        for own in (registry, worker_registry, camera_registry, trends_registry, None)
        for family in text_string_to_metric_families(exposition(tmp_path, own).decode())
    ]
    # "_created" goes with every counter; Prometheus' own clients leave it out of what they tell.
    return {
        family.name + ("_total" if family.type == "counter" else ""): family
        for family in found
        if not family.name.endswith("_created")
    }


def labels_of(family: Metric) -> set[str]:
    """Those of its values, but for the bounds of a histogram."""
    return {label for sample in family.samples for label in sample.labels} - {"le"}


def test_every_metric_is_defined_and_every_definition_is_measured(tmp_path):
    there = published(tmp_path)
    assert there.keys() == BY_NAME.keys()
    assert len(BY_NAME) == len(DEFINITIONS)
    for name, family in there.items():
        definition = BY_NAME[name]
        assert family.type == definition.kind, name
        assert family.documentation == definition.meaning, name
        assert labels_of(family) == set(definition.labels), name


def test_no_definition_is_left_out():
    defined = {id(each) for each in vars(definitions).values() if isinstance(each, Definition)}
    assert defined == {id(each) for each in DEFINITIONS}


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition.name)
def test_a_name_ends_with_its_unit(definition):
    name = definition.name.removesuffix("_total")
    for unit, ending in ENDINGS.items():
        if unit == definition.unit:
            assert name.endswith(ending)
    assert name.endswith("_timestamp_seconds") == (definition.unit == "seconds since 1970")
    assert definition.name.endswith("_total") == (definition.kind == "counter")


def test_a_process_is_told_by_labels_that_readers_add():
    assert ProcessGaugeDefinition("x", "bytes", "X.", ("role",)).published_labels == (
        "role",
        "pid",
        "host",
    )


def test_the_documents_are_as_the_command_writes_them():
    """``python -m services.watch.prometheus`` writes them anew."""
    for path, content in documents(RENNES).items():
        assert path.read_text("utf-8") == content, path.name


def test_the_table_holds_every_metric_once_and_no_other():
    told = re.findall(r"^\| `(traffic_\w+)`", TABLE_FILE.read_text("utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(BY_NAME)


@pytest.mark.parametrize("path", sorted(TABLE_FILE.parent.iterdir()), ids=lambda path: path.name)
def test_documents_name_metrics_that_exist(path):
    named = set(_NAME.findall(path.read_text("utf-8")))
    assert {re.sub(r"_(bucket|count|sum)$", "", name) for name in named} <= BY_NAME.keys()


def test_prometheus_has_every_rule_and_one_on_the_watch():
    alerts = re.findall(r"- alert: (\w+)", RULES_FILE.read_text("utf-8"))
    assert alerts == [alert_name(rule) for rule in (*load_rules().rule, WATCH_SILENT)]


@pytest.mark.parametrize("rule", load_rules().rule, ids=lambda rule: rule.name)
def test_a_rule_is_about_what_is_measured(rule):
    definition = BY_NAME[rule.metric]
    assert definition.kind in KINDS[rule.signal]
    assert {*rule.by, *rule.where} <= set(definition.published_labels)
    assert (definition.unit == "seconds since 1970") == (rule.signal == "age")


def promtool(*arguments) -> str:
    beside = Path(sys.executable).with_name("promtool")
    found = str(beside) if beside.exists() else shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not here, and no Debian package to take it from")
    checked = subprocess.run([found, *arguments], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    return checked.stdout


def test_the_rules_are_ones_that_prometheus_reads():
    checked = promtool("check", "rules", RULES_FILE)
    assert f"{len(load_rules().rule) + 1} rules found" in checked


def alerts(name, *told):
    """What an alert says at the end of a quarter of an hour: its labels, and its summary."""
    return {
        "eval_time": "15m",
        "alertname": name,
        "exp_alerts": [
            {"exp_labels": labels, "exp_annotations": {"summary": summary}}
            for labels, summary in told
        ],
    }


def case(series, *expected):
    """Series at every half minute, and what follows from them."""
    return {
        "interval": "30s",
        "input_series": [
            {"series": f"traffic_{one}", "values": values} for one, values in series.items()
        ],
        "alert_rule_test": expected,
    }


WHO = 'endpoint="pulse", callback="-"'
PAGES_NOT_SERVED = (
    "Pages no longer served: the server's answer, seen from outside (1 or 0): refresh: 0"
)
CRITICAL = {"severity": "critical"}
WARNING = {"severity": "warning"}
CASES = [
    # Forty answers a minute, all within half a second and a second.
    case(
        {
            f'request_duration_seconds_bucket{{{WHO}, le="0.5"}}': "0x40",
            f'request_duration_seconds_bucket{{{WHO}, le="1"}}': "0+20x40",
            f'request_duration_seconds_bucket{{{WHO}, le="+Inf"}}': "0+20x40",
            f"request_duration_seconds_count{{{WHO}}}": "0+20x40",
        },
        alerts(
            "SlowResponses",
            (
                WARNING | {"endpoint": "pulse", "callback": "-", "runbook": "slow-responses"},
                "Slow responses: 95% take up to this time, or less: pulse · -: 975ms",
            ),
        ),
    ),
    # One a minute is too few to tell.
    case(
        {
            f'request_duration_seconds_bucket{{{WHO}, le="0.5"}}': "0x40",
            f'request_duration_seconds_bucket{{{WHO}, le="+Inf"}}': "0+0.5x40",
            f"request_duration_seconds_count{{{WHO}}}": "0+0.5x40",
        },
        alerts("SlowResponses"),
    ),
    # Of two pages' answers, every tenth fails; of another application's, none.
    case(
        {
            'requests_total{instance="a", endpoint="pulse", status="2xx"}': "0+4x40",
            'requests_total{instance="a", endpoint="index", status="2xx"}': "0+5x40",
            'requests_total{instance="a", endpoint="index", status="5xx"}': "0+1x40",
            'requests_total{instance="b", endpoint="index", status="2xx"}': "0+5x40",
        },
        alerts(
            "ServerErrors",
            (
                CRITICAL | {"instance": "a", "runbook": "server-errors"},
                "Server errors: share of answers that failed (5xx): 10%",
            ),
        ),
    ),
    case(
        {
            'logins_total{outcome="refused"}': "0+2x40",
            'logins_total{outcome="throttled"}': "0+1x40",
        },
        alerts(
            "LoginAttack",
            (
                CRITICAL | {"runbook": "login-attack"},
                "Log-in attempts refused within five minutes: 30",
            ),
        ),
    ),
    case(
        {'probe_success{probe="health"}': "1x40", 'probe_success{probe="refresh"}': "1x20 0x20"},
        alerts(
            "PagesNotServed",
            (
                CRITICAL | {"probe": "refresh", "runbook": "pages-not-served"},
                PAGES_NOT_SERVED,
            ),
        ),
    ),
    # Time is that since the beginning. The worker was never there.
    case(
        {
            'feed_observed_timestamp_seconds{source="live"}': "180x40",
            'feed_observed_timestamp_seconds{source="demo"}': "0+30x40",
            'heartbeat_timestamp_seconds{role="watch"}': "0+30x40",
        },
        alerts(
            "FeedOld",
            (
                CRITICAL | {"runbook": "feed-old"},
                "Traffic feed old: age of the last observation: 12m 0s",
            ),
        ),
        alerts("WatchSilent"),
        alerts("CameraSilent"),
        alerts("TrendsSilent"),
        alerts(
            "WorkerSilent",
            (
                CRITICAL | {"role": "worker", "runbook": "worker-silent"},
                "Worker silent: age of its last sign of life: 1s",
            ),
        ),
    ),
]


def test_prometheus_evaluates_as_the_rules_say(tmp_path):
    tests = {"rule_files": [str(RULES_FILE)], "evaluation_interval": "30s", "tests": CASES}
    (tmp_path / "tests.yml").write_text(json.dumps(tests))
    promtool("test", "rules", tmp_path / "tests.yml")


def at_hour(hour, *expected):
    """Three segments in four are unknown at an hour (UTC); one in three processes grows."""
    start = {"eval_time": f"{hour * 60 + 45}m"}
    return {
        "interval": "5m",
        "input_series": [
            {"series": 'traffic_segments{status="unknown"}', "values": "30x300"},
            {"series": 'traffic_segments{status="freeFlow"}', "values": "10x300"},
            {
                "series": 'traffic_process_resident_memory_bytes{role="web", pid="1", host="a"}',
                "values": "200000000+20000000x300",
            },
            {
                "series": 'traffic_process_resident_memory_bytes{role="web", pid="2", host="a"}',
                "values": "200000000x300",
            },
        ],
        "alert_rule_test": [one | start for one in expected],
    }


MANY_UNKNOWN = alerts(
    "ManyUnknown",
    (
        WARNING | {"runbook": "many-unknown"},
        "Too many unknown segments: share of the network: 75%",
    ),
)
GROWING = alerts(
    "MemoryGrowing",
    (
        WARNING | {"role": "web", "pid": "1", "host": "a", "runbook": "memory"},
        "Memory of a process that keeps growing, within an hour: web · 1 · a: 171.7MiB",
    ),
)


def test_prometheus_evaluates_by_hours_and_growth_as_the_rules_say(tmp_path):
    cases = [
        at_hour(5, alerts("ManyUnknown")),
        at_hour(6, MANY_UNKNOWN, GROWING),
        at_hour(18, MANY_UNKNOWN),
        at_hour(19, alerts("ManyUnknown")),
    ]
    tests = {"rule_files": [str(RULES_FILE)], "evaluation_interval": "5m", "tests": cases}
    (tmp_path / "tests.yml").write_text(json.dumps(tests))
    promtool("test", "rules", tmp_path / "tests.yml")


@pytest.mark.parametrize("zone", ["Europe/Paris", "Asia/Tokyo", "America/Los_Angeles"])
def test_hours_in_utc_are_those_that_a_city_has_in_winter_and_in_summer(zone):
    [rule] = [rule for rule in load_rules().rule if rule.hours]
    city = replace(RENNES, time_zone=ZoneInfo(zone))
    lines = expression(city, rule)[1:]
    days = [datetime(2026, month, 15, tzinfo=UTC) for month in (1, 7)]
    for hour in range(24):
        bounds = re.findall(r"hour\(\) (>=|<) (\d+)", " ".join(lines))
        held = [hour >= int(it) if sign == ">=" else hour < int(it) for sign, it in bounds]
        told = any(held) if " or " in lines[0] else all(held)
        local = [city.local(day.replace(hour=hour)).hour for day in days]
        assert told == all(rule.hours[0] <= it < rule.hours[1] for it in local)


def test_the_dashboard_is_one_that_grafana_reads():
    dashboard = json.loads(TABLE_FILE.with_name("grafana-dashboard.json").read_text("utf-8"))
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids)) >= 8
    assert all(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
