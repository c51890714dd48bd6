"""Web hosts with nothing in common but an object storage and a PostgreSQL server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.metrics.shared_directory import metric_registry
from services.metrics.work import WorkMetrics
from services.roles.sole import Tenure
from services.roles.storage import publishing
from services.traffic.store import Store
from tests.factories import write_forecasts
from tests.object_storage import ObjectStorage
from tests.ports import HOST, free_port
from tests.postgres import Postgres
from tests.waiting import PATIENCE_SECONDS

SECRET = "Vk7rQz2mXw9tLp4sNd8fHc3jYb6gTa5e"
KEY = {"storage_key": "key-of-tests", "storage_secret": "secret-of-tests"}


class WebHost:
    """What a host runs that has ``TRAFFIC_ROLES=web``: pages, and what follows the storage."""

    def __init__(self, data_dir: Path, shared: dict[str, str]) -> None:
        self.port = free_port()
        data_dir.mkdir()
        environment = {
            **os.environ,
            **{f"TRAFFIC_{name.upper()}": value for name, value in shared.items()},
            "TRAFFIC_DATA_DIR": str(data_dir),
            "TRAFFIC_PORT": str(self.port),
            "TRAFFIC_ROLES": "web",
            "TRAFFIC_HOST_NAME": data_dir.name,
            "TRAFFIC_WEB_PROCESSES": "1",
            "TRAFFIC_SHARED_CACHE": "on",
            "TRAFFIC_TRUSTED_PROXIES": "1",
            "TRAFFIC_SECRET_KEY": SECRET,
            "TRAFFIC_MONITOR_LEVEL": "off",
            "TRAFFIC_TILES_URL": "none",
        }
        with (data_dir / "stdout.txt").open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.roles.supervisor"],
                env=environment,
                stdout=output,
                stderr=output,
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
        asked = [line for line in lines if not any(name in line for name in ("readyz", "healthz"))]
        return sum(float(line.rsplit(" ", 1)[1]) for line in asked)

    def kill(self) -> None:
        """End it as a machine ends that loses its power: the system ends all with it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE_SECONDS)


class Town:
    """A worker's data directory, which it publishes, and the web hosts that follow."""

    def __init__(self, directory: Path, shared: dict[str, str]) -> None:
        self._directory = directory
        self._shared = shared
        self.store = Store(RENNES, directory / "worker")
        self.hosts: list[WebHost] = []

    def join(self, name: str) -> WebHost:
        """A host more, with an empty disk."""
        host = WebHost(self._directory / name, self._shared)
        self.hosts.append(host)
        return host


@contextmanager
def running_town(directory: Path, postgres: Postgres) -> Iterator[Town]:
    """A town whose forecasts are made up; its hosts end with it."""
    storage = ObjectStorage()
    storage.start()
    storage.wipe()
    try:
        with postgres.database() as database:
            shared = {"storage_url": storage.url, **KEY, "database_url": postgres.url(database)}
            town = Town(directory, shared)
            town.store.prepare()
            write_forecasts(town.store.data_dir)
            settings = load_settings(data_dir=town.store.data_dir, **shared)
            try:
                with publishing(
                    settings, WorkMetrics(metric_registry(), "worker"), Tenure(0, lambda: True)
                ):
                    yield town
            finally:
                for host in town.hosts:
                    host.kill()
    finally:
        storage.stop()
