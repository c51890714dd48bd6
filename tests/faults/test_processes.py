"""A process that leaks, and a watch that is killed, to a message received."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
import requests
from sqlalchemy.orm import Session

from services.metrics.samples import read_samples
from services.operations.incidents import open_incidents
from services.operations.tables import OutgoingMessage
from services.watch.outbox import Outbox
from services.watch.probe import serves_pages
from services.watch.rules import SHIPPED_RULES
from tests.faults.duty import Duty, fired, lines_about
from tests.ports import free_port
from tests.waiting import wait_until

# A web process with a callback that keeps what it should not.
LEAKING = """
import sys
from pathlib import Path
from services.metrics.shared_directory import metric_registry, share_metrics
share_metrics(Path(sys.argv[1]), "web")
import flask
from services.metrics.requests import measure_requests
server, kept = flask.Flask("leaking"), []
measure_requests(server, metric_registry(), frozenset)

@server.get("/")
def leak():
    if len(kept) < 6:
        kept.append(b"x" * 50_000_000)
    return ""

server.run(port=int(sys.argv[2]))
"""


class TestMemory:
    @pytest.fixture
    def settings_with_a_low_limit(self, settings, tmp_path):
        """The shipped rule alone, with a limit that a test can pass without harm to the machine."""
        head, *rules = SHIPPED_RULES.read_text("utf-8").split("[[rule]]")
        [shipped] = [rule for rule in rules if 'name = "memory-of-web"' in rule]
        low = shipped.replace("above = 734003200", "above = 262144000")
        low = f"{head}[[rule]]" + low.replace("clear = 629145600", "clear = 209715200")
        assert shipped not in low
        path = tmp_path / "alerts.toml"
        path.write_text(low, "utf-8")
        return settings.model_copy(update={"alerts_file": path})

    def test_a_leak_in_a_web_process(self, settings_with_a_low_limit, webhook):
        settings, port = settings_with_a_low_limit, free_port()
        duty = Duty(settings)
        with subprocess.Popen(
            [sys.executable, "-c", LEAKING, str(settings.data_dir), str(port)],
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                wait_until(lambda: self.answers(port))
                duty.pass_time(300)
                assert webhook.told == []
                # It looks at its own memory every five seconds.
                wait_until(lambda: self.answers(port) and self.memory(settings) > 300_000_000)
                duty.pass_time(135)
            finally:
                process.send_signal(signal.SIGKILL)
        summary = "Memory of a web process"
        assert lines_about(webhook, summary) == ["Critical"]
        assert f"web · {process.pid}" in webhook.told[0]["message"]
        duty.pass_time(90)
        assert lines_about(webhook, summary) == ["Critical", "Over"]

    def answers(self, port: int) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{port}/", timeout=30).ok
        except requests.ConnectionError:
            return False

    def memory(self, settings) -> float:
        return max(
            (
                sample.value
                for sample in read_samples(settings.data_dir)
                if sample.name == "traffic_process_resident_memory_bytes"
                and sample.labels["role"] == "web"
            ),
            default=0.0,
        )


# A web process that answers, and whose page does not refresh.
ANSWERING = """
import sys, flask
server = flask.Flask("answering")
server.add_url_rule("/healthz", view_func=lambda: "ok")
server.run(port=int(sys.argv[1]))
"""


class TestPages:
    def test_a_web_role_that_is_killed(self, settings, webhook):
        port = free_port()
        duty = Duty(settings.model_copy(update={"port": port}))
        with subprocess.Popen(
            [sys.executable, "-c", ANSWERING, str(port)], stderr=subprocess.DEVNULL
        ) as process:
            wait_until(lambda: serves_pages(f"http://127.0.0.1:{port}"))
            duty.pass_time(60, duty.watch.probe)
            summary = "Pages no longer served"
            # Its page does not refresh: that is an incident of its own.
            assert lines_about(webhook, summary) == ["Critical"]
            assert "refresh" in webhook.told[0]["message"]
            process.kill()
        duty.pass_time(45, duty.watch.probe)
        assert lines_about(webhook, summary) == ["Critical", "Critical"]
        assert "health" in webhook.told[1]["message"]


class TestKilledWatch:
    """A disk that is nearly full, and a watch that is killed as it finds out."""

    @pytest.fixture(autouse=True)
    def nearly_full(self, duty, monkeypatch):
        usage = shutil.disk_usage("/")
        duty.pass_time(30)
        monkeypatch.setattr(
            shutil, "disk_usage", lambda _path: usage._replace(free=usage.total // 50)
        )
        duty.pass_time(60)

    def test_right_after_it_kept_the_incident(self, duty, webhook, monkeypatch):
        with monkeypatch.context() as fault:
            fault.setattr(Outbox, "deliver", lambda _outbox, _now: 0)
            duty.pass_time(15)
        assert self.kept(duty) == ["disk-nearly-full"]
        assert webhook.told == []
        duty.start()
        duty.outbox.deliver(duty.now)
        duty.outbox.deliver(duty.now + timedelta(hours=1))
        assert webhook.titles == [fired("Disk nearly full: share still free")]

    def test_in_the_midst_of_keeping_it(self, duty, webhook, monkeypatch):
        merge = Session.merge

        def killed(session, row):
            if isinstance(row, OutgoingMessage):
                raise SystemExit
            return merge(session, row)

        with monkeypatch.context() as fault:
            fault.setattr(Session, "merge", killed)
            with pytest.raises(SystemExit):
                duty.pass_time(15)
        # Neither kept nor told: the next one finds it again.
        assert self.kept(duty) == []
        duty.start()
        duty.pass_time(120)
        assert self.kept(duty) == ["disk-nearly-full"]
        assert webhook.titles == [fired("Disk nearly full: share still free")]

    def kept(self, duty) -> list[str]:
        with duty.operations.begin() as session:
            return [incident.rule for incident in open_incidents(session)]
