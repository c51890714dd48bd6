"""Both roles started as ``make run`` starts them, then killed one after the other."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import requests

from services.watch.probe import refreshes_pages
from tests.fault_server import fault_server, reply_with
from tests.feed_replies import encode, make_records
from tests.ports import free_port
from tests.waiting import wait_until


class Running:
    """A started application and what it printed."""

    def __init__(self, data_dir: Path, **settings: object) -> None:
        self.port = free_port()
        self.data_dir = data_dir
        self.output = data_dir.parent / "terminal.txt"
        environment = {
            **os.environ,
            "TRAFFIC_DATA_DIR": str(data_dir),
            "TRAFFIC_PORT": str(self.port),
            "TRAFFIC_WEB_PROCESSES": "1",
            # Neither its memory nor its processor time is what is tested here.
            "TRAFFIC_LEARNER": "off",
            **{f"TRAFFIC_{name.upper()}": str(value) for name, value in settings.items()},
        }
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.roles.supervisor"], env=environment, stderr=output
            )

    def answers(self, path: str) -> int:
        try:
            return requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=5).status_code
        except requests.RequestException:
            return 0

    def children(self, marker: str) -> list[psutil.Process]:
        children = psutil.Process(self.process.pid).children()
        return [child for child in children if marker in " ".join(child.cmdline())]

    def pids(self) -> set[int]:
        return {child.pid for child in psutil.Process(self.process.pid).children()}


@pytest.fixture
def start(tmp_path):
    started: list[Running] = []

    def run(**settings: object) -> Running:
        started.append(Running(tmp_path / "data", **settings))
        return started[-1]

    yield run
    for running in started:
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(timeout=30)


def test_one_command_serves_the_traffic_and_survives_the_death_of_either_role(start):
    with fault_server(reply_with(encode(make_records()))) as feed:
        running = start(source="live", feed_url=feed.url, feed_period_seconds=1)
        wait_until(lambda: running.answers("/readyz") == 200)

        [worker] = running.children("services.worker")
        worker.kill()
        assert running.answers("/api/v1/traffic") == 200
        asked = feed.requests
        wait_until(lambda: feed.requests > asked)

        [web] = running.children("gunicorn")
        for process in [web, *web.children(recursive=True)]:
            process.kill()
        asked = feed.requests
        wait_until(lambda: feed.requests > asked)
        wait_until(lambda: running.answers("/") == 200)

        assert refreshes_pages(f"http://127.0.0.1:{running.port}")

        journal = (running.data_dir / "app.log").read_text()

        # One that has opened nothing of the directory yet would not miss it.
        for made in ("camera.sock", "trends.sock", "watch.json"):
            wait_until((running.data_dir / made).exists)
        # Every role ends, to be started again and make what it needs.
        before = running.pids()
        gone = running.data_dir.rename(running.data_dir.with_name("gone"))
        shutil.rmtree(gone)
        wait_until(lambda: len(running.pids()) >= len(before) and not running.pids() & before)
        wait_until((running.data_dir / "camera.sock").exists)
        wait_until(lambda: running.answers("/readyz") == 200)

        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=30) == 0
        assert running.answers("/healthz") == 0

    assert "services.observe.observer live snapshot" in journal
    assert "127.0.0.1 -" not in journal
    terminal = running.output.read_text()
    # What a newcomer opens.
    assert f"Traffic Rennes: http://127.0.0.1:{running.port}" in terminal
    # Once for each data directory, whichever process was killed.
    assert terminal.count("password:") == 2
    passwords = [part.split()[0] for part in terminal.split("password:")[1:]]
    assert not any(password in journal for password in passwords)
    assert "development server" not in terminal


def test_a_port_in_use_ends_the_start_in_one_line(start, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment = {
            **os.environ,
            "TRAFFIC_DATA_DIR": str(tmp_path / "data"),
            "TRAFFIC_PORT": str(taken.getsockname()[1]),
        }
        ended = subprocess.run(
            [sys.executable, "-m", "services.roles.supervisor"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert "Address already in use" in ended.stderr
