from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from itertools import count

import pytest

from services.base.settings import load_settings
from services.operations.database import open_operations
from services.operations.incidents import open_incidents, past_incidents
from services.roles import watch
from services.watch import watcher
from services.watch.outbox import Outbox
from services.watch.overview import OverviewWriter, read_overview
from tests.services.watch.webhook import serve_webhook
from tests.waiting import wait_until

RULES = """
evaluation_seconds = 1

[[rule]]
name = "worker-silent"
summary.fr = "Silence"
summary.en = "Silence"
severity = "critical"
signal = "age"
metric = "traffic_heartbeat_timestamp_seconds"
where = { role = ["worker"] }
above = 2
clear = 1.5
for_seconds = 0
unit = "s"
missing = "alarm"
"""

# A worker that does nothing but say that it is alive.
WORKER = """
import sys, time
from pathlib import Path
from services.metrics.shared_directory import metric_registry, share_metrics
share_metrics(Path(sys.argv[1]), "worker")
from services.base.clock import utc_now
from services.metrics.work import WorkMetrics
metrics = WorkMetrics(metric_registry(), "worker")
while True:
    metrics.alive(utc_now())
    time.sleep(0.2)
"""


@pytest.fixture
def webhook():
    with serve_webhook() as hook:
        yield hook.url, hook.told


def test_people_are_told_once_that_the_worker_was_killed_and_once_that_it_is_back(
    tmp_path, webhook
):
    url, told = webhook
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES)
    data_dir = tmp_path / "data"
    environment = {
        **os.environ,
        "TRAFFIC_DATA_DIR": str(data_dir),
        "TRAFFIC_ALERTS_FILE": str(rules),
        "TRAFFIC_NOTIFY_URLS": url,
        "TRAFFIC_NOTIFY_LANGUAGE": "en",
    }
    worker = [sys.executable, "-c", WORKER, str(data_dir)]
    first = subprocess.Popen(worker)
    watching = subprocess.Popen([sys.executable, "-m", "services.roles.watch"], env=environment)
    second = None
    try:
        wait_until(lambda: read_overview(data_dir) is not None)
        first.kill()
        wait_until(lambda: told)
        assert told[0]["title"] == "[Incident] Traffic Rennes: Silence"
        operations = open_operations(load_settings(data_dir=data_dir), read_only=True)
        with operations.begin() as session:
            assert [item.rule for item in open_incidents(session)] == ["worker-silent"]
        second = subprocess.Popen(worker)
        wait_until(lambda: len(told) > 1)
        assert told[1]["title"] == "[Over] Traffic Rennes: Silence"
        with operations.begin() as session:
            assert len(past_incidents(session, 5)) == 1
        watching.send_signal(signal.SIGTERM)
        assert watching.wait(20) == 0
        assert len(told) == 2
    finally:
        for process in (first, watching, second):
            if process is not None:
                process.kill()
                process.wait()


def test_the_watch_needs_no_numbers_library():
    code = (
        "import sys, services.roles.watch; "
        "print([m for m in ('numpy', 'pandas', 'pyarrow', 'tensorflow') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


def test_a_wrong_rule_or_channel_ends_the_start_in_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TRAFFIC_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(watch, "start_journal", lambda _settings: None)
    monkeypatch.setenv("TRAFFIC_NOTIFY_URLS", "nonsense://x")
    assert watch.main([]) == 2
    assert capsys.readouterr().err == (
        "TRAFFIC_NOTIFY_URLS: address 1 of 1 is none that Apprise knows\n"
    )
    monkeypatch.setenv("TRAFFIC_NOTIFY_URLS", "")
    assert watch.main(["--test-notification"]) == 2
    assert "no channel to test" in capsys.readouterr().err
    (tmp_path / "alerts.toml").write_text("[[rule]]\nname = 'x'\n")
    monkeypatch.setenv("TRAFFIC_ALERTS_FILE", str(tmp_path / "alerts.toml"))
    assert watch.main([]) == 2
    assert capsys.readouterr().err.startswith("TRAFFIC_ALERTS_FILE: ")


def test_a_test_message_reaches_every_channel(tmp_path, monkeypatch, webhook):
    url, told = webhook
    monkeypatch.setenv("TRAFFIC_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(watch, "start_journal", lambda _settings: None)
    monkeypatch.setenv("TRAFFIC_NOTIFY_URLS", url)
    assert watch.main(["--test-notification"]) == 0
    assert told[0]["title"] == "Traffic Rennes\xa0: message d’essai"


def test_a_message_links_to_the_page_that_people_use():
    assert watch.page_url(load_settings()) == "http://127.0.0.1:8050/exploitation/"
    assert watch.page_url(load_settings(host="::1")) == "http://[::1]:8050/exploitation/"
    public = load_settings(public_url="https://trafic.example/")
    assert watch.page_url(public) == "https://trafic.example/exploitation/"


def test_a_part_of_a_round_that_fails_costs_no_other_part(tmp_path, monkeypatch, caplog):
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES + RULES.partition("1\n")[2].replace("worker", "broken"))
    settings = load_settings(data_dir=tmp_path, alerts_file=rules)
    elapsed_s = count(0.0, 10.0)
    outbox = Outbox(open_operations(settings), [], lambda *_: True)
    watching = watch.Watch(settings, outbox, monotonic=lambda: next(elapsed_s))
    evaluate = watcher.values_of

    def values_of(rule, recent, now):
        if rule.name == "broken-silent":
            raise ZeroDivisionError
        return evaluate(rule, recent, now)

    monkeypatch.setattr(watcher, "values_of", values_of)
    monkeypatch.setattr(watch, "read_samples", lambda *_given, **_options: 1 / 0)
    write = OverviewWriter.write
    monkeypatch.setattr(OverviewWriter, "write", lambda *_: 1 / 0)
    watching.round()
    with open_operations(settings, read_only=True).begin() as session:
        assert [item.rule for item in open_incidents(session)] == ["worker-silent"]
    said = [record.getMessage() for record in caplog.records if record.exc_info]
    assert said == [
        "the metrics could not be read",
        "the rule broken-silent could not be evaluated",
        "the overview could not be written",
    ]
    # And where the rules fail, the page is still written.
    monkeypatch.setattr(OverviewWriter, "write", write)
    monkeypatch.setattr(watcher.Watcher, "evaluate", lambda *_: 1 / 0)
    watching.round()
    assert read_overview(tmp_path) is not None


def test_no_work_ends_with_what_it_meets_once(caplog):
    stopping, met = threading.Event(), []

    def work():
        met.append(ValueError("Invalid IPv6 URL"))
        if len(met) == 3:
            stopping.set()
        raise met[-1]

    watch._again_and_again(work, 0.001, stopping)
    assert [record.exc_info[1] for record in caplog.records] == met
