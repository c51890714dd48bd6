from __future__ import annotations

import logging
import math
from datetime import timedelta

import pytest

from services.city.rennes import RENNES
from services.operations.incidents import open_incidents, past_incidents
from services.watch.messages import message_of
from services.watch.rules import load_rules
from tests.services.watch.watching import START, Watching, names

MEGABYTE = 1_048_576


@pytest.fixture
def watching(tmp_path):
    return Watching(tmp_path)


def test_slow_answers_fire_after_the_delay_and_clear(watching):
    watching.pass_time(300, lambda: watching.answer(10, 0.05))
    assert watching.state("slow-responses") == "normal"
    changes = watching.pass_time(300, lambda: watching.answer(10, 0.9))
    assert names(changes, over=False) == ["slow-responses"]
    [change] = changes
    assert change.incident.subject == "page · -"
    assert change.incident.fired_at - change.incident.started_at == timedelta(seconds=60)
    assert watching.state("slow-responses") == "firing"
    changes = watching.pass_time(600, lambda: watching.answer(10, 0.05))
    assert names(changes, over=True) == ["slow-responses"]
    assert change.incident.peak > 0.9
    watching.pass_time(300, lambda: watching.answer(10, 0.05))
    assert watching.state("slow-responses") == "normal"


def test_detection_takes_no_longer_than_one_round_after_the_delay(watching):
    watching.pass_time(60)
    watching.add("traffic_logins_total", 0, outcome="refused")
    watching.pass_time(60)
    watching.add("traffic_logins_total", 200, outcome="refused")
    assert names(watching.pass_time(15), over=False) == ["login-attack"]
    assert names(watching.pass_time(330), over=True) == ["login-attack"]


def test_little_traffic_is_no_alarm(watching):
    # One slow answer and one error in a quiet night, again and again.
    for _ in range(20):
        watching.answer(1, 3.0)
        watching.answer(1, 0.1, status="5xx")
        watching.pass_time(150)
    assert watching.changes == []


def test_three_errors_in_a_hundred_are_an_incident(watching):
    watching.answer(100, 0.1)
    watching.pass_time(60)
    watching.answer(97, 0.1)
    watching.answer(3, 0.1, status="5xx")
    changes = watching.pass_time(15)
    assert names(changes, over=False) == ["server-errors"]
    assert changes[0].incident.peak == pytest.approx(0.03)


def test_a_value_around_its_threshold_does_not_flicker(watching):
    watching.set("traffic_disk_free_ratio", 0.2)
    watching.pass_time(60)
    for share in (0.04, 0.06, 0.04, 0.07, 0.04):
        watching.set("traffic_disk_free_ratio", share)
        watching.pass_time(120)
    assert names(watching.changes, over=False) == ["disk-nearly-full"]
    assert names(watching.changes, over=True) == []
    watching.set("traffic_disk_free_ratio", 0.09)
    watching.pass_time(15)
    assert names(watching.changes, over=True) == ["disk-nearly-full"]
    assert watching.changes[-1].incident.peak == 0.04


def test_what_is_over_before_the_delay_is_no_incident(watching):
    watching.set("traffic_host_load_ratio", 3.0)
    watching.pass_time(585)
    assert watching.state("processor-saturated") == "pending"
    watching.set("traffic_host_load_ratio", 0.5)
    watching.pass_time(60)
    assert watching.changes == []


def test_memory_above_its_limit_and_memory_that_keeps_growing(watching):
    who = {"role": "web", "pid": "12"}
    used = 240.0

    def grow():
        nonlocal used
        used += 1.0
        watching.set("traffic_process_resident_memory_bytes", used * MEGABYTE, **who)

    changes = watching.pass_time(1.5 * 3600, grow)
    assert names(changes, over=False) == ["memory-growing"]
    changes = watching.pass_time(2400, grow)
    assert names(changes, over=False) == ["memory-of-web"]
    watching.metrics.clear()
    changes = watching.pass_time(75)
    assert sorted(names(changes, over=True)) == ["memory-growing", "memory-of-web"]


def test_memory_that_rises_and_falls_is_no_leak(watching):
    def breathe():
        used = 300 + 150 * math.sin(watching.elapsed_s / 600)
        watching.set(
            "traffic_process_resident_memory_bytes", used * MEGABYTE, role="worker", pid="1"
        )

    watching.pass_time(3 * 3600, breathe)
    assert watching.changes == []


@pytest.mark.parametrize(
    ("rule", "metric", "labels"),
    [
        ("feed-old", "traffic_feed_observed_timestamp_seconds", {"source": "live"}),
        ("history-not-written", "traffic_history_append_timestamp_seconds", {"source": "live"}),
        ("next-hour-old", "traffic_nowcast_timestamp_seconds", {}),
    ],
)
def test_what_stops_is_noticed_by_its_age(watching, rule, metric, labels):
    def fresh():
        watching.set(metric, watching.now.timestamp(), **labels)

    watching.pass_time(600, fresh)
    assert watching.state(rule) == "normal"
    assert names(watching.pass_time(1500), over=False) == [rule]
    assert names(watching.pass_time(15, fresh), over=True) == [rule]


def test_a_feed_that_is_refused_or_cannot_be_reached(watching):
    def fetch(outcome):
        watching.add("traffic_feed_fetches_total", 1, source="live", outcome=outcome)
        watching.pass_time(180)

    fetch("ok")
    fetch("refused")
    fetch("ok")
    assert watching.changes == []
    fetch("refused")
    assert names(watching.changes, over=False) == ["feed-refused"]
    for _ in range(3):
        fetch("unreachable")
    assert names(watching.changes, over=False)[1:] == ["feed-unreachable"]
    for _ in range(8):
        fetch("ok")
    assert sorted(names(watching.changes, over=True)) == ["feed-refused", "feed-unreachable"]


def test_unknown_segments_count_by_day_only(watching):
    watching.set("traffic_segments", 700, status="unknown")
    watching.set("traffic_segments", 300, status="freeFlow")
    changes = watching.pass_time(930)
    assert names(changes, over=False) == ["many-unknown"]
    assert changes[0].incident.peak == pytest.approx(0.7)
    night = Watching(watching.data_dir / "night")
    night.now = START + timedelta(hours=16)
    night.set("traffic_segments", 700, status="unknown")
    night.set("traffic_segments", 300, status="freeFlow")
    night.pass_time(3600)
    assert night.changes == []


def test_a_worker_that_dies_and_one_that_never_came(watching):
    watching.pass_time(60)
    watching.keeps_alive = False
    changes = watching.pass_time(90)
    assert names(changes, over=False) == ["worker-silent"]
    watching.keeps_alive = True
    assert names(watching.pass_time(15), over=True) == ["worker-silent"]
    never = Watching(watching.data_dir / "never")
    never.keeps_alive = False
    assert names(never.pass_time(90), over=False) == ["worker-silent"]


def test_a_worker_of_another_host_is_missed_there(watching):
    watching.keeps_alive = False
    watching.restart(roles_off={"worker", "learner"})
    assert watching.pass_time(600) == []
    assert watching.state("worker-silent") == "no data"


@pytest.mark.parametrize("probe", ["health", "refresh"])
def test_pages_that_do_not_answer_three_times_in_a_row(watching, probe):
    for one in ("health", "refresh"):
        watching.set("traffic_probe_success", 1, probe=one)
    watching.pass_time(60)
    # Once is no more than a hiccup.
    watching.set("traffic_probe_success", 0, probe=probe)
    watching.pass_time(30)
    watching.set("traffic_probe_success", 1, probe=probe)
    watching.pass_time(30)
    assert watching.changes == []
    watching.set("traffic_probe_success", 0, probe=probe)
    changes = watching.pass_time(45)
    assert names(changes, over=False) == ["pages-not-served"]
    assert (changes[0].incident.subject, changes[0].incident.severity) == (probe, "critical")
    watching.set("traffic_probe_success", 1, probe=probe)
    assert names(watching.pass_time(15), over=True) == ["pages-not-served"]


def test_forecasts_missing_worse_than_usual_or_fed_with_other_traffic(watching):
    watching.set("traffic_forecast_present", 0, kind="zones")
    watching.set(
        "traffic_forecast_skill", -0.1, kind="zones", lead_minutes="60", baseline="average"
    )
    watching.set("traffic_forecast_skill", -0.5, kind="zones", lead_minutes="60", baseline="other")
    watching.set("traffic_input_drift", 0.3, zone="centre-ville", hour_class="night")
    watching.add("traffic_job_failures_total", 0, job="scoring")
    watching.pass_time(15)
    watching.add("traffic_job_failures_total", 3, job="scoring")
    watching.pass_time(2 * 3600 + 60)
    assert sorted(names(watching.changes, over=False)) == [
        "forecast-missing",
        "forecast-worse",
        "input-drift",
        "job-failing",
    ]


def test_rules_without_a_metric_say_so(watching):
    watching.pass_time(30)
    assert watching.state("feed-old") == "no data"
    assert watching.state("worker-silent") == "normal"


def test_a_watch_that_starts_again_goes_on_with_its_incidents(watching):
    watching.set("traffic_disk_free_ratio", 0.01)
    watching.pass_time(120)
    watching.restart()
    watching.pass_time(300)
    assert len(names(watching.changes, over=False)) == 1
    watching.set("traffic_disk_free_ratio", 0.5)
    watching.pass_time(15)
    assert names(watching.changes, over=True) == ["disk-nearly-full"]
    with watching.operations.begin() as session:
        assert open_incidents(session) == []
        [kept] = past_incidents(session, 10)
    assert kept.peak == 0.01
    assert kept.started_at < kept.fired_at < kept.ended_at


def test_hosts_with_the_same_trouble_have_an_incident_each_and_end_their_own(tmp_path):
    one, other = (Watching(tmp_path / name) for name in ("one", "other"))
    other.operations = one.operations
    for watching, name in ((one, "web-1"), (other, "web-2")):
        watching.restart(host=name)
        watching.set("traffic_disk_free_ratio", 0.01)
        watching.pass_time(120)
    # As after a crash of one of them.
    one.restart(host="web-1")
    one.set("traffic_disk_free_ratio", 0.5)
    assert names(one.pass_time(120), over=True) == ["disk-nearly-full"]
    with one.operations.begin() as session:
        [kept] = open_incidents(session)
        [over] = past_incidents(session, 10)
    assert (kept.about, over.about) == ("web-2", "web-1")
    assert "(web-2)" in message_of(other.changes, "en", "http://x", RENNES).body
    other.set("traffic_disk_free_ratio", 0.5)
    assert names(other.pass_time(120), over=True) == ["disk-nearly-full"]


def test_what_was_open_before_a_host_had_a_name_is_its_own_to_end(watching):
    watching.set("traffic_disk_free_ratio", 0.01)
    watching.pass_time(120)
    watching.restart(host="web-1")
    watching.set("traffic_disk_free_ratio", 0.5)
    assert names(watching.pass_time(120), over=True) == ["disk-nearly-full"]


def test_a_clock_that_jumps_makes_no_incident_and_ends_none_before_it_began(watching):
    watching.pass_time(120, lambda: watching.answer(10, 0.05))
    watching.now -= timedelta(hours=2)
    watching.pass_time(120, lambda: watching.answer(10, 0.05))
    watching.now += timedelta(hours=5)
    watching.pass_time(120, lambda: watching.answer(10, 0.05))
    assert watching.changes == []
    watching.set("traffic_disk_free_ratio", 0.01)
    watching.pass_time(120)
    watching.now -= timedelta(hours=5)
    watching.set("traffic_disk_free_ratio", 0.5)
    watching.pass_time(15)
    incident = watching.changes[-1].incident
    assert incident.ended_at >= incident.fired_at


def test_without_its_database_it_watches_on_and_writes_later(watching, monkeypatch, caplog):
    watching.data_dir.joinpath("operations.sqlite3").mkdir()
    watching.set("traffic_disk_free_ratio", 0.01)
    with caplog.at_level(logging.ERROR):
        assert names(watching.pass_time(120), over=False) == ["disk-nearly-full"]
    assert "incidents are kept in memory for now" in caplog.text
    watching.data_dir.joinpath("operations.sqlite3").rmdir()
    watching.pass_time(15)
    with watching.operations.begin() as session:
        [kept] = open_incidents(session)
    assert kept.rule == "disk-nearly-full"


def test_an_incident_quotes_the_journal_around_its_start(watching):
    moment = (START + timedelta(seconds=30)).astimezone()
    lines = [
        f"{(moment - timedelta(hours=1)):%Y-%m-%d %H:%M:%S},000 INFO x long before",
        f"{moment:%Y-%m-%d %H:%M:%S},000 ERROR x the disk is full",
        "Traceback (most recent call last):",
    ]
    (watching.data_dir / "app.log").write_text("\n".join(lines) + "\n")
    watching.set("traffic_disk_free_ratio", 0.01)
    [change] = watching.pass_time(90)
    assert change.incident.journal == lines[1:]


def test_a_normal_day_brings_no_incident(tmp_path):
    """A day of traffic, with its rush hours, its slow moments and its quiet night."""
    # Evaluated once a minute, which is four times as fast and as strict.
    watching = Watching(tmp_path, load_rules().model_copy(update={"evaluation_seconds": 60.0}))

    def minute():
        hour = (watching.now.hour + watching.now.minute / 60) % 24
        rush = math.exp(-((hour - 7) ** 2)) + math.exp(-((hour - 16) ** 2))
        watching.answer(round(2 + 60 * rush), 0.004)
        if watching.now.minute == 0:  # one slow answer and one fault an hour
            watching.answer(1, 1.2, endpoint="export")
            watching.answer(1, 0.1, status="5xx", endpoint="export")
        at = watching.now.timestamp()
        watching.set("traffic_feed_observed_timestamp_seconds", at - 300, source="live")
        watching.set("traffic_history_append_timestamp_seconds", at - 120, source="live")
        watching.set("traffic_nowcast_timestamp_seconds", at - 100)
        watching.set("traffic_disk_free_ratio", 0.4)
        watching.set("traffic_host_load_ratio", 0.2 + rush)
        watching.set("traffic_forecast_present", 1, kind="zones")
        unknown = 600 + 1300 * math.exp(-((hour - 3) ** 2) / 4)
        watching.set("traffic_segments", unknown, status="unknown")
        watching.set("traffic_segments", 2859 - unknown, status="freeFlow")
        watching.add("traffic_feed_fetches_total", 1, source="live", outcome="ok")
        warm = 240 + 30 * (1 - math.exp(-(watching.elapsed_s - 1000) / 3600))
        watching.set("traffic_process_resident_memory_bytes", warm * MEGABYTE, role="web", pid="7")

    watching.pass_time(24 * 3600, minute)
    assert watching.changes == []
