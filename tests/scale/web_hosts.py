"""Web hosts: each with a data directory of its own, and nothing that ties it to the others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from services.city.rennes import RENNES
from services.traffic.store import Store
from tests.factories import write_forecasts
from tests.ports import HOST, free_port
from tests.waiting import PATIENCE_SECONDS

SECRET = "Vk7rQz2mXw9tLp4sNd8fHc3jYb6gTa5e"


class WebHost:
    """A web role as one of several behind a proxy runs it."""

    def __init__(self, data_dir: Path) -> None:
        self.port = free_port()
        self.store = Store(RENNES, data_dir)
        self.store.prepare()
        write_forecasts(data_dir)
        environment = {
            **os.environ,
            "TRAFFIC_DATA_DIR": str(data_dir),
            "TRAFFIC_PORT": str(self.port),
            "TRAFFIC_WEB_PROCESSES": "1",
            "TRAFFIC_SHARED_CACHE": "on",
            "TRAFFIC_TRUSTED_PROXIES": "1",
            "TRAFFIC_SECRET_KEY": SECRET,
            "TRAFFIC_MONITOR_LEVEL": "off",
            "TRAFFIC_TILES_URL": "none",
        }
        with (data_dir / "stdout.txt").open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "app:server"],
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def is_ready(self) -> bool:
        """Whether it would be told to a proxy."""
        with suppress(requests.RequestException):
            return requests.get(f"http://{HOST}:{self.port}/readyz", timeout=5).status_code == 200
        return False

    def answered(self) -> int:
        """How many requests it has answered that came for pages and their refreshes."""
        text = requests.get(f"http://{HOST}:{self.port}/metrics", timeout=5).text
        lines = [line for line in text.splitlines() if line.startswith("traffic_requests_total{")]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if "readyz" not in line)

    def kill(self) -> None:
        """End it as a machine ends that loses its power."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_SECONDS)


@contextmanager
def web_hosts() -> Iterator[list[WebHost]]:
    """A list to which hosts are added; they end with it."""
    hosts: list[WebHost] = []
    try:
        yield hosts
    finally:
        for host in hosts:
            host.kill()
